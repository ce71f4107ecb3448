"""What the base branch requires of a pull request: checks, and to be up to date.

https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
"""

from __future__ import annotations

import msgspec

from valine.services.github.api import MOST_PAGES, PAGE, GitHubApi
from valine.services.github.shapes import Rule

PATH = "/repos/{owner}/{repo}/rules/branches/{branch}{?per_page,page}"
# Older GitHub Enterprise Servers have no rules, and some tokens may not see them: the pull request's own
# isRequired and mergeStateStatus still tell.
UNTOLD = (403, 404)


class Rules(msgspec.Struct, frozen=True):
    """The contexts that must have passed, and whether the branch must hold the base's newest commit."""

    required: tuple[str, ...] = ()
    strict: bool = False


async def read_rules(api: GitHubApi, branch: str) -> Rules:
    """The rules in force. Answered from memory while GitHub says that they did not change."""
    rules: list[Rule] = []
    for page in range(1, MOST_PAGES + 1):
        answer = await api.get_conditional(PATH, expected=UNTOLD, branch=branch, per_page=PAGE, page=page)
        if answer.status in UNTOLD:
            return Rules()
        rules += answer.read(list[Rule])
        if not answer.more:
            break
    asked = [rule.parameters for rule in rules if rule.type == "required_status_checks" and rule.parameters]
    return Rules(
        required=tuple(sorted({check.context for one in asked for check in one.required_status_checks})),
        strict=any(one.strict_required_status_checks_policy for one in asked),
    )
