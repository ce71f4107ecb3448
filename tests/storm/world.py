"""The whole in one place: two twins, a store and a queue, processes of Valine between them, and what befalls them."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from storm.checker import Checker
from storm.loop import Loop
from storm.outages import Outages
from storm.process import Parts, Process
from storm.profiles import DELIVERY
from storm.stage import REPOSITORY
from valine.orchestrator.facts.display import is_settled
from valine_twins.transport import ActError, Delivery, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from storm.choices import Choices
    from storm.profiles import Profile, Team, Weights
    from storm.stage import Stage
    from valine.orchestrator.model.run import Run
    from valine_twins.github.state import Pull, Repository

LAG = 8.0  # seconds by which GraphQL is behind at most
_NAMED = re.compile(
    r"(/repos/acme/rocket|/api/v10)|"
    r"\d{4}-\d\d-\d\dT[\d:.+]+|[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{40}\b|\d{17,}|\b[A-Za-z0-9_-]{100,}=*"
)


class World:
    """One seed's world. `told` takes the lines of the story, if somebody wants to read it."""

    def __init__(
        self,
        stage: Stage,
        choices: Choices,
        profile: Profile,
        team: Team,
        *,
        told: Callable[[str], None] | None = None,
        parts: type[Parts] = Parts,
    ) -> None:
        self.stage = stage
        self.choices = choices
        self.profile = profile
        self.team = team
        self.parts = parts
        self.repository = REPOSITORY
        self.settings = stage.settings
        self.github, self.discord, self.store, self.queue = stage.github, stage.discord, stage.store, stage.queue
        self.loop = Loop(stage.start)
        self.faults: Counter[str] = Counter()
        self.ticks = 0  # of the clock that had something to wake
        self._sweeps = 0
        self._told = told
        self._counts: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        self._lagged_at = -1.0
        self._wake_up_at: float | None = None
        self._wake_up_after = 1.0
        self._wake_at: float | None = None
        self.checker = Checker(self)
        self.outages = Outages(self)
        count = choices.setting("processes", lambda bits: bits.among(profile.processes))
        self.tick = choices.setting("tick", lambda bits: bits.among((1.0, 10.0, 60.0)))
        self.alone = count == 1
        self.processes = [Process(self, f"valine{number}") for number in range(1, count + 1)]
        stage.rng.seed(choices.setting("dice", lambda bits: bits.below(1 << 30)))

    # Beginning and end ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start the processes, and plan the outages."""
        for process in self.processes:
            process.start()
        self.alarm()
        self.enqueue_due()
        self.outages.plan()

    def end(self) -> None:
        """Stop the processes for good."""
        for process in self.processes:
            process.stop()

    def calm_down(self) -> None:
        """No more faults: everything works from now on."""
        self.choices.calm = True
        self.outages.calm_down()
        self.on_github("clear_faults")
        self.on_discord("clear_faults")
        self.tell(None, "calm")
        self._wake_up_after = self.tick
        self.alarm()
        self.enqueue_due()

    # What people do -----------------------------------------------------------------------------------------------

    def on_github(self, action: str, **arguments: Any) -> Any:
        """Somebody does something on GitHub; None if it cannot be done."""
        return self._act("github", action, arguments)

    def on_discord(self, action: str, **arguments: Any) -> Any:
        """Somebody does something on Discord; None if it cannot be done."""
        return self._act("discord", action, arguments)

    def _act(self, service: str, action: str, arguments: dict[str, Any]) -> Any:
        twin = self.github if service == "github" else self.discord
        self.checker.consent.note_heads()
        try:
            acted = twin.act(action, arguments, self.loop.now())
        except ActError as error:
            self.tell(None, f"{service}: {action} {_words(arguments)}: impossible, {str(error)[:80]}")
            return None
        self.tell(None, f"{service}: {action} {_words(arguments)}")
        self.post(service, acted.deliveries)
        return acted.value if acted.value is not None else True

    # Looking, without anybody noticing --------------------------------------------------------------------------

    @property
    def code(self) -> Repository:
        """The repository in GitHub's twin."""
        return self.github._state.repositories[REPOSITORY]

    def pull(self, number: int | None) -> Pull | None:
        """A pull request in GitHub's twin."""
        found: Any = self.code.issues.get(number or 0)
        return found if hasattr(found, "head_sha") else None

    def runs(self) -> list[Run]:
        """All runs as they are stored, oldest first."""
        return [kept.read() for _, kept in sorted(self.store.runs.items())]

    def busy(self) -> bool:
        """Whether some run still has something to do; what a channel that is gone should show waits for a day."""
        kinds = ("message:",) if self.checker.channel_gone else ()
        return any(
            not key.startswith(kinds) and not _only_reworded(run, key) for run in self.runs() for key in run.pending
        )

    # Decisions ------------------------------------------------------------------------------------------------------

    def fault(self, what: str, kind: str, process: Process) -> str | None:
        """Which fault strikes there, if any."""
        del process
        chance: float = getattr(self.profile, kind)
        if not chance or self.choices.calm:
            return None
        weights: Weights = getattr(self.profile, f"{kind}s")
        self._counts[what] += 1
        found = self.choices.unusual(f"{what} #{self._counts[what]}", chance, lambda bits: bits.weighed(weights))
        if found is not None:
            self.faults[f"{kind}: {found}"] += 1
        return found

    def long_pause(self, what: str) -> float:
        """How long a process is frozen: longer than its lease."""
        return self.choices.setting(f"frozen {what}", lambda bits: bits.between(121, 400))

    def short_pause(self, what: str) -> float:
        """How long something slow takes."""
        return self.choices.setting(f"slow {what}", lambda bits: bits.between(1, 9))

    @property
    def lagging(self) -> bool:
        """Whether GraphQL may show what was so a moment ago."""
        return self.profile.lag and not self.choices.calm

    def throw_lag(self) -> None:
        """Let the next GraphQL answer be old, perhaps."""
        self._counts["lag"] += 1
        seconds = self.choices.unusual(f"lag #{self._counts['lag']}", 0.5, lambda bits: f"{bits.between(1, LAG):.1f}")
        if seconds is not None:
            self.faults["lag"] += 1
            self.github.act("throw_fault", {"kind": "read_lag", "seconds": float(seconds)}, self.loop.now())

    # Deliveries -----------------------------------------------------------------------------------------------------

    def post(self, service: str, deliveries: Iterable[Delivery]) -> None:
        """Deliveries leave a platform."""
        for delivery in deliveries:
            self._post(service, delivery)

    def _post(self, service: str, delivery: Delivery) -> None:
        wait = max((delivery.at - self.loop.now()).total_seconds(), 0.0) + 0.03
        if self.choices.calm or service == "discord":
            self.loop.after(wait, self._arrive, service, delivery)
            return
        what = f"webhook {delivery.headers.get('X-GitHub-Event', '')}"
        self._counts[what] += 1
        if self.profile.deaf:
            self.faults["delivery: dropped"] += 1
            return
        address = f"{what} #{self._counts[what]}"
        fault = self.choices.unusual(address, self.profile.delivery, lambda bits: bits.weighed(DELIVERY))
        if fault is not None:
            self.faults[f"delivery: {fault}"] += 1
            self.tell(None, f"{address} is {fault}")
        if fault == "dropped":
            return
        if fault == "late":
            wait += self.choices.setting(f"late {address}", lambda bits: bits.between(0.5, 90))
        if fault == "hours late":
            wait += self.choices.setting(f"late {address}", lambda bits: bits.between(600, 10800))
        if fault == "forged":
            forged = {**delivery.headers, "X-Hub-Signature-256": "sha256=" + "0" * 64}
            self.loop.after(wait, self._arrive, service, msgspec.structs.replace(delivery, headers=forged))
        if fault == "doubled":
            again = self.choices.setting(f"again {address}", lambda bits: bits.between(0.0, 30))
            self.loop.after(wait + again, self._arrive, service, delivery)
        self.loop.after(wait, self._arrive, service, delivery)

    def _arrive(self, service: str, delivery: Delivery) -> None:
        alive = [process for process in self.processes if process.alive]
        if not alive:
            self.heard(service, delivery, None)
            return
        self._counts["endpoint"] += 1
        alive[self._counts["endpoint"] % len(alive)].hear(service, delivery)

    def heard(self, service: str, delivery: Delivery, response: Response | None) -> None:
        """A platform hears what the product answers to a delivery."""
        twin = self.github if service == "github" else self.discord
        self.checker.answered(service, delivery, response)
        self.post(service, twin.delivered(delivery, response, self.loop.now()))

    # The queue's bell and the alarm clocks ----------------------------------------------------------------------

    def enqueue_due(self) -> None:
        """Wake somebody if there is something to take, or see to it that somebody is woken when there is."""
        now = self.loop.now()
        if self.queue.next_one(now) is not None:
            idle = [process for process in self.processes if process.idle and process.alive]
            if idle:
                idle[self._counts["endpoint"] % len(idle)].enqueue_due()
            return
        at = self.queue.next_at(now)
        if at is None:
            return
        due = (at - self.loop.start).total_seconds()
        if self._wake_at is None or due < self._wake_at or self._wake_at <= self.loop.time:
            self._wake_at = due
            self.loop.after(due - self.loop.time, self._rung)

    def _rung(self) -> None:
        self._wake_at = None
        self.enqueue_due()

    def alarm(self, *, soon: bool = False) -> None:
        """See to it that a tick of the clock finds the next run that is due; `soon` after something changed."""
        self._wake_up_after = 0.1 if soon else self._wake_up_after
        wake = self.store.next_wake()
        if wake is None:
            return
        due = max((wake - self.loop.start).total_seconds(), self.loop.time + self._wake_up_after)
        due = -(-due // self.tick) * self.tick
        if self._wake_up_at is None or due < self._wake_up_at or self._wake_up_at < self.loop.time:
            self._wake_up_at = due
            self.loop.after(due - self.loop.time, self._ticked, due)

    def _ticked(self, due: float) -> None:
        if self._wake_up_at != due:
            return
        self._wake_up_at = None
        wake = self.store.next_wake()
        if wake is not None and wake <= self.loop.now():
            self.ticks += not self.queue.handed_back(self.loop.now())
            self._sweeps += 1
            alive = [process for process in self.processes if process.alive]
            if alive:
                alive[self._sweeps % len(alive)].sweep()
            self._wake_up_after = min(self._wake_up_after * 2, 60.0)
        else:
            self._wake_up_after = 1.0
        self.alarm()

    # Telling ----------------------------------------------------------------------------------------------------

    def plain(self, text: str) -> str:
        """The text with ids that depend on all that went before replaced by names in the order of their coming."""
        return _NAMED.sub(self._name, text)

    def _name(self, found: re.Match[str]) -> str:
        if found[1]:
            return ""
        known = self._names.get(found[0])
        if known is None:
            known = self._names[found[0]] = f"~{len(self._names) + 1}"
        return known

    def tell(self, process: Process | None, text: str) -> None:
        """A line of the story."""
        if self._told is not None:
            who = process.name if process is not None else ""
            self._told(f"{self.loop.now():%H:%M:%S.%f}"[:-3] + f"  {who:8} {text}")


def _only_reworded(run: Run, key: str) -> bool:
    """Whether that is a document that is on show, and is written again only for its words: nobody is woken for that."""
    kind, _, document = key.partition(":")
    return kind == "message" and is_settled(run, document)


def _words(arguments: dict[str, Any]) -> str:
    return " ".join(f"{name}={str(value)[:60]}" for name, value in arguments.items())
