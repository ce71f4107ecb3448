"""Every scan of others' text is linear: twice the text takes at most three times the processor, up to a megabyte.

Sizes are doubled from small ones, so that what is not linear is found out before it takes minutes.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import pytest

from builders import NOON
from valine.errors import Malformed
from valine.ingress.decoding import decode
from valine.ingress.github import comments
from valine.ingress.github.payloads import CommentPayload
from valine.logs import Redactor
from valine.orchestrator import naming, text
from valine.orchestrator.model import policy
from valine.services.discord import answers
from valine.services.github import errors
from valine.view import github as view_github

REDACTOR = Redactor(("hunter22", "first\nsecond"))
OFTEN, LARGEST = (8_000, 32_000), (16_000, 1_024_000)  # characters, from and to
COUNTS_FROM = 0.05  # seconds of the processor: below that it is the clock that is measured
ALLOWED, TRIES = 3.0, 5


def parse_policy(given: str) -> None:
    with contextlib.suppress(policy.PolicyProblem):
        policy.parse(given)


def decode_webhook(given: str) -> None:
    with contextlib.suppress(Malformed):
        decode(given.encode("utf-8", "replace"), CommentPayload)


def understand(given: str) -> None:
    answers.understand(400, {}, given.encode("utf-8", "replace"), write=False, now=NOON)


def comment(given: str) -> None:
    comments.comment_command(login="ana", body=given, comment_id=1, number=1, created_at=NOON, now=NOON)


# Scans of one text and nothing else. `mentioned` has a test of its own, tests/orchestrator/test_dependency_text.py.
SCANS: dict[str, Callable[[str], Any]] = {
    "plain": text.plain,
    "escape": text.escape.__wrapped__,
    "shorten": lambda given: text.shorten.__wrapped__(given, 200),
    "quiet": text.quiet,
    "github_line": text.github_line,
    "slug": naming.slug,
    "commit_message": lambda given: naming.commit_message(1, given, "uid"),
    "/valine in a comment": comment,
    "a reply for GitHub": view_github._github_markdown,
    "redacted for the log": REDACTOR.text,
    "redacted for an error": errors.redact,
    "words of a refusal": lambda given: errors.words(given.encode("utf-8", "replace")),
    "policy": parse_policy,
    "webhook": decode_webhook,
    "an answer of Discord's": understand,
}
SHAPES: dict[str, str] = {
    "letters": "c",
    "spaces": " ",
    "tabs": "\t",
    "line ends": "\n",
    "backticks": "`",
    "runs of backticks": "` `` ``` ",
    "comments that begin": "<!--",
    "comments": "<!-- x -->",
    "ampersands": "&",
    "entities": "&#64;",
    "at": "@a",
    "brackets": "[",
    "braces": '{"a":',
    "closed brackets": "[]()",
    "less": "<#",
    "times": "<t:1",
    "accents": "a\u0301\u0316",
    "only accents": "\u0301\u0316",
    "right to left": "\u05d0\u202e",
    "colons": ":a:",
    "pipes": "||",
    "backslashes": "\\",
    "quotes": '"',
    "closing words": "closes ",
    "closing words before dots": "fix" + "." * 200,
    "closing words before slashes": "fix ./",
    "commands": "/valine \t",
    "lines of commands": "/valine x\n",
    "fences": "```\n",
    "token words": "bearer ",
    "headers": "authorization: \\\\'\"",
    "beginnings of a JWT": "-eyJ",
    "beginnings of a JWT, long": "-eyJabcdefgh",
    "keys": "-----BEGIN ",
    "ends of keys": "-----BEGIN PRIVATE KEY----------END ",
    "GitHub's tokens": "ghp_.-",
    "webhook addresses": "/webhooks/1",
    "escaped slashes": "\\\\\\/webhooks",
    "percents": "%2525",
    "secrets by name": '"token" ',
    "Discord's tokens": "abcdefghijklmnopqrstuvwxy.",
    "dots": ".",
}


def cost(scan: Callable[[str], Any], given: str) -> float:
    began = time.process_time()
    scan(given)
    return time.process_time() - began


def check_linear(scan: Callable[[str], Any], shape: str, sizes: tuple[int, int]) -> None:
    def sample(size: int) -> str:
        return (shape * (size // len(shape) + 1))[:size]

    size, largest = sizes
    quarter = cost(scan, sample(size))
    while size < largest:
        size *= 4  # two doublings at a time: a busy machine cannot make much of a difference
        whole = cost(scan, sample(size))
        for _ in range(TRIES - 1):
            if whole < COUNTS_FROM or whole <= ALLOWED**2 * quarter:
                break
            quarter = max(min(quarter, cost(scan, sample(size // 4))), 1e-6)
            whole = min(whole, cost(scan, sample(size)))
        much = f"{size:,} characters: {whole:.3f} s after {quarter:.3f} s"
        assert whole < COUNTS_FROM or whole <= ALLOWED**2 * quarter, much
        quarter = whole


@pytest.mark.parametrize("name", SCANS)
def test_a_scan_of_32_kilobytes_is_linear(name: str) -> None:
    for shape in SHAPES.values():
        check_linear(SCANS[name], shape, OFTEN)


@pytest.mark.proof
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", SCANS)
def test_a_scan_of_a_megabyte_is_linear(name: str, shape: str) -> None:
    check_linear(SCANS[name], SHAPES[shape], LARGEST)
