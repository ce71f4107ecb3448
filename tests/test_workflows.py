"""The workflows use the actions whose commits were verified, and they and the hooks call what is there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

VERIFIED = {
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1": "v7.0.1",
    "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97": "v7.0.0",
    "actions/setup-node@820762786026740c76f36085b0efc47a31fe5020": "v7.0.0",
    "actions/setup-java@b6effb05e454b25005698d916606bdc6ffcbf961": "v5.7.0",
    "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f": "v7.0.0",
    "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c": "v8.0.1",
    "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c": "v6.2.3",
}


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / ".github/workflows/ci.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def workflow(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_every_action_is_a_verified_commit_with_its_version_beside_it(text: str) -> None:
    used = re.findall(r"uses: (\S+)(?: # (\S+))?", text)

    assert len(used) > 10
    assert {action: version for action, version in used if VERIFIED.get(action) != version} == {}


def test_nobody_may_anything_but_read_and_the_deployment_ask_for_its_token(workflow: dict[str, Any]) -> None:
    permissions = {name: job["permissions"] for name, job in workflow["jobs"].items()}

    assert workflow["permissions"] == {}
    assert permissions.pop("deploy") == {"contents": "read", "id-token": "write"}
    assert all(allowed == {"contents": "read"} for allowed in permissions.values())


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.test", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checked_out(tmp_path: Path) -> dict[str, str]:
    """A clone as actions/checkout leaves it with the whole history, and commits on main and on a branch beside it."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    git(origin, "init")
    shas = {"folder": str(clone)}
    for name, branch in (("old", "main"), ("tip", "main"), ("beside", "other")):
        git(origin, "checkout", "-B", branch)
        git(origin, "commit", "--allow-empty", "-m", name)
        shas[name] = git(origin, "rev-parse", "HEAD")
    git(tmp_path, "clone", "--no-checkout", str(origin), str(clone))
    return shas


@pytest.mark.parametrize(("commit", "deployed"), [("old", True), ("tip", True), ("beside", False)])
def test_a_tag_is_deployed_only_if_its_commit_is_on_main(
    workflow: dict[str, Any], checked_out: dict[str, str], commit: str, *, deployed: bool
) -> None:
    steps = workflow["jobs"]["deploy"]["steps"]
    place, step = next((i, step) for i, step in enumerate(steps) if step.get("if") == "github.ref_type == 'tag'")
    environment = os.environ | {"GITHUB_SHA": checked_out[commit], "GITHUB_REF_NAME": "v1"}

    tried = subprocess.run(
        ["bash", "-e", "-c", step["run"]],
        cwd=checked_out["folder"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (tried.returncode == 0) == deployed
    assert ("v1 is not on main" in tried.stdout) != deployed
    assert steps[0]["with"]["fetch-depth"] == 0
    assert not any("aws" in str(before) for before in steps[:place])  # nothing is trusted before


def test_updates_of_all_that_is_locked_are_proposed_each_week(root: Path) -> None:
    found = yaml.safe_load((root / ".github/dependabot.yml").read_text(encoding="utf-8"))["updates"]

    folders = {folder for one in found for folder in one.get("directories", [one.get("directory")])}
    locks = {*root.glob("requirements/**/*.txt"), *root.glob("tests/**/package-lock.json")}
    assert {f"/{lock.parent.relative_to(root)}" for lock in locks if "node_modules" not in str(lock)} <= folders
    assert {one["package-ecosystem"] for one in found} == {"github-actions", "pip", "npm"}
    assert {one["schedule"]["interval"] for one in found} == {"weekly"}
    assert all(one["cooldown"]["default-days"] >= 7 for one in found)


def test_every_python_that_is_supported_is_tested(workflow: dict[str, Any]) -> None:
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]


def test_what_is_deployed_is_what_was_built_and_everything_else_passed_before(workflow: dict[str, Any]) -> None:
    jobs = workflow["jobs"]
    deploy = jobs["deploy"]

    assert set(deploy["needs"]) == set(jobs) - {"deploy"}
    assert deploy["if"] == "github.event_name == 'push'"
    (uploaded,) = [
        step["with"]["path"] for step in jobs["package"]["steps"] if "upload-artifact" in step.get("uses", "")
    ]
    assert uploaded == "dist/valine-lambda.zip"
    commands = [step["run"] for step in deploy["steps"] if "run" in step]
    assert not any("build" in command for command in commands)
    assert any("./deploy.sh --yes" in command for command in commands)


def test_the_deployment_tells_every_setting_that_a_stack_is_made_of(workflow: dict[str, Any], root: Path) -> None:
    """What it does not tell is emptied by the next deployment: an App would become nobody to GitHub."""
    needed = re.findall(r"setting ([A-Z_]+)\)|for name in ([A-Z_ ]+); do\n +\[\[ -n", (root / "deploy.sh").read_text())
    deploy = workflow["jobs"]["deploy"]
    told = {*deploy["env"], *re.findall(r"([A-Z_]+)=", " ".join(step.get("run", "") for step in deploy["steps"]))}

    settings = {name for found in needed for name in " ".join(found).split()}
    assert {"GITHUB_APP_ID", "GITHUB_REPOSITORY", "DISCORD_GUILD_ID"} <= settings
    assert settings - told == {"DISCORD_API_URL"}  # which has a default


def test_the_proofs_have_the_older_builds_that_are_upgraded_from(workflow: dict[str, Any]) -> None:
    checkout = workflow["jobs"]["prove"]["steps"][0]

    assert checkout["uses"].startswith("actions/checkout@")
    assert checkout["with"]["fetch-depth"] == 0


def test_every_command_of_ours_that_is_called_exists(text: str, root: Path) -> None:
    tasks = (root / "dev").read_text(encoding="utf-8")
    called = set(re.findall(r"\./dev (\w+)", text))

    assert called == {"test", "check", "prove", "build", "demo", "tool"}
    assert all(f"def {task}(args: list[str])" in tasks for task in called)
    assert all(
        (root / path).exists() for path in re.findall(r"tests/\S+\.py|\./\w+\.sh|samconfig\.toml\.example", text)
    )


def test_slow_proofs_are_left_out_of_the_quick_run_and_run_by_the_workflow(text: str, root: Path) -> None:
    quick = re.findall(
        r"^step \./dev prove(.*)", (root / ".ci" / "run").read_text(encoding="utf-8"), flags=re.MULTILINE
    )

    assert [rest.partition("#")[0].strip() for rest in quick] == [""]
    assert "run: ./dev prove all\n" in text


def test_every_hook_is_one_of_our_checks_and_fetches_nothing(root: Path) -> None:
    loaded = yaml.safe_load((root / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook for repository in loaded["repos"] for hook in repository["hooks"]]
    checks = re.findall(r'^    "(\w+)": lambda: ', (root / "dev").read_text(encoding="utf-8"), flags=re.MULTILINE)

    assert [repository["repo"] for repository in loaded["repos"]] == ["local"]
    assert {hook["language"] for hook in hooks} == {"system"}
    assert sorted(hook["entry"] for hook in hooks) == sorted(f"./dev check {name}" for name in checks)


def test_the_forms_for_issues_ask_for_something_under_ids_of_their_own(root: Path) -> None:
    """What GitHub demands of a form.

    https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms
    """
    forms = [path for path in (root / ".github/ISSUE_TEMPLATE").glob("*.yml") if path.stem != "config"]

    assert len(forms) == 2
    for form in (yaml.safe_load(path.read_text(encoding="utf-8")) for path in forms):
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert form["name"]
        assert form["description"]
        assert len(set(ids)) == len(ids) > 0
