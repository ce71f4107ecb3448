"""`valine demo --serve` as a process of its own, and Debian's Chromium in front of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

SOURCE = Path(__file__).resolve().parents[3] / "src"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 30_000  # milliseconds: what is waited for is what somebody reads, not how fast this machine is


class House:
    """The running page: its address, and what its process said."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        self.process = process
        self.address = address

    def act(self, platform: str, action: str, **arguments: Any) -> Any:
        """Something done from elsewhere than the browser."""
        sent = {"platform": platform, "action": action, "arguments": arguments}
        answer = httpx2.post(
            f"{self.address}/act", json=sent, headers={"Origin": self.address}, trust_env=False, timeout=30
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def scene(self, platform: str) -> dict[str, Any]:
        """What the page is shown of a platform now."""
        with httpx2.stream("GET", f"{self.address}/events", trust_env=False, timeout=30) as stream:
            lines = stream.iter_lines()
            for line in lines:
                if line == f"event: {platform}":
                    found: dict[str, Any] = json.loads(next(lines).removeprefix("data: "))
                    return found
        raise AssertionError(f"the stream ended without {platform}")

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Send the signal; the exit code, and what was said on standard error."""
        self.process.send_signal(how)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def a_house(*command: str) -> Iterator[House]:
    """What that command serves (the demo, if none is named), until the end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("VALINE_", "GITHUB_", "DISCORD_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "valine", *(command or ("demo", "--serve")), "--port", "0"],
        env=environment | {"PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        said = process.stdout.readline()
        found = re.search(r"http://\S+:\d+", said)
        assert found, said
        yield House(process, found[0])
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser; the test is skipped where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium here: apt-get install chromium brings it")
    api = pytest.importorskip("playwright.sync_api", reason="playwright comes with ./dev prove")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def a_page(browser: Any, house: House, *, expected: str = "status of 400", **options: Any) -> Iterator[Any]:
    """A tab on the page. Whatever the page complains of, or asks of another host, fails the test.

    `expected` is a complaint that is none: a refused act is an answer, which the page says in words.
    """
    context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"} | options))
    page = context.new_page()
    page.set_default_timeout(TIMEOUT)
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(house.address) else None)
    # Not "load" alone: the stream of events never ends.
    page.goto(house.address, wait_until="commit")
    page.locator("#composer:enabled").wait_for()
    try:
        yield page
        assert [text for text in complaints if expected not in text] == []
    finally:
        context.close()


# What a person does ---------------------------------------------------------------------------------------------------


def be(page: Any, name: str) -> None:
    """Become somebody."""
    page.locator("#who").click()
    page.locator(".who-one", has_text=name).click()
    page.locator(".who-top strong", has_text=name).wait_for()


def types(page: Any, text: str) -> None:
    """Type a message or command, and send it."""
    from playwright.sync_api import expect

    page.locator("#composer").click()
    page.locator("#composer").press_sequentially(text)
    page.keyboard.press("Enter")
    expect(page.locator("#composer")).to_have_value("", timeout=TIMEOUT)


def reads(page: Any, text: str) -> Any:
    """Wait until that stands in the talk; the message."""
    found = page.locator(".message", has_text=text).last
    found.wait_for()
    return found


def planned(page: Any, command: str = "/plan") -> None:
    """Ask for a plan, and wait until its card and thread stand still: what moves is easily clicked beside."""
    types(page, command)
    reads(page, "Plan r1: 7 issues into main").locator(".thread-last").wait_for()


def tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def unfold(page: Any, number: int) -> Any:
    """Open an issue's or pull request's row; the row."""
    row = page.locator(f"#item-{number}")
    if row.locator(".item-top").get_attribute("aria-expanded") != "true":
        row.locator(".item-top").click()
    return row
