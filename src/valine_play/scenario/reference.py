"""docs/scenarios.md, made from the table of phrases: what is not in there cannot be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from valine_play.scenario.faults import KINDS, TARGETS
from valine_play.scenario.phrases import PHRASES
from valine_play.scenario.words import SLOTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from valine_play.scenario.phrase import Part

OPENING = """\
# Scenarios: your own cases, played on the twins

<!-- Made by `./dev docs` from src/valine_play/scenario; a test holds it against that, and plays every example. -->

A scenario says, line by line, who does what and what must then be so. `valine scenario run FILE…` plays it with the
whole of Valine between offline twins of GitHub and Discord, and prints what everybody said, saw and did.

```scenario
Scenario: what conflicts is held until somebody settles it
given 2 issues
given policy
    [ship]
    method = "squash"

Ana: /plan
Ana clicks Approve
ana finishes #1 with notes.md "one\\n"
ben finishes #2 with notes.md "two\\n"

GitHub: 502 after the next merge
Ana ships
expect #1 is merged
expect #2 is held because conflict

ben merges main into #2 with notes.md "both\\n"
check test of #2: success
Ana ships
expect r1 is completed
expect merges in order #1, #2
```

It ends with how many passed and failed. The exit code is 0 if all is as expected, 1 if something is not, 2 if a file
cannot be played (nothing is played then, and each mistake is told with its line). `--quiet` prints only what is not as
expected, `--json` the results for programs, `--policy FILE` plays under that policy whatever the files say.
[examples/scenarios](../examples/scenarios) has one for each command and for some failures;
[tests/acceptance/scenarios](../tests/acceptance/scenarios) are Valine's own.

## How a file is read

A line is a step. Empty lines, and lines that begin with `#`, are passed over. `Scenario: name` begins another scenario;
each is played in a world of its own, in which nothing happened before, at nine in the morning. First comes what is
given; then people act, and after each act Valine and the platforms do all that comes of it, until they are at rest.

People have a capital on Discord (`Ana`) and none on GitHub (`ana`). An issue's number stands for its pull request too,
where only that can be meant. What may be left out is in brackets below; `[s]` is for more than one.

`for each WORD`, right below a scenario's name, plays it once for each line indented below, with the word replaced:

```scenario
Scenario: a merge is not repeated, however its answer goes wrong
for each TROUBLE
    502 after
    no answer to
given 1 issue
Ana plans and approves
ana finishes #1
GitHub: TROUBLE the next merge
Ana ships
expect #1 is merged
expect 1 merge request
```

`at once` and `just before …` have steps indented below them, which happen in one moment:

```scenario
Scenario: two people approve, and somebody pushes as it is merged
given 1 issue
Ana: /plan
at once
    Ana clicks Approve
    Ben clicks Approve
expect Ben is told first "Ana already approved r1"
ana finishes #1
just before the next merge
    dora pushes to #1: late.md "unseen\\n"
Ana ships
expect the pull request of #1 is open
expect the thread says "#1 is held: it was pushed to after"
```

After an expectation that is not met only those right below it are still looked at, and the scenario ends. At its end
nobody may have a complaint: a request that Discord would refuse fails it too.
"""
TITLES: dict[Part, str] = {
    "given": "What can be given",
    "discord": "What people do on Discord",
    "github": "What people, owners and CI do on GitHub",
    "valine": "Time, trouble and Valine itself",
    "expect": "What can be expected",
}
FAULTS = """
## What can go wrong

`SERVICE: FAULT WHICH TARGET`, such as `Discord: rate limit of 20 seconds for the next 2 messages`. Which: `the next`,
`the next 3`, `every`.

"""
TARGETS_TOLD = """
Targets, here and in `just before …`, `Valine dies before …` and `expect Valine asks …`. Instead of a name there may be
a method and a path, as a shell pattern, such as `GET */pulls/*`; `issue_comment webhooks` are those of that event only.

"""
VALUES = """
## What stands for what

"""


def as_markdown() -> str:
    """The whole page."""
    parts = [OPENING]
    for part, title in TITLES.items():
        rows = ((f"`{phrase.shown}`", phrase.means) for phrase in PHRASES if phrase.part == part)
        parts.append(f"\n## {title}\n\n{_table(('write', 'it means'), rows)}")
    parts.append(FAULTS + _table(("fault", "what happens"), ((f"`{kind.written}`", kind.means) for kind in KINDS)))
    parts.append(TARGETS_TOLD + _table(("target", "of", "request"), _targets()))
    used = {kind for phrase in PHRASES for kind in phrase.slots.values()}
    values = ((f"`{slot.shown}`", slot.means) for name, slot in SLOTS.items() if name in used)
    parts.append(VALUES + _table(("written", "what it is"), values))
    return "".join(parts)


def _targets() -> Iterable[tuple[str, str, str]]:
    for name, (service, method, route) in TARGETS.items():
        yield f"`{name}`", service, "what it delivers" if name in ("webhook", "interaction") else f"`{method} {route}`"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines)
