from __future__ import annotations

import pytest

from builders import a_plan, a_pull, a_run, a_task
from valine.orchestrator.facts.rows import site, task_row
from valine.orchestrator.model.states import PullNumber
from valine.view import links

SITE = "https://ghe.example/team/app"


@pytest.mark.parametrize("url", ["https://other.example/pull/7", "http://other.example/pull/7"])
def test_a_pull_request_is_where_github_says(url: str) -> None:
    assert links.pull_request(SITE, task_row(a_task(pull=a_pull(url=url)))) == f"[#7]({url})"


def test_one_that_was_not_seen_yet_is_where_it_must_be_and_none_is_nowhere() -> None:
    assert links.pull_request(SITE, task_row(a_task(pull=a_pull(url="javascript:7"), pull_request=PullNumber(7)))) == (
        f"[#7]({SITE}/pull/7)"
    )
    assert links.pull_request(SITE, task_row(a_task(pull_request=PullNumber(7)))) == f"[#7]({SITE}/pull/7)"
    assert links.pull_request(SITE, task_row(a_task())) is None


def test_the_repository_has_no_slash_at_its_end() -> None:
    assert site(a_run(plan=a_plan(web=f"{SITE}/"))) == SITE
    assert site(a_run(plan=a_plan(web="javascript:1"))) == "https://github.com/team/app"
