"""What the base branch requires of a pull request: checks, by name.

https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
"""

from __future__ import annotations

from valine.services.github.api import MOST_PAGES, PAGE, GitHubApi
from valine.services.github.shapes import Rule

PATH = "/repos/{owner}/{repo}/rules/branches/{branch}{?per_page,page}"
# Older GitHub Enterprise Servers have no rules, and some tokens may not see them: the pull request's own
# isRequired and mergeStateStatus still tell.
UNTOLD = (403, 404)


async def read_rules(api: GitHubApi, branch: str) -> tuple[str, ...]:
    """The contexts that must have passed. Answered from memory while GitHub says that they did not change."""
    rules: list[Rule] = []
    for page in range(1, MOST_PAGES + 1):
        answer = await api.get_conditional(PATH, expected=UNTOLD, branch=branch, per_page=PAGE, page=page)
        if answer.status in UNTOLD:
            return ()
        rules += answer.read(list[Rule])
        if not answer.more:
            break
    asked = [rule.parameters for rule in rules if rule.type == "required_status_checks" and rule.parameters]
    return tuple(sorted({check.context for one in asked for check in one.required_status_checks}))
