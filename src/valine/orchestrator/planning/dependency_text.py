"""Which issues a text says it depends on: plain words in the body of an issue, of the same repository only.

What stands in code, quotes or HTML comments is talk about such words, not their use (`markdown.spoken`).
"""

from __future__ import annotations

import re

from valine.orchestrator.markdown import spoken
from valine.orchestrator.model.states import IssueNumber

NUMBER = r"#([1-9][0-9]{0,8})\b"
LIST = rf"{NUMBER}(?:(?:[ \t,;&+/]|\b(?:and|or)\b){{1,24}}{NUMBER})*"  # one line: #1, #2 and #3
BULLET = r"[-*+][ \t]{1,3}(?:\[[ xX]\][ \t])?"
PHRASE = re.compile(
    r"\b(?:depend(?:s|ing|ent)?\s{1,3}(?:up)?on|blocked\s{1,3}by)\b[\s:*_]{0,12}(?:issues?\s{1,3})?"
    rf"({LIST}|{BULLET}{LIST}(?:[^\n]{{0,200}}\n[ \t]{{0,3}}{BULLET}{LIST})*)",
    re.IGNORECASE,
)


def mentioned(body: str) -> tuple[IssueNumber, ...]:
    """The issues that follow "depends on" or "blocked by", in their order, each once."""
    found = (
        IssueNumber(int(number))
        for phrase in PHRASE.finditer("\n".join(spoken(body)))
        for number in re.findall(NUMBER, phrase[1])
    )
    return tuple(dict.fromkeys(found))
