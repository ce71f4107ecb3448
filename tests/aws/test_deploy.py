"""deploy.sh, with an `aws`, a `sam` and a `curl` of our own: what it does, says, and never does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from aws.deployment import OUTPUTS, TOKEN, Deployment
from dev_tool import dev_tool

pytestmark = pytest.mark.proof


def test_it_deploys_that_file_and_shows_what_came_of_it(deployment: Deployment) -> None:
    done = deployment.run("--no")

    assert done.returncode == 0, done.stderr
    (call,) = deployment.calls("sam deploy")
    for word in ("--config-env dev", "--region eu-central-1", 'EnvironmentName="dev"', 'DiscordGuildId="2222"'):
        assert word in call
    assert 'GitHubRepository="acme/rocket"' in call
    assert 'SecretsPrefix="/valine/dev"' in call
    assert all(address in done.stdout for address in OUTPUTS.values())
    assert "it refuses a wrong signature, and worker and clock start." in done.stderr
    assert deployment.calls("/applications/@me") == []
    assert not (deployment.folder / "dev.calls").exists()


def test_prod_has_a_stack_of_its_own_and_its_own_settings_file(deployment: Deployment) -> None:
    deployment.settings(DISCORD_GUILD_ID="3333")
    (deployment.folder / ".env").rename(deployment.folder / ".env.prod")

    done = deployment.run("--no", "prod", "LogRetentionDays=90")

    assert done.returncode == 0, done.stderr
    (call,) = deployment.calls("sam deploy")
    assert "--config-env prod" in call
    assert 'DiscordGuildId="3333"' in call
    assert "LogRetentionDays=90" in call
    assert deployment.calls("describe-stacks --stack-name valine-orchestrator ")


def test_the_environment_goes_before_the_file(deployment: Deployment) -> None:
    deployment.run("--no", GITHUB_REPOSITORY="acme/lander", AWS_REGION="eu-north-1")

    (call,) = deployment.calls("sam deploy")
    assert 'GitHubRepository="acme/lander"' in call
    assert "--region eu-north-1" in call


@pytest.mark.parametrize("line", ['GITHUB_REPOSITORY="acme/lander"', "export GITHUB_REPOSITORY = acme/lander # ours"])
def test_the_file_is_read_as_the_command_line_reads_it(deployment: Deployment, line: str) -> None:
    deployment.settings(GITHUB_REPOSITORY=None)
    with (deployment.folder / ".env").open("a") as file:
        file.write(f"{line}\n")

    deployment.run("--no")

    (call,) = deployment.calls("sam deploy")
    assert 'GitHubRepository="acme/lander" ' in call


def test_with_yes_it_registers_the_commands_and_sets_the_endpoint(deployment: Deployment) -> None:
    done = deployment.run("--yes")

    assert done.returncode == 0, done.stderr
    assert (deployment.folder / "dev.calls").read_text() == f"dev valine commands push as {TOKEN} in 2222\n"
    (call,) = deployment.calls("curl", "PATCH")
    assert '{"interactions_endpoint_url":"https://x.example/discord"}' in call
    assert call.endswith("https://discord.com/api/v10/applications/@me")
    assert f"Authorization: Bot {TOKEN}" in deployment.said_to_curl()


def test_the_commands_are_registered_with_the_settings_of_the_environment_that_was_deployed(
    deployment: Deployment,
) -> None:
    deployment.settings(DISCORD_GUILD_ID="3333")
    (deployment.folder / ".env").rename(deployment.folder / ".env.dev")
    deployment.settings(DISCORD_GUILD_ID="4444")

    deployment.run("--yes")

    assert (deployment.folder / "dev.calls").read_text().endswith(" in 3333\n")


def test_no_secret_is_in_a_command_line_or_in_what_it_says(deployment: Deployment) -> None:
    done = deployment.run("--yes")

    assert deployment.calls(TOKEN) == []
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize(("typed", "does"), [("y\ny\n", True), ("n\n\n", False)])
def test_at_a_terminal_it_asks(deployment: Deployment, typed: str, does: bool) -> None:  # noqa: FBT001 - a parameter
    done = deployment.run(typed=typed)

    assert done.returncode == 0, done.stderr
    assert (deployment.folder / "dev.calls").exists() is does
    assert bool(deployment.calls("PATCH")) is does


def test_where_nobody_can_be_asked_it_says_how_to_do_it_by_hand(deployment: Deployment) -> None:
    done = deployment.run()

    assert done.returncode == 0
    assert "./register_discord_commands.sh --env .env\n" in done.stderr
    assert "https://x.example/discord" in done.stderr
    assert deployment.calls("PATCH") == []


def test_secrets_manager_will_do(deployment: Deployment) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:valine-AbCdEf"
    deployment.settings(VALINE_SECRETS_PREFIX="secretsmanager:valine")
    deployment.rule("aws secretsmanager describe-secret", "--secret-id valine ", out=f"{arn}\n")
    held = {"DISCORD_BOT_TOKEN": TOKEN, "GITHUB_WEBHOOK_SECRET": "hush", "GITHUB_TOKEN": "ghs_x"}
    deployment.rule("aws secretsmanager get-secret-value", out=json.dumps(held))

    done = deployment.run("--yes")

    assert done.returncode == 0, done.stderr
    (call,) = deployment.calls("sam deploy")
    assert f'SecretArn="{arn}"' in call
    assert f"Authorization: Bot {TOKEN}" in deployment.said_to_curl()


def test_as_an_app_it_wants_the_key_instead_of_a_token(deployment: Deployment) -> None:
    deployment.settings(GITHUB_APP_ID="77")

    done = deployment.run("--no")

    assert done.returncode == 1
    assert "GITHUB_APP_PRIVATE_KEY" in done.stderr
    assert "GITHUB_TOKEN" not in done.stderr


def test_the_real_sam_understands_what_it_is_told(deployment: Deployment, root: Path) -> None:
    dev_tool(root, "sam")
    (deployment.folder / "bin" / "sam").unlink()
    (deployment.folder / "bin" / "sam").symlink_to(root / ".venv-tools" / "sam" / "bin" / "sam")
    shutil.copy(root / "template.yaml", deployment.folder / "template.yaml")
    nowhere = "http://127.0.0.1:1"

    done = deployment.run(
        *("--no", "LogRetentionDays=90"),
        AWS_ENDPOINT_URL=nowhere,
        AWS_MAX_ATTEMPTS="1",
        AWS_ACCESS_KEY_ID="AKIATEST",
        AWS_SECRET_ACCESS_KEY="none",
        HOME=str(deployment.folder),
    )

    assert f'Could not connect to the endpoint URL: "{nowhere}/"' in done.stderr
    assert "the stack was not deployed (above is why)" in done.stderr


# --- Afterwards ------------------------------------------------------------------------------------------------------


def failed(deployment: Deployment, *args: str) -> str:
    """What it says, having failed."""
    done = deployment.run(*(args or ("--no",)))
    assert done.returncode == 1
    assert "it is healthy" not in done.stderr or args == ("--yes",)
    return done.stderr


def test_a_deployment_that_fails_ends_there(deployment: Deployment) -> None:
    deployment.rule("sam deploy", code=1, err="ROLLBACK_COMPLETE\n")

    assert "the stack was not deployed (above is why)" in failed(deployment)
    assert deployment.calls("curl") == []


def test_outputs_that_cannot_be_read_are_told(deployment: Deployment) -> None:
    deployment.rule("describe-stacks", code=255, err="no such stack\n")

    assert "its outputs could not be read" in failed(deployment)


def test_a_stack_of_something_else_is_told(deployment: Deployment) -> None:
    deployment.rule("describe-stacks", out="BucketName\tpictures\n")

    assert "has no output DiscordWebhookUrl" in failed(deployment)


def test_a_function_that_runs_other_code_is_told(deployment: Deployment) -> None:
    deployment.rule("get-function-configuration", "worker", out="somethingelse\n")

    assert "valine-orchestrator-worker-dev runs other code than dist/valine-lambda.zip" in failed(deployment)


def test_an_endpoint_that_is_not_healthy_is_asked_again_and_then_told(deployment: Deployment) -> None:
    deployment.rule("curl", "/healthz", out="503")

    assert "https://x.example/healthz answers 503, not 200. aws logs tail" in failed(deployment)
    assert len(deployment.calls("/healthz")) == 5


@pytest.mark.parametrize("status", ["200", "500", "000"])
def test_a_wrong_signature_that_is_not_refused_is_told(deployment: Deployment, status: str) -> None:
    deployment.rule("curl", "X-Signature-Ed25519", out=status, code=0 if status != "000" else 28)

    assert f"a PING with a wrong signature was answered {status}, not 401" in failed(deployment)


@pytest.mark.parametrize("function", ["worker", "clock"])
def test_a_function_behind_the_endpoints_that_does_not_start_is_told_with_what_it_says(
    deployment: Deployment, function: str
) -> None:
    said = '{"errorMessage": "DISCORD_BOT_TOKEN is missing", "errorType": "ConfigurationError"}'
    deployment.rule("aws lambda invoke", function, "FunctionError", out="Unhandled\n", body=said)

    told = failed(deployment)

    assert f"valine-orchestrator-{function}-dev does not work: {said}. aws logs tail" in told


def test_a_function_that_may_not_be_called_is_told(deployment: Deployment) -> None:
    deployment.rule("aws lambda invoke", code=254, err="AccessDeniedException\n")

    assert "worker-dev was deployed, but could not be called (above is why)" in failed(deployment)


def test_commands_that_discord_does_not_take_are_told(deployment: Deployment) -> None:
    done = deployment.run("--yes", DEV_EXIT="1")

    assert done.returncode == 1
    assert "the deployment stands; only the commands are missing" in done.stderr
    assert deployment.calls("PATCH") == []


@pytest.mark.parametrize(
    ("status", "told"),
    [("401", "Discord does not accept the bot's token"), ("400", "did not take the endpoint (400): could not verify")],
)
def test_an_endpoint_that_discord_does_not_take_is_told(deployment: Deployment, status: str, told: str) -> None:
    deployment.rule("curl", "PATCH", out=status, body="could not verify")

    assert told in failed(deployment, "--yes")


def test_a_token_that_cannot_be_read_is_told(deployment: Deployment) -> None:
    deployment.rule("aws ssm get-parameter ", code=254, err="AccessDeniedException\n")

    assert "the bot's token could not be read (above): nothing was registered" in failed(deployment, "--yes")
