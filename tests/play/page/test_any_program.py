"""`valine simulate --page`: the page beside the twins alone, in front of a program that is not Valine.

It answers with what Valine never sends: a modal, a section, a select of one, a link, and a thought without an end.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from play.page.house import House, a_house, a_page, reads, types
from twins.discord.stage import MODAL

pytestmark = pytest.mark.proof

COMMANDS = [
    {
        "name": "ask",
        "description": "Opens a form",
        "options": [
            {"type": 4, "name": "limit", "description": "How many", "required": True, "min_value": 1},
            {"type": 3, "name": "mood", "description": "Which", "choices": [{"name": "Good", "value": "good day"}]},
        ],
    },
    {"name": "show", "description": "Shows components"},
    {"name": "think", "description": "Never comes back"},
]
PARTS = {
    "flags": 1 << 15,
    "components": [
        {"type": 9, "components": [{"type": 10, "content": "# Left\n> quoted\n||secret|| ~~gone~~ \\*plain\\*"}],
         "accessory": {"type": 2, "style": 5, "label": "Outside", "url": "https://example.test/x"}},
        {"type": 14, "spacing": 2},
        {"type": 10, "content": "```py\nprint('**x**')\n```\n<https://example.test/y> <t:1795424403:D> <:tada:123>"},
        {"type": 1, "components": [{"type": 2, "style": 1, "label": "Off", "custom_id": "off", "disabled": True}]},
        {"type": 1, "components": [{"type": 3, "custom_id": "one", "placeholder": "One of these",
                                    "options": [{"label": "First", "value": "1", "description": "the best"},
                                                {"label": "Second", "value": "2"}]}]},
    ],
}  # fmt: skip


class Program(BaseHTTPRequestHandler):
    """Answers interactions at once, and remembers them."""

    heard: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        body = json.dumps(self.answer(asked) if self.path == "/discord" else {}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.heard.append(asked)
        match asked["type"], asked["data"].get("name"):
            case 2, "ask":
                return {"type": 9, "data": MODAL}
            case 2, "show":
                return {"type": 4, "data": PARTS}
            case 2, _:
                return {"type": 5, "data": {"flags": 64}}
            case 3, _:
                return {"type": 4, "data": {"content": f"You chose {asked['data'].get('values')}"}}
            case _:
                return {"type": 4, "data": {"content": "Thank you"}}

    def log_message(self, *_: Any) -> None:
        """Quietly."""


@contextmanager
def a_program() -> Iterator[str]:
    """The address where it listens."""
    Program.heard.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Program)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def register(house: House) -> None:
    """Register the commands, as a program does, with what `valine simulate` printed."""
    assert house.process.stdout
    told: dict[str, str] = {}
    while "VALINE_STORE" not in told:
        name, _, value = house.process.stdout.readline().strip().partition("=")
        told[name] = value
    where = f"applications/{told['DISCORD_APPLICATION_ID']}/guilds/{told['DISCORD_GUILD_ID']}/commands"
    headers = {"authorization": f"Bot {told['DISCORD_BOT_TOKEN']}", "user-agent": "DiscordBot (https://x.test, 1)"}
    answer = httpx2.put(
        f"{told['DISCORD_API_URL']}/{where}", json=COMMANDS, headers=headers, trust_env=False, timeout=30
    )
    assert answer.status_code == 200, answer.text


def test_another_programs_forms_and_components_are_shown_and_answered(browser: Any) -> None:
    with (
        a_program() as product,
        a_house("simulate", "--page", "--product", product) as house,
        a_page(browser, house) as page,
    ):
        page.locator(".hint", has_text="no command is registered yet").wait_for()
        register(house)
        page.locator(".hint", has_text="no command is registered yet").wait_for(state="detached")

        types(page, "/ask limit:3 mood:good day")
        page.get_by_role("dialog", name="Reject the plan").wait_for()
        page.get_by_label("Why?").fill("too big")
        page.get_by_role("group", name="How").get_by_label("Keep").check()
        page.get_by_role("button", name="Submit").click()
        reads(page, "Thank you")
        page.get_by_role("dialog").wait_for(state="detached")
        options = {one["name"]: one["value"] for one in Program.heard[0]["data"]["options"]}
        fields = [one["component"]["value"] for one in Program.heard[1]["data"]["components"]]
        assert (options, fields) == ({"limit": 3, "mood": "good day"}, ["too big", "keep"])

        types(page, "/ask limit:1")
        page.get_by_role("dialog", name="Reject the plan").wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
        assert house.scene("discord")["interactions"][-1]["modal"] is None

        types(page, "/show")
        shown = reads(page, "quoted")
        assert shown.locator("a", has_text="Outside").get_attribute("rel") == "noopener noreferrer"
        assert shown.locator("pre code").inner_text() == "print('**x**')"
        assert "*plain*" in shown.inner_text()
        assert shown.get_by_role("button", name="Off").is_disabled()
        shown.get_by_role("button", name="One of these").click()
        shown.get_by_role("button", name="First").click()
        reads(page, "You chose ['1']")

        types(page, "/think")
        reads(page, "valine is thinking…")
        page.locator("#composer").fill("/ask limit:many")
        page.keyboard.press("Enter")
        page.locator(".notice.bad", has_text="imit takes int").wait_for()
