"""The forge's looks and credentials against GitHub's twin: what people did there is what is seen here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from builders import NOON, REPOSITORY, a_base, a_plan, a_run, a_task
from services.github.things import BRANCH
from services.github.twin_world import API, BODY, TwinWorld
from valine.errors import OutsideError, Permanent, Transient
from valine.orchestrator.model.observations import Blocker
from valine.orchestrator.model.run import Run, TestMerge
from valine.services.github import AppAuth, GitHubForge, TokenAuth
from valine.services.github.plan import body_hash
from valine.services.pacing import Pacer


def _run(world: TwinWorld, *pulls: int | None) -> Run:
    tasks = tuple(a_task(world.issue + index, pull_request=pull) for index, pull in enumerate(pulls))
    return a_run(plan=a_plan(base=a_base(branch="main")), tasks=tasks)


async def _refused(world: TwinWorld, label: str | None = None) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        await world.forge.plan_world(label)
    return caught.value


async def test_a_plan_sees_the_labelled_issues_their_blockers_and_the_base(world: TwinWorld) -> None:
    blocked = world.act("create_issue", title="Second", labels=["ready"], blocked_by=[world.issue])["number"]
    world.act("create_issue", title="Not ready")
    pull = await world.opened()

    plan = await world.look()

    first, second = plan.issues
    assert (first.number, first.body_hash, first.assignees) == (world.issue, body_hash(BODY), ())
    assert [one.number for one in first.pulls] == [pull]
    assert (second.number, second.blocked_by) == (blocked, (Blocker(number=world.issue, open=True),))
    assert plan.base.sha == world.view["branches"]["main"]["head"]
    assert plan.policy is None


async def test_a_plan_of_many_issues_sees_them_all(world: TwinWorld) -> None:
    for number in range(2, 131):
        world.act("create_issue", title=f"Issue {number}", labels=["ready"])

    plan = await world.look()

    assert [issue.number for issue in plan.issues] == list(range(1, 131))
    assert world.seen == ["POST /graphql"] * 2


async def test_the_policy_names_the_label(world: TwinWorld) -> None:
    text = '[plan]\nlabel = "go"\n'
    world.act("push", branch="main", files={".github/valine.toml": text}, by="ana")
    other = world.act("create_issue", title="Go", labels=["go"])["number"]

    plan = await world.forge.plan_world(None)

    assert plan.policy == text
    assert [issue.number for issue in plan.issues] == [other]


async def test_the_work_is_seen_with_its_checks_and_rules(world: TwinWorld) -> None:
    number = await world.opened()
    world.act("set_rules", required_checks=["build"], strict=True)
    world.act("set_check", name="build", number=number, conclusion="failure", workflow="CI")
    world.act("set_check", name="build", number=number, conclusion="success", workflow="CI")
    world.act("set_status", context="ci/old", state="pending", number=number)

    seen = await world.forge.work_world(_run(world, number, 999))

    (pull,) = seen.pulls
    assert (pull.branch, pull.head, pull.mergeable, pull.changed_files) == (BRANCH, world.pull["head_sha"], "yes", 1)
    assert [(check.key, check.state, check.required) for check in pull.checks] == [
        ("ci/old", "pending", False),
        ("github-actions/CI/build", "passed", True),
    ]
    assert isinstance(pull.test_merge, TestMerge)
    assert pull.test_merge.base == seen.base.sha
    assert seen.required_checks == ("build",)
    # Number 2 is a pull request, so it is no issue.
    assert set(seen.missing) == {world.issue + 1, 999}


async def test_rules_are_asked_for_again_for_nothing(world: TwinWorld) -> None:
    number = await world.opened()
    world.act("set_rules", required_checks=["build"])

    first = await world.forge.work_world(_run(world, number))
    second = await world.forge.work_world(_run(world, number))
    world.act("set_rules", required_checks=["lint"])
    third = await world.forge.work_world(_run(world, number))

    assert first.required_checks == second.required_checks == ("build",)
    assert "lint" in third.required_checks


async def test_comments_are_found_past_a_moment(world: TwinWorld) -> None:
    world.act("comment", number=world.issue, body="/valine status", by="ana")
    await world.clock.sleep(60)
    world.act("comment", number=world.issue, body="/valine retry", by="bo")

    found = await world.forge.comments_since(NOON + timedelta(seconds=30))

    (new,) = found
    assert new.command.by.name == "bo"
    assert new.reply_to.number == world.issue


@pytest.mark.parametrize(("login", "may"), [("ana", True), ("team", True), ("eve", False), ("nobody", False)])
async def test_who_may_write(world: TwinWorld, login: str, may: bool) -> None:  # noqa: FBT001
    assert await world.forge.may_write(login) is may


async def test_an_archived_repository_is_no_place_for_a_plan(world: TwinWorld) -> None:
    world.act("archive")

    assert (await _refused(world)).failure.code == "forbidden"


async def test_a_repository_that_does_not_exist_is_not_found(world: TwinWorld) -> None:
    world.act("delete_repository")

    refused = await _refused(world)

    assert isinstance(refused, Permanent)
    assert refused.failure.code == "not_found"


async def test_a_token_that_was_revoked_is_unauthorized(world: TwinWorld) -> None:
    world.act("revoke_token", token=world.token)

    assert (await _refused(world)).failure.code == "unauthorized"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("unreachable", "unreachable"),
        ("error_before", "unreachable"),
        ("lost_answer", "unreachable"),
        ("graphql_limit", "limited"),
        ("secondary_limit", "limited"),
        ("rate_limited", "limited"),
    ],
)
async def test_a_refresh_that_fails_is_transient(world: TwinWorld, fault: str, code: str) -> None:
    world.fault(fault, "/graphql")

    refused = await _refused(world)

    assert isinstance(refused, Transient)
    assert refused.failure.code == code
    assert (refused.failure.retry_at is not None) == (code == "limited")
    assert (await world.look()).issues


@pytest.mark.parametrize("fault", ["secondary_limit", "rate_limited"])
async def test_a_limit_on_a_write_is_transient_and_nothing_is_sent_again(world: TwinWorld, fault: str) -> None:
    effect = await world.branch_effect()
    world.seen.clear()
    world.fault(fault, "*/git/commits")

    with pytest.raises(Transient) as caught:
        await world.forge.perform(effect)

    assert caught.value.failure.code == "limited"
    assert len(world.seen) == 1


async def test_enterprise_servers_addresses_are_served(world: TwinWorld) -> None:
    forge = GitHubForge(
        world.client,
        repository=REPOSITORY,
        api_url=f"{API}/api/v3/",
        auth=TokenAuth(world.token),
        clock=world.clock,
        pacer=Pacer(world.clock, 1.0),
    )

    await forge.plan_world("ready")
    await forge.may_write("ana")

    assert world.seen == ["POST /api/graphql", "GET /api/v3/repos/team/app/collaborators/ana/permission"]


async def test_an_app_works_for_hours_with_tokens_of_one(recorder: Any) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    world = TwinWorld(recorder)
    app = world.act("register_app", owner=REPOSITORY.partition("/")[0])
    auth = AppAuth(
        world.client,
        app_id=str(app["app_id"]),
        private_key=pem,
        repository=REPOSITORY,
        api_url=API,
        clock=world.clock,
    )
    world.forge = GitHubForge(
        world.client, repository=REPOSITORY, api_url=API, auth=auth, clock=world.clock, pacer=Pacer(world.clock, 1.0)
    )

    for _ in range(4):
        assert (await world.look()).issues
        await world.clock.sleep(40 * 60)
    await world.forge.perform(await world.branch_effect())

    assert BRANCH in world.view["branches"]
    assert sum("access_tokens" in seen for seen in world.seen) == 3
