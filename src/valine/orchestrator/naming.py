"""Names are derived, never invented: the same command, run or task gives the same ones, so a repeat finds them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from base64 import b32encode
from typing import TYPE_CHECKING

from valine.orchestrator.model.states import RunUid
from valine.orchestrator.text import quiet

if TYPE_CHECKING:
    from valine.orchestrator.facts.documents import RunRef
    from valine.orchestrator.model.run import Run

SLUG_LENGTH = 40
LONGEST_SUBJECT = 200
LONGEST_TITLE = 1024


def short_hash(*parts: object, length: int = 12) -> str:
    """Lower-case letters and digits, `length` of them (at most 52), that stand for these parts."""
    joined = "\x1f".join(map(str, parts))
    enough = -(-length // 8) * 5  # bytes: every 5 of them make 8 characters
    return b32encode(hashlib.sha256(joined.encode()).digest()[:enough]).decode().lower()[:length]


def run_uid(repository: str, command_id: str) -> RunUid:
    """The uid of the run that this command makes, however often it is delivered."""
    return RunUid(short_hash("run", repository, command_id))


def slug(title: str) -> str:
    """The title in up to 40 characters that every file system and shell takes; `task` where nothing is left."""
    # Cut first: to sort long runs of accents takes the square of their length. GitHub's titles have 256 characters.
    plain = unicodedata.normalize("NFKD", title[:LONGEST_TITLE]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_LENGTH].strip("-") or "task"


def branch(run_name: str, issue: int, title: str) -> str:
    """The branch of a task: valine/r12/41-fix-login."""
    return f"valine/{run_name}/{issue}-{slug(title)}"


def marker(run: Run | RunRef, name: str) -> str:
    """What the message `name` of the run carries, in sight of people: r12 · card · <uid>."""
    return f"{run.name} · {name} · {run.uid}"


def page_name(document: str, page: int) -> str:
    """What the page's message is stored under: card, card.2, card.3 …"""
    return document if page == 1 else f"{document}.{page}"


def nonce(run: Run, name: str, generation: int) -> str:
    """Discord's nonce for that message, 25 characters at most."""
    return short_hash("nonce", run.uid, name, generation, length=24)


def github_marker(uid: str, name: str = "run") -> str:
    """What our pull requests, comments and releases bear, unseen by people."""
    return f"<!-- valine:{name}:{uid} -->"


def commit_message(issue: int, title: str, uid: str) -> str:
    """The message of a task's first commit, the run's uid as its trailer."""
    subject = f"Start #{issue}: {quiet(' '.join(title.split()))}"  # a title must close or mention nothing
    return f"{subject[:72].rstrip()}\n\nValine-Run: {uid}\n"


def merge_title(issue: int, title: str, pull: int | None) -> str:
    """The subject of the merge or squash commit, as GitHub itself would write it."""
    subject = quiet(" ".join(title.split()))[:LONGEST_SUBJECT] or f"Issue {issue}"
    return f"{subject} (#{pull})" if pull is not None else subject


def merge_message(issue: int, uid: str) -> str:
    """The message of that commit: it closes the issue, the run's uid is its trailer."""
    return f"Closes #{issue}\n\nValine-Run: {uid}"


def release_tag(run: Run, shipping_round: int) -> str:
    """The tag of the release that a round of shipping makes."""
    return f"valine-{run.name}" if shipping_round == 1 else f"valine-{run.name}.{shipping_round}"
