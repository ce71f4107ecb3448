"""A start after a time without a server, and effects that break Valine itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acceptance.stories import a_team
from valine.orchestrator.model.effects import EnsureLabel

if TYPE_CHECKING:
    from valine.orchestrator.model.effects import ForgeEffect
    from valine.orchestrator.model.events import Result
    from valine.orchestrator.model.observations import PlanWorld
    from valine.ports import ReplyTo
    from valine.services.github import GitHubForge
    from valine.view.replies import RenderedReply


async def test_a_command_that_breaks_valine_is_dead_lettered_and_its_author_told() -> None:
    async with a_team(1) as team:
        engine = team.world.system.engine
        engine._command_handler._forge = UnreadableForge()  # type: ignore[assignment]

        reply = await team.says("/plan", by="Ana")
        await team.wait(minutes=1)

        assert "went wrong" in team.reply("Ana"), reply
        assert len(await team.world.system.queue.dead_letters()) == 1


async def test_a_command_whose_very_answer_breaks_valine_stops_no_other() -> None:
    async with a_team(1) as team:
        command_handler = team.world.system.engine._command_handler
        chat, command_handler._chat = command_handler._chat, MuteChat()  # type: ignore[assignment]
        await team.says("/plan", by="Ana")
        await team.wait(minutes=1)
        command_handler._chat = chat

        reply = await team.says("/plan", by="Ben")

        assert "already proposed" in reply
        assert len(await team.world.system.queue.dead_letters()) == 1


class MuteChat:
    """Breaks Valine when it answers."""

    async def reply(self, reply_to: ReplyTo, reply: RenderedReply) -> None:
        message = f"a programming mistake about {reply.text} to {reply_to.at}"
        raise KeyError(message)


class UnreadableForge:
    """Breaks Valine when it looks for issues."""

    async def plan_world(self, label: str | None) -> PlanWorld:
        message = f"a programming mistake about {label}"
        raise KeyError(message)


class BreakingForge:
    """Passes everything on, but is broken for one kind of effect on one issue."""

    def __init__(self, forge: GitHubForge) -> None:
        self._forge = forge
        self.broken = True

    async def perform(self, effect: ForgeEffect) -> Result:
        if self.broken and isinstance(effect, EnsureLabel) and effect.issue == 1:
            message = "a programming mistake"
            raise AttributeError(message)
        return await self._forge.perform(effect)

    def __getattr__(self, name: str) -> object:
        return getattr(self._forge, name)


async def test_an_effect_that_breaks_valine_is_tried_more_rarely_and_stops_no_other() -> None:
    async with a_team(3) as team:
        engine = team.world.system.engine
        forge = BreakingForge(engine._forge)  # type: ignore[arg-type]  # the real one, in a world
        engine._forge = forge  # type: ignore[assignment]
        await team.says("/plan", by="Ana")
        await team.clicks("Approve", by="Ana")

        assert [bool(task.pull_request) for task in (await team.run()).tasks] == [True, True, True]
        assert (await team.run()).pending["label:1"].attempts > 1

        forge.broken = False
        await team.wait(minutes=10)

        assert (await team.run()).stage == "tracking"
        assert await team.world.system.queue.dead_letters() == ()
