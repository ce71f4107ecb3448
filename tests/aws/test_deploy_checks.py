"""What deploy.sh checks before anything is changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aws.deployment import Deployment, pack

pytestmark = pytest.mark.proof


def refused(deployment: Deployment, *args: str) -> str:
    """What it says; nothing was deployed."""
    done = deployment.run(*(args or ("--no",)))
    assert done.returncode != 0
    assert deployment.calls("sam deploy") == []
    assert done.stdout == ""
    return done.stderr


def test_a_tool_that_is_missing_is_named(deployment: Deployment) -> None:
    (deployment.folder / "bin" / "aws").unlink()
    if any(Path(folder, "aws").exists() for folder in ("/usr/bin", "/bin")):
        pytest.skip("this machine's own aws lies where it cannot be hidden")

    assert "there is no aws here: install it, then call again." in refused(deployment)


def test_without_a_sam_the_locked_one_is_taken(deployment: Deployment) -> None:
    (deployment.folder / "bin" / "sam").unlink()

    deployment.run("--no")

    assert (deployment.folder / "dev.calls").read_text().startswith("dev tool sam deploy --template-file template.yaml")


def test_a_package_that_is_missing_is_to_be_built(deployment: Deployment) -> None:
    deployment.package.unlink()

    assert "there is no dist/valine-lambda.zip: ./dev build makes it." in refused(deployment)


def test_a_package_that_is_damaged_is_to_be_built_anew(deployment: Deployment) -> None:
    deployment.package.write_bytes(b"no zip")

    assert "is damaged: ./dev build makes it anew." in refused(deployment)


def test_a_package_for_another_machine_is_not_deployed(deployment: Deployment) -> None:
    pack(deployment.package, arch="x86_64")

    assert "template.yaml asks for arm64 and Python 3.13" in refused(deployment)


def test_a_package_older_than_its_sources_is_not_deployed(deployment: Deployment) -> None:
    os.utime(deployment.package, (1, 1))

    assert "is newer than dist/valine-lambda.zip: ./dev build makes it anew." in refused(deployment)


def test_without_a_samconfig_it_says_what_to_copy(deployment: Deployment) -> None:
    (deployment.folder / "samconfig.toml").unlink()

    assert "cp samconfig.toml.example samconfig.toml" in refused(deployment)


def test_a_samconfig_that_is_no_toml_is_told(deployment: Deployment) -> None:
    (deployment.folder / "samconfig.toml").write_text("[dev")

    assert "samconfig.toml cannot be read" in refused(deployment)


def test_an_environment_without_a_stack_is_told(deployment: Deployment) -> None:
    (deployment.folder / "samconfig.toml").write_text("[dev.deploy.parameters]\n")

    assert "no stack_name under [dev.deploy.parameters]" in refused(deployment)


def test_a_region_must_be_known(deployment: Deployment) -> None:
    (deployment.folder / "samconfig.toml").write_text('[dev.deploy.parameters]\nstack_name = "valine"\n')

    assert "no region is known: set AWS_REGION" in refused(deployment)


def test_all_settings_that_are_missing_are_named_at_once(deployment: Deployment) -> None:
    deployment.settings(DISCORD_GUILD_ID=None, GITHUB_REPOSITORY="")

    assert "missing in the environment and in .env: DISCORD_GUILD_ID GITHUB_REPOSITORY." in refused(deployment)


def test_a_prefix_that_is_none_is_told(deployment: Deployment) -> None:
    deployment.settings(VALINE_SECRETS_PREFIX="valine")

    assert "it must be a path such as /valine/dev, or secretsmanager:NAME." in refused(deployment)


def test_credentials_that_aws_does_not_accept_are_told(deployment: Deployment) -> None:
    deployment.rule("aws sts", code=255, err="ExpiredToken\n")

    said = refused(deployment)

    assert "ExpiredToken" in said
    assert "AWS does not know you" in said


@pytest.mark.parametrize(
    "there", ["", "/valine/dev/DISCORD_BOT_TOKEN\tString\n/valine/dev/GITHUB_TOKEN\tSecureString\n"]
)
def test_secrets_that_are_missing_or_readable_by_all_are_named(deployment: Deployment, there: str) -> None:
    deployment.rule("aws ssm get-parameters", out=there)

    said = refused(deployment)

    assert "are missing, or are no SecureString: DISCORD_BOT_TOKEN GITHUB_WEBHOOK_SECRET" in said
    assert "aws ssm put-parameter" in said


def test_a_parameter_store_that_fails_is_told(deployment: Deployment) -> None:
    deployment.rule("aws ssm get-parameters", code=254, err="AccessDeniedException\n")

    assert "could not be read (the line above)" in refused(deployment)


def test_a_secret_that_secrets_manager_does_not_have_is_told(deployment: Deployment) -> None:
    deployment.settings(VALINE_SECRETS_PREFIX="secretsmanager:valine")
    deployment.rule("aws secretsmanager describe-secret", code=254, err="ResourceNotFoundException\n")

    assert "Secrets Manager has no valine in eu-central-1" in refused(deployment)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ('{"DISCORD_BOT_TOKEN": "hush", "GITHUB_TOKEN": ""}', "valine lacks GITHUB_WEBHOOK_SECRET GITHUB_TOKEN: add"),
        ('["hush"]', "or is no JSON object of texts"),
        ("hush", "or is no JSON object of texts"),
    ],
)
def test_a_secret_without_what_the_functions_need_is_told(deployment: Deployment, held: str, told: str) -> None:
    """The smoke test would not: only the worker misses them, and all that is queued meanwhile ends as dead letters."""
    deployment.settings(VALINE_SECRETS_PREFIX="secretsmanager:valine")
    deployment.rule("aws secretsmanager describe-secret", out="arn:aws:secretsmanager:eu-central-1:1:secret:valine\n")
    deployment.rule("aws secretsmanager get-secret-value", out=held)

    sentence = refused(deployment)

    assert told in sentence
    assert "hush" not in sentence


def test_what_is_no_word_of_its_own_is_refused(deployment: Deployment) -> None:
    assert "staging is not understood. Usage: ./deploy.sh" in refused(deployment, "staging")
