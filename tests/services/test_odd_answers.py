"""Whatever GitHub and Discord answer, the clients give a value that can be stored, or raise one of three errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_plan, a_run, a_task
from fuzzing import odd_answer
from services.discord.place import Place, a_message, ensuring
from services.github.forge_world import ManualClock
from services.github.things import BRANCH, MARKER, STARTED, UID
from services.github.twin_world import TwinWorld
from valine.documents import decode, encode
from valine.errors import Ambiguous, OutsideError, Permanent, Transient
from valine.ingress.discord.manifest import manifest
from valine.orchestrator.model.effects import (
    EnsureAssignees,
    EnsureBranchDeleted,
    EnsureComment,
    EnsureIssueClosed,
    EnsureLabel,
    EnsurePullRequestClosed,
    EnsureRelease,
)
from valine.orchestrator.model.run import Posted
from valine.orchestrator.model.states import IssueNumber, Login, PullNumber, RunNumber, Sha
from valine.ports import ReplyTo
from valine.services.github import AppAuth
from valine.view.replies import RenderedReply

if TYPE_CHECKING:
    from valine.orchestrator.model.effects import ForgeEffect

Call = Callable[[], Awaitable[Any]]
REFUSALS = range(300, 500)
TIMED_OUT = 408
PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    .decode()
)


class OddBytes(httpx2.AsyncBaseTransport):
    """Passes requests on, and spoils some of the answers. `done` tells whether something may have been written."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self._data: st.DataObject | None = None
        self._first, self._last = 0, 0
        self._asked = 0
        self.done = False

    @classmethod
    def of(cls, client: httpx2.AsyncClient) -> OddBytes:
        """Put into the client's line."""
        odd_bytes = cls(client._transport)
        client._transport = odd_bytes
        return odd_bytes

    def spoil(self, data: st.DataObject) -> None:
        """Some answers from now on are odd."""
        self._data, self._asked, self.done = data, 0, False
        self._first = data.draw(st.integers(0, 5))
        self._last = self._first + data.draw(st.sampled_from([0, 0, 1, 9]))

    def heal(self) -> None:
        """No answer is odd any more."""
        self._data = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._inner.handle_async_request(request)
        await answer.aread()
        self._asked += 1
        if self._data is not None and self._first < self._asked <= self._last + 1:
            answer = self._data.draw(odd_answer(answer))
            lost = self._data.draw(st.sampled_from([False] * 9 + [True]))
            self._note(request, 0 if lost else answer.status_code)
            if lost:
                raise httpx2.ReadError("the line went dead", request=request)
            return answer
        self._note(request, answer.status_code)
        return answer

    def _note(self, request: httpx2.Request, said: int) -> None:
        """A write was not refused, as far as its sender can tell."""
        if request.method != "GET" and not request.url.path.endswith("/graphql"):
            self.done = said not in REFUSALS or said == TIMED_OUT


async def survives(call: Call, odd_bytes: OddBytes) -> None:
    """It brings a value that can be stored, or one of the three errors; never Transient if it may have happened."""
    try:
        result = await call()
    except Transient as error:
        assert not odd_bytes.done, repr(error)  # noqa: PT017 - that nothing is raised is as good
        result = error.failure
    except (Permanent, Ambiguous) as error:
        result = error.failure
    if isinstance(result, msgspec.Struct):
        assert decode(encode(result), type(result)) == result
    else:
        msgspec.json.encode(result)


# GitHub ----------------------------------------------------------------------------------------------------------


