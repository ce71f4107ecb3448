"""The linters that know AWS find nothing in template.yaml, neither as it is written nor as CloudFormation sees it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import cfn
from dev_tool import dev_tool

pytestmark = pytest.mark.proof


def run(root: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """The command, far from any account."""
    stray = {name for name in os.environ if name.startswith("AWS_")}
    env = {name: value for name, value in os.environ.items() if name not in stray}
    env |= {"AWS_DEFAULT_REGION": "eu-central-1", "SAM_CLI_TELEMETRY": "0"}
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def translated(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as CloudFormation gets it."""
    dev_tool(root, "cfn-lint")
    python = root / ".venv-tools" / "cfn-lint" / "bin" / "python"
    done = run(root, python, root / "tools" / "translate_template.py", root / "template.yaml")
    assert done.returncode == 0, done.stderr
    plain = tmp_path_factory.mktemp("translated") / "template.json"
    plain.write_text(done.stdout)
    return plain


def test_sam_finds_the_template_valid(root: Path) -> None:
    done = run(root, *dev_tool(root, "sam"), "validate", "--lint", "--template", "template.yaml")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout


def test_checkov_finds_nothing_but_what_is_explained(root: Path) -> None:
    done = run(root, *dev_tool(root, "checkov"), "--config-file", ".checkov.yaml", "--output", "json")

    assert done.returncode == 0, done.stdout
    summary = json.loads(done.stdout)["summary"]
    assert (summary["failed"], summary["parsing_errors"]) == (0, 0)
    assert summary["passed"] > 40


def test_cfn_lint_finds_nothing_in_what_cloudformation_sees(root: Path, translated: Path) -> None:
    done = run(root, *dev_tool(root, "cfn-lint"), translated)

    assert (done.returncode, done.stdout) == (0, "")


def test_cfn_lint_would_find_a_runtime_that_does_not_exist(root: Path, translated: Path, tmp_path: Path) -> None:
    broken = tmp_path / "template.json"
    broken.write_text(translated.read_text().replace("python3.13", "python3.99"))

    done = run(root, *dev_tool(root, "cfn-lint"), broken)

    assert done.returncode != 0
    assert "python3.99" in done.stdout


def test_the_translation_adds_no_role_and_no_wildcard(translated: Path, root: Path) -> None:
    template: dict[str, Any] = json.loads(translated.read_text())
    source = cfn.read(root / "template.yaml")

    functions = cfn.of_type(template, "AWS::Lambda::Function")
    assert {one["Runtime"] for one in functions.values()} == {"python3.13"}
    assert len(functions) == 4
    assert set(cfn.of_type(template, "AWS::IAM::Role")) == set(cfn.of_type(source, "AWS::IAM::Role"))
    for permission in cfn.of_type(template, "AWS::Lambda::Permission").values():
        assert permission["Action"] == "lambda:InvokeFunction"
        assert "SourceArn" in permission
