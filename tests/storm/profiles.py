"""What kinds of weather there are: how often things fail, in which ways, and how much of a day is played."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from storm.choices import Bits

Weights = dict[str, int]

# Of a request to a platform. What a kind cannot do to a request (drop a read) leaves it as it is.
REQUEST: Weights = {
    "crash before": 4,
    "crash after": 5,
    "unreachable": 2,
    "time-out before": 2,
    "lost answer": 6,
    "5xx before": 3,
    "5xx after": 5,
    "limit": 1,
    "secondary limit": 2,
    "limit without headers": 2,
    "nonsense": 2,
    "dropped write": 3,
    "slow": 3,
    "frozen": 1,
}
# Of a commit to the store.
COMMIT: Weights = {
    "crash before": 4,
    "crash after": 4,
    "conflict": 3,
    "store out before": 2,
    "answer lost after commit": 4,
    "slow": 3,
    "frozen": 1,
}
# Of putting, taking and giving back on the queue.
QUEUE: Weights = {
    "crash before": 2,
    "crash after": 3,
    "queue out before": 2,
    "answer lost after": 3,
    "slow": 2,
}
# Of a delivery to the endpoints.
DELIVERY: Weights = {"dropped": 6, "doubled": 4, "late": 4, "hours late": 1, "forged": 1}
# What people do that nobody asked them to.
ACTIONS: Weights = {
    "push": 3,
    "force-push": 2,
    "close": 3,
    "reopen": 1,
    "merge by hand": 3,
    "retarget": 2,
    "delete branch": 2,
    "close issue": 2,
    "edit issue": 2,
    "unlabel": 2,
    "request changes": 2,
    "fail check": 2,
    "re-run check": 2,
    "draft again": 2,
    "base moves": 2,
    "comment retry": 2,
    "comment drop": 2,
    "comment cancel": 2,
    "comment cancel close": 2,
    "stranger comments": 2,
    "approve twice": 3,
    "approve without permission": 2,
    "reject": 1,
    "drop on card": 2,
    "ship": 2,
    "ship without permission": 2,
    "confirm": 2,
    "cancel and keep": 2,
    "cancel and close": 3,
    "retry": 2,
    "plan again": 2,
    "click again": 3,
    "delete card": 1,
    "delete board": 2,
    "delete line": 2,
    "archive thread": 2,
    "delete thread": 1,
    "delete channel": 1,
}
PUSHING: Weights = {"push": 4, "force-push": 3, "base moves": 1, "ship": 1, "confirm": 1}
# What lasts for a while.
OUTAGE: Weights = {
    "github down": 2,
    "discord down": 2,
    "store down": 2,
    "queue down": 2,
    "token refused": 2,
    "bot shut out": 2,
    "clock jump": 3,
    "limits without headers": 1,
}
# The same of what Discord lets the bot do.
KEPT_OUT: Weights = {"bot token refused": 1, "channel closed": 1}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One kind of weather. The numbers are chances for each request, commit, queue operation and delivery."""

    request: float = 0.0
    commit: float = 0.0
    queue: float = 0.0
    delivery: float = 0.0
    requests: Weights = field(default_factory=lambda: REQUEST)
    commits: Weights = field(default_factory=lambda: COMMIT)
    queues: Weights = field(default_factory=lambda: QUEUE)
    outages: int = 0  # at most
    nemesis: int = 0  # actions of people that nobody asked for, at most
    acts: Weights = field(default_factory=lambda: ACTIONS)
    processes: tuple[int, ...] = (1, 2, 2, 3)
    deaf: bool = False  # no webhook of GitHub arrives at all
    lag: bool = False  # GraphQL shows what was so some seconds ago
    busy: float = 0.0  # the chance that GitHub's limit for an hour is nearly used up when it begins
    releases: bool = False  # one that rewords everything and halves the page size
    past: bool = False  # older documents, restored backups, and others who made the same names
    play: Literal["open", "ship", "day"] = "day"  # up to open pull requests; from ready ones to the end; all of it


FREEZING: Weights = {"frozen": 6, "slow": 2, "lost answer": 1, "5xx after": 1}
STALLING: Weights = {"frozen": 6, "slow": 2, "conflict": 1}
CRASHING: Weights = {"crash before": 1, "crash after": 1}

