"""What linters do not know of template.yaml: its numbers fit each other and the code; nobody may more than he must."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import cfn
from dynamodb import environment, table_definition
from valine.engine.batches import TO_SETTLE
from valine.engine.worker import MOST_RECEIPTS
from valine.services.aws import client as aws
from valine.services.aws import metrics
from valine.settings.functions import DiscordEndpoint, GitHubEndpoint, Place, WorkerPlace
from valine.settings.reader import OWN_NAMES

FUNCTIONS = {
    "DiscordHandlerFunction": "discord",
    "GitHubWebhookFunction": "github",
    "WorkerFunction": "worker",
    "ClockFunction": "clock",
}
SECRETS = {
    "DISCORD_BOT_TOKEN",
    "GITHUB_TOKEN",
    "GITHUB_APP_PRIVATE_KEY",
    "GITHUB_WEBHOOK_SECRET",
}


@pytest.fixture(scope="module")
def template(root: Path) -> dict[str, Any]:
    return cfn.read(root / "template.yaml")


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: resource.get("Properties", {}) for name, resource in template["Resources"].items()}


def allowed(template: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, one) for name, one in cfn.statements(template) if one["Effect"] == "Allow"]


def test_all_four_functions_run_pythons_lambda_runtime_on_arm_from_the_built_package(template: dict[str, Any]) -> None:
    functions = cfn.of_type(template, "AWS::Serverless::Function")
    shared = template["Globals"]["Function"]

    assert set(functions) == set(FUNCTIONS)
    assert (shared["Runtime"], shared["Architectures"]) == ("python3.13", ["arm64"])
    assert shared["CodeUri"] == "dist/valine-lambda.zip"
    assert all({"Runtime", "Architectures", "CodeUri"}.isdisjoint(one) for one in functions.values())


@pytest.mark.parametrize(("function", "part"), FUNCTIONS.items())
def test_a_function_is_named_for_its_part_and_its_handler_exists(
    resources: dict[str, Any], root: Path, function: str, part: str
) -> None:
    properties = resources[function]
    module, _, name = properties["Handler"].rpartition(".")

    assert properties["FunctionName"] == {"Fn::Sub": f"valine-orchestrator-{part}-${{EnvironmentName}}"}
    source = (root / "src" / Path(*module.split("."))).with_suffix(".py")
    assert f"def {name}(" in source.read_text(encoding="utf-8")


@pytest.mark.parametrize(("function", "part"), FUNCTIONS.items())
def test_a_function_logs_as_json_to_its_own_named_group(resources: dict[str, Any], function: str, part: str) -> None:
    logging = resources[function]["LoggingConfig"]
    group = resources[logging["LogGroup"]["Ref"]]

    assert logging["LogFormat"] == "JSON"
    assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/valine-orchestrator-{part}-${{EnvironmentName}}"}


def test_every_log_group_has_a_name_and_forgets(template: dict[str, Any]) -> None:
    groups = cfn.of_type(template, "AWS::Logs::LogGroup")

    assert len(groups) == 5
    assert all(
        "LogGroupName" in one and one["RetentionInDays"] == {"Ref": "LogRetentionDays"} for one in groups.values()
    )
    assert min(template["Parameters"]["LogRetentionDays"]["AllowedValues"]) > 0


def test_the_routes_are_the_three_that_stay(template: dict[str, Any]) -> None:
    functions = cfn.of_type(template, "AWS::Serverless::Function")
    routes = {
        (event["Properties"]["Method"], event["Properties"]["Path"]): name
        for name, function in functions.items()
        for event in function["Events"].values()
        if event["Type"] == "HttpApi"
    }

    assert routes == {
        ("POST", "/discord"): "DiscordHandlerFunction",
        ("POST", "/github/webhook"): "GitHubWebhookFunction",
        ("GET", "/healthz"): "GitHubWebhookFunction",
    }


def test_the_api_is_throttled_and_its_access_log_is_one_line_of_json(resources: dict[str, Any]) -> None:
    api = resources["HttpApi"]

    assert api["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert api["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0
    assert api["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["ApiLogGroup", "Arn"]}
    assert "\n" not in api["AccessLogSettings"]["Format"]


def test_no_secret_is_an_environment_variable_or_a_parameter(template: dict[str, Any]) -> None:
    variables = set(template["Globals"]["Function"]["Environment"]["Variables"])
    functions = cfn.of_type(template, "AWS::Serverless::Function")

    assert not variables & SECRETS
    assert all("Environment" not in function for function in functions.values())
    assert {name for name in template["Parameters"] if "secret" in name.lower()} == {"SecretsPrefix", "SecretArn"}
    assert not any(word in name.lower() for name in template["Parameters"] for word in ("token", "privatekey"))


def test_every_setting_of_ours_is_one_that_the_code_knows(template: dict[str, Any]) -> None:
    variables = set(template["Globals"]["Function"]["Environment"]["Variables"])

    assert {name for name in variables if name.startswith("VALINE_")} - OWN_NAMES == set()


def test_a_message_is_invisible_for_at_least_six_times_what_its_worker_may_take(resources: dict[str, Any]) -> None:
    queue, worker = resources["WorkQueue"], resources["WorkerFunction"]

    assert queue["VisibilityTimeout"] >= 6 * worker["Timeout"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    # The worker itself refuses what was received too often, and answers whoever sent it. SQS would answer nobody.
    assert queue["RedrivePolicy"]["maxReceiveCount"] > MOST_RECEIPTS + 1
    assert resources["DeadLetterQueue"]["MessageRetentionPeriod"] > queue["MessageRetentionPeriod"]


def test_the_worker_reports_what_of_a_batch_failed_and_is_limited(resources: dict[str, Any]) -> None:
    mapping = resources["WorkerFunction"]["Events"]["Work"]["Properties"]

    assert mapping["Queue"] == {"Fn::GetAtt": ["WorkQueue", "Arn"]}
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == {"Ref": "WorkerConcurrency"}
    assert mapping["BatchSize"] <= 10
    assert "MaximumBatchingWindowInSeconds" not in mapping  # a FIFO queue has none


def test_the_pause_after_a_write_fits_into_the_end_that_a_worker_keeps(template: dict[str, Any]) -> None:
    """It is waited for while the partition is held, when a slice was broken off too."""
    assert template["Parameters"]["WriteInterval"]["MaxValue"] < TO_SETTLE.total_seconds()


def test_both_queues_are_fifo_encrypted_and_refuse_what_is_not_tls(template: dict[str, Any]) -> None:
    queues = cfn.of_type(template, "AWS::SQS::Queue")
    policies = cfn.of_type(template, "AWS::SQS::QueuePolicy")

    refusing = set()
    for policy in policies.values():
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sqs:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        (queue,) = policy["Queues"]
        assert statement["Resource"] == {"Fn::GetAtt": [queue["Ref"], "Arn"]}
        refusing.add(queue["Ref"])
    assert all(queue["FifoQueue"] and queue["SqsManagedSseEnabled"] for queue in queues.values())
    assert refusing == set(queues)


def test_the_clock_ticks_every_minute_and_a_tick_that_failed_is_not_repeated(resources: dict[str, Any]) -> None:
    clock = resources["ClockFunction"]

    assert clock["Events"]["Minute"]["Properties"]["Schedule"] == "rate(1 minute)"
    assert clock["EventInvokeConfig"]["MaximumRetryAttempts"] == 0


def test_the_table_is_the_one_that_the_code_is_tried_on(resources: dict[str, Any]) -> None:
    wanted = table_definition("any")
    table = resources["RunStateTable"]

    assert {name: table[name] for name in wanted if name != "TableName"} == {
        name: value for name, value in wanted.items() if name != "TableName"
    }
    assert table["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "expires_at"}


def test_the_table_survives_what_may_happen_to_the_stack(template: dict[str, Any]) -> None:
    table = template["Resources"]["RunStateTable"]

    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["SSESpecification"] == {"SSEEnabled": True}


def test_nobody_is_allowed_a_wildcard(template: dict[str, Any]) -> None:
    found = [
        f"{name} {statement.get('Sid', '')}: {text}"
        for name, statement in allowed(template)
        for key in ("Action", "Resource", "Principal")
        for text in cfn.texts(statement.get(key, []))
        if "*" in text
    ]

    assert found == []
    assert all("NotAction" not in one and "NotResource" not in one for _, one in allowed(template))


def test_each_function_has_a_role_of_its_own_that_no_managed_policy_widens(
    template: dict[str, Any], resources: dict[str, Any]
) -> None:
    roles = cfn.of_type(template, "AWS::IAM::Role")
    used = [resources[function]["Role"]["Fn::GetAtt"][0] for function in FUNCTIONS]

    assert sorted(used) == sorted(roles)
    assert all("ManagedPolicyArns" not in role for role in roles.values())
    assert all("Policies" not in resources[function] for function in FUNCTIONS)


def test_nothing_below_the_engine_sends_a_call_twice() -> None:
    with environment():
        clients = [aws.client(service) for service in ("dynamodb", "sqs", "ssm", "secretsmanager")]

    assert {client.meta.config.retries["total_max_attempts"] for client in clients} == {1}


def actions_on(template: dict[str, Any], role: str, what: str) -> set[str]:
    return {
        action
        for name, statement in allowed(template)
        if name == role and any(what in text for text in cfn.texts(statement.get("Resource", [])))
        for action in cfn.texts(statement["Action"])
    }


def secrets_of(template: dict[str, Any], role: str) -> set[str]:
    return {
        resource.rpartition("/")[2].rstrip("'}")
        for name, statement in allowed(template)
        if name == role and "ssm:GetParameters" in cfn.texts(statement["Action"])
        for resource in cfn.texts(statement["Resource"])
        if "SecretArn" not in resource
    }


def test_the_endpoints_write_nothing_but_the_queue_and_the_clock_deletes_what_it_sent(template: dict[str, Any]) -> None:
    for role in ("DiscordRole", "GitHubRole"):
        assert actions_on(template, role, "WorkQueue") == {"sqs:SendMessage"}
        assert actions_on(template, role, "RunStateTable") <= {"dynamodb:GetItem", "dynamodb:Query"}
    # What SQS' event source mapping does, it does in the worker's name.
    mapping = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    assert mapping <= actions_on(template, "WorkerRole", "WorkQueue")
    assert actions_on(template, "ClockRole", "RunStateTable") == {
        *("dynamodb:GetItem", "dynamodb:Query", "dynamodb:DeleteItem")
    }


def test_a_function_may_read_only_the_secrets_that_it_uses(template: dict[str, Any]) -> None:
    assert secrets_of(template, "DiscordRole") == set(DiscordEndpoint.SECRETS) == set()
    assert secrets_of(template, "GitHubRole") == set(GitHubEndpoint.SECRETS) == {"GITHUB_WEBHOOK_SECRET"}
    assert secrets_of(template, "WorkerRole") == set(WorkerPlace.SECRETS) == SECRETS - {"GITHUB_WEBHOOK_SECRET"}
    assert secrets_of(template, "ClockRole") == set(Place.SECRETS) == set()


ALARMS = {
    "DeadLettersAlarm",
    "SetAsideAlarm",
    "QueueAgeAlarm",
    "ErrorsAlarm",
    "ThrottlesAlarm",
    "ClockStoppedAlarm",
    "DiscordSlowAlarm",
    "ApiSlowAlarm",
    "ApiFaultsAlarm",
    "TableThrottlesAlarm",
}


def test_every_alarm_tells_the_topic_and_says_what_it_means(template: dict[str, Any]) -> None:
    alarms = cfn.of_type(template, "AWS::CloudWatch::Alarm")

    assert set(alarms) == ALARMS
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm["AlarmDescription"].endswith(".")
        assert alarm["TreatMissingData"] in {"notBreaching", "breaching"}


def test_an_alarm_about_functions_watches_all_four(resources: dict[str, Any]) -> None:
    for name in ("ErrorsAlarm", "ThrottlesAlarm"):
        watched = {
            metric["MetricStat"]["Metric"]["Dimensions"][0]["Value"]["Ref"]
            for metric in resources[name]["Metrics"]
            if "MetricStat" in metric
        }
        assert watched == set(FUNCTIONS)


def test_what_is_dead_lettered_rings_by_the_words_that_the_queue_logs(resources: dict[str, Any], root: Path) -> None:
    pattern = resources["SetAsideFilter"]["FilterPattern"]
    (metric,) = resources["SetAsideFilter"]["MetricTransformations"]
    alarm = resources["SetAsideAlarm"]

    assert pattern == '{ $.message = "*was set aside: *" }'
    assert '"%s was set aside: %s"' in (root / "src/valine/services/aws/queue.py").read_text(encoding="utf-8")
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])


def test_the_dashboard_is_json_and_shows_every_metric_of_ours(resources: dict[str, Any]) -> None:
    body = json.loads(resources["Dashboard"]["DashboardBody"]["Fn::Sub"])
    told = re.findall(r"^\| ([A-Z][\w, ]+?) +\| (?:Count|Seconds)", str(metrics.__doc__), flags=re.MULTILINE)
    names = {name for row in told for name in row.split(", ")}

    assert len(names) == 8
    assert {name for name in names if name not in json.dumps(body)} == set()
    assert f'["{metrics.NAMESPACE}", "Merges", "service", "{metrics.SERVICE}"' in json.dumps(body)


def test_discord_is_slow_before_it_gives_up(resources: dict[str, Any]) -> None:
    for name in ("DiscordSlowAlarm", "ApiSlowAlarm"):
        assert resources[name]["ExtendedStatistic"] == "p99"
        assert 1500 <= resources[name]["Threshold"] < 3000
    assert resources["DiscordHandlerFunction"]["Timeout"] >= 3


def test_the_outputs_have_the_addresses_and_the_names(template: dict[str, Any]) -> None:
    outputs = template["Outputs"]

    assert outputs["DiscordWebhookUrl"]["Value"]["Fn::Sub"].endswith("/discord")
    assert outputs["GitHubWebhookUrl"]["Value"]["Fn::Sub"].endswith("/github/webhook")
    named = {output["Value"]["Ref"] for output in outputs.values() if "Ref" in output["Value"]}
    assert named >= {"RunStateTable", "WorkQueue", "DeadLetterQueue", "AlarmTopic", *FUNCTIONS}