class OddForge:
    """A pull request of ours on GitHub's twin, and everything that may be asked about it."""

    def __init__(self) -> None:
        self.world = TwinWorld(lambda *_: None)

    async def calls(self) -> dict[str, Call]:
        """By name."""
        world, forge = self.world, self.world.forge
        opening: list[ForgeEffect] = [await world.branch_effect(), world.pull_effect()]
        number = await world.opened()
        world.act("comment", number=world.issue, body="/valine drop", by="ana")
        world.act("set_check", name="test", workflow="ci", number=number, conclusion="success")
        world.act("create_issue", title="Later", body="x", labels=["ready"], blocked_by=[world.issue], by="ana")
        base = (await world.look()).base
        run = a_run(plan=a_plan(base=base), tasks=(a_task(world.issue, pull_request=number, branch=BRANCH),))
        calls: dict[str, Call] = {
            "plan": lambda: forge.plan_world(None),
            "work": lambda: forge.work_world(run),
            "comments": lambda: forge.comments_since(NOON - timedelta(days=1)),
            "permission": lambda: forge.may_write("ana"),
        }
        world.act("push", branch="main", files={"main.md": "moved\n"}, by="ana")
        moved = (await world.look()).base
        effects: list[ForgeEffect] = [
            *opening,
            world.merge_effect(),
            world.update_effect(moved.sha, moved.tree),
            *self._others(number),
        ]
        return calls | {type(effect).__name__: _performing(forge, effect) for effect in effects}

    def _others(self, number: int) -> list[ForgeEffect]:
        issue, pull = IssueNumber(self.world.issue), PullNumber(number)
        main = Sha(self.world.view["branches"]["main"]["head"])
        head = Sha(self.world.pull["head_sha"])
        return [
            EnsureLabel(issue=issue, label="in-progress", present=True),
            EnsureAssignees(issue=issue, numbers=(number, issue), logins=(Login("ana"), Login("eve"))),
            EnsureComment(issue=issue, number=issue, name="n", marker=MARKER, about=STARTED),
            EnsureIssueClosed(issue=issue),
            EnsureBranchDeleted(issue=issue, branch=BRANCH, head=head),
            EnsurePullRequestClosed(issue=issue, uid=UID, branch=BRANCH, pull_request=pull),
            EnsureRelease(uid=UID, tag="valine-r1", commit=main, run=RunNumber(1), round=1, notes=()),
        ]


def _performing(forge: Any, effect: ForgeEffect) -> Call:
    return lambda: forge.perform(effect)


@given(st.data())
async def test_odd_answers_from_github_bring_a_value_or_a_named_error(data: st.DataObject) -> None:
    odd = OddForge()
    async with odd.world.client:
        calls = await odd.calls()
        name = data.draw(st.sampled_from(sorted(calls)))
        odd_bytes = OddBytes.of(odd.world.client)
        odd_bytes.spoil(data)

        await survives(calls[name], odd_bytes)


@given(st.data())
async def test_odd_answers_to_an_apps_credentials_are_named_errors(data: st.DataObject) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        granted = {"token": "ghs_x", "expires_at": "2026-11-02T13:00:00Z"}
        return httpx2.Response(200, json={"id": 1} if request.method == "GET" else granted, request=request)

    odd_bytes = OddBytes(httpx2.MockTransport(answer))
    odd_bytes.spoil(data)
    async with httpx2.AsyncClient(transport=odd_bytes) as client:
        auth = AppAuth(
            client, app_id="1", private_key=PEM, repository="team/app", api_url="https://g.test", clock=ManualClock()
        )
        for _ in range(2):
            try:
                assert isinstance(await auth.token(), str)
            except OutsideError as error:
                assert not isinstance(error, Ambiguous)  # noqa: PT017 - as above


# Discord ---------------------------------------------------------------------------------------------------------


@given(st.data())
async def test_odd_answers_from_discord_bring_a_value_or_a_named_error(data: st.DataObject) -> None:
    place = Place()
    async with place.client:
        chat, admin, channel = place.chat, place.admin, place.channel
        await admin.put_commands(manifest(in_guild=True), place.guild["guild"])
        first = await place.sends(**ensuring(place))
        posted = Posted(channel=channel, message=first, facts="", at=NOON)
        asked = place.asks()
        place.defers(asked)
        token = msgspec.json.decode(asked.body)["token"]
        reply_to = ReplyTo(at=place.clock.now(), token=token)
        calls: dict[str, Call] = {
            "create": lambda: chat.ensure_message(**ensuring(place, "Other", nonce="other")),
            "find": lambda: chat.ensure_message(**ensuring(place, since=NOON - timedelta(minutes=9))),
            "edit": lambda: chat.ensure_message(**ensuring(place, message=a_message("New"), posted=posted)),
            "remove": lambda: chat.remove_message(channel=channel, message=first),
            "thread": lambda: chat.ensure_thread(channel=channel, message=first, title="Run r1"),
            "reply": lambda: chat.reply(reply_to, RenderedReply(text="Yes.")),
            "application": admin.application,
            "get commands": lambda: admin.get_commands(place.guild["guild"]),
            "put commands": lambda: admin.put_commands([], None),
        }
        name = data.draw(st.sampled_from(sorted(calls)))
        odd_bytes = OddBytes.of(place.client)
        odd_bytes.spoil(data)

        await survives(calls[name], odd_bytes)