PROFILES: dict[str, Profile] = {
    "open": Profile(request=0.06, commit=0.03, queue=0.02, delivery=0.08, nemesis=1, play="open"),
    "ship": Profile(request=0.06, commit=0.03, queue=0.02, delivery=0.08, nemesis=2, outages=1, play="ship"),
    "day": Profile(request=0.03, commit=0.02, queue=0.01, delivery=0.1, nemesis=3, outages=1),
    "crash": Profile(
        request=0.12, commit=0.08, queue=0.05, requests=CRASHING, commits=CRASHING, busy=0.15, play="ship"
    ),
    "crash-open": Profile(
        request=0.12, commit=0.08, queue=0.05, requests=CRASHING, commits=CRASHING, busy=0.15, play="open"
    ),
    "frozen": Profile(request=0.1, commit=0.03, requests=FREEZING, commits=STALLING, processes=(2, 3), play="ship"),
    "frozen-open": Profile(
        request=0.1, commit=0.03, requests=FREEZING, commits=STALLING, processes=(2, 3), play="open"
    ),
    "frozen-hands": Profile(
        request=0.06, commit=0.03, requests=FREEZING, commits=STALLING, processes=(2, 3), nemesis=4, delivery=0.05
    ),
    "everything": Profile(
        request=0.05, commit=0.03, queue=0.02, delivery=0.08, outages=2, nemesis=4, past=True, lag=True, busy=0.1
    ),
    "deaf": Profile(request=0.02, commit=0.01, deaf=True, nemesis=2, play="ship"),
    "outages": Profile(request=0.02, delivery=0.05, outages=3, nemesis=1, play="ship"),
    "spells-open": Profile(request=0.02, delivery=0.05, outages=3, nemesis=1, play="open"),
    "hands": Profile(request=0.01, delivery=0.05, nemesis=8, play="ship"),
    "hands-day": Profile(request=0.01, delivery=0.05, nemesis=8),
    "pushy": Profile(request=0.01, nemesis=12, acts=PUSHING, play="ship"),
    "lag": Profile(request=0.03, delivery=0.1, lag=True, nemesis=2, play="ship"),
    "past": Profile(request=0.03, commit=0.02, past=True, outages=1, nemesis=1),
    "release": Profile(request=0.03, commit=0.02, queue=0.01, nemesis=3, processes=(1,), releases=True),
    "release-beside": Profile(request=0.03, commit=0.02, queue=0.01, nemesis=3, processes=(2, 3), releases=True),
}
OFTEN: Weights = {
    "open": 4,
    "ship": 4,
    "day": 2,
    "crash": 2,
    "crash-open": 3,
    "frozen": 2,
    "frozen-open": 2,
    "frozen-hands": 2,
    "deaf": 1,
    "outages": 1,
    "spells-open": 2,
    "hands": 2,
    "hands-day": 1,
    "pushy": 1,
    "lag": 2,
    "past": 1,
    "release": 1,
    "release-beside": 2,
}


@dataclass(frozen=True, kw_only=True)
class Team:
    """What the repository and its issues are like."""

    issues: int = 1
    chained: bool = False  # each depends on the one before it
    clashing: bool = False  # all change the same file
    policy: str = ""
    required_checks: tuple[str, ...] = ()
    strict: bool = False
    required_reviews: int = 0
    drafts: bool = True
    options: tuple[tuple[str, float], ...] = ()  # of GitHub's twin


RELEASING = '[tasks]\nassignees = ["ana", "ben"]\n\n[ship]\nrelease = true\n'
MERGING = '[ship]\nmethod = "merge"\nchecks = "none"\n'
REBASING = '[ship]\nmethod = "rebase"\n'
TEAMS: tuple[Team, ...] = (
    Team(),
    Team(policy=RELEASING),
    Team(issues=2, chained=True),
    Team(issues=2, clashing=True, policy=MERGING),
    Team(issues=2, strict=True, required_checks=("test",), policy=RELEASING),
    Team(issues=2, drafts=False, required_reviews=1, policy=REBASING),
    Team(issues=3, chained=True, options=(("mergeable_unknown_looks", 2), ("close_on_merge", 3.0))),
    Team(issues=1, options=(("no_commits_seconds", 1.0), ("mergeable_unknown_looks", 1))),
)
TEAM_WEIGHTS: Weights = {"0": 6, "1": 4, "2": 4, "3": 2, "4": 3, "5": 1, "6": 1, "7": 3}


def team_of(bits: Bits) -> int:
    """Which of TEAMS plays."""
    return int(bits.weighed(TEAM_WEIGHTS))
