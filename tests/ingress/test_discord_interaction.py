from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from discord_bytes import (
    APPLICATION,
    CHANNEL,
    GUILD,
    INTERACTION,
    MANAGE_SERVER,
    NOW,
    USER,
    Json,
    click,
    encoded,
    interaction,
    ping,
    slash,
    typing,
)
from valine.errors import Malformed
from valine.ingress.discord.interaction import read
from valine.ingress.discord.parsed import Asked, Ping, Refused, StatusAsked, SuggestionsAsked
from valine.orchestrator import replies
from valine.orchestrator.model.events import (
    CancelConfirmed,
    CancelRequested,
    PlanApproved,
    PlanEdited,
    PlanRejected,
    PlanRequested,
    RetryRequested,
    ShipConfirmed,
    ShipRequested,
)
from valine.orchestrator.replies import Reply
from valine.ports import ReplyTo

UID = "abcdefghij23"
EPHEMERAL_DEFERRAL = {"type": 5, "data": {"flags": 64}}


def parsed(interaction: Json, guild: str = GUILD) -> Any:
    return read(encoded(interaction), NOW, application_id=APPLICATION, guild_id=guild)


def command(interaction: Json) -> Any:
    meant = parsed(interaction)
    assert isinstance(meant, Asked)
    return meant.command


def refusal(interaction: Json, guild: str = GUILD) -> Reply:
    meant = parsed(interaction, guild)
    assert isinstance(meant, Refused)
    return meant.reply


def test_a_ping_is_a_ping_even_without_a_member_or_a_guild() -> None:
    assert parsed(ping()) == Ping()


def test_plan_carries_who_asked_when_and_where_with_their_effective_permissions() -> None:
    asked = command(slash("plan", label="ready", limit=5))

    assert isinstance(asked, PlanRequested)
    assert (asked.label, asked.limit, asked.channel) == ("ready", 5, CHANNEL)
    assert asked.id == f"discord:{INTERACTION}"
    assert asked.at == NOW
    assert asked.by.platform == "discord"
    assert (asked.by.id, asked.by.name) == (USER, "Ana Lopez")
    assert asked.by.permissions == MANAGE_SERVER
    assert asked.by.roles == ("900000000000000020",)


def test_when_it_was_asked_is_read_from_the_interactions_own_id() -> None:
    # the example of https://docs.discord.com/developers/reference#snowflakes
    asked = command(slash("plan", {"id": "175928847299117063"}))

    assert asked.asked_at.isoformat(timespec="milliseconds") == "2016-04-30T11:18:25.796+00:00"


def test_when_it_was_asked_is_told_by_discords_clock_however_slow_ours_is() -> None:
    early = datetime(2016, 4, 30, 11, 0, tzinfo=UTC)
    body = encoded(slash("approve", {"id": "175928847299117063"}))
    asked = read(body, early, application_id=APPLICATION, guild_id=GUILD)

    assert isinstance(asked, Asked)
    assert asked.command.asked_at > early


def test_a_command_is_deferred_ephemerally_and_answered_with_its_token() -> None:
    meant = parsed(slash("plan"))

    assert isinstance(meant, Asked)
    assert meant.deferral == EPHEMERAL_DEFERRAL
    assert meant.reply_to == ReplyTo(at=NOW, token="token-1", edits=False)


def test_plan_without_options_leaves_label_and_limit_to_the_policy() -> None:
    asked = command(slash("plan"))

    assert isinstance(asked, PlanRequested)
    assert (asked.label, asked.limit) == (None, None)


def test_a_blank_label_is_no_label() -> None:
    asked = command(slash("plan", label="  "))

    assert isinstance(asked, PlanRequested)
    assert asked.label is None


def test_plan_typed_in_a_thread_is_for_the_channel_that_the_thread_hangs_in() -> None:
    asked = command(slash("plan", {"channel": {"id": "7", "type": 11, "parent_id": "8"}, "channel_id": "7"}))

    assert isinstance(asked, PlanRequested)
    assert asked.channel == "8"


@pytest.mark.parametrize("limit", [0, 251, -1, "5", True, 1.5, None, [], 10**30])
def test_a_limit_out_of_range_or_of_another_type_is_refused_with_what_it_may_be(limit: Any) -> None:
    wrong = slash("plan")
    wrong["data"]["options"] = [{"name": "limit", "type": 4, "value": limit}]

    if limit is None:
        assert isinstance(command(wrong), PlanRequested)
    else:
        assert refusal(wrong) == replies.BadLimit(most=250)


@pytest.mark.parametrize("label", ["x" * 101, ["ready"], 1.5, {"a": 1}])
def test_a_label_that_can_be_none_is_refused(label: Any) -> None:
    assert refusal(slash("plan", label=label)) == replies.BadLabel(longest=100)


@pytest.mark.parametrize(("typed", "number"), [("r12", 12), ("12", 12), (" R12 ", 12), (12, 12), ("", None)])
def test_a_run_is_named_as_people_name_it(typed: Any, number: Any) -> None:
    assert command(slash("ship", run=typed)).run == number


def test_without_a_run_the_obvious_one_is_meant() -> None:
    assert command(slash("approve")).run is None
    assert parsed(slash("status")) == StatusAsked(run=None)


def test_approving_what_was_picked_from_the_list_carries_revision_and_digest() -> None:
    approved = command(slash("approve", run="r12@2.d1g3st"))

    assert isinstance(approved, PlanApproved)
    assert (approved.run, approved.revision, approved.digest) == (12, 2, "d1g3st")


def test_approving_what_was_typed_by_hand_carries_the_run_alone() -> None:
    approved = command(slash("approve", run="r12"))

    assert isinstance(approved, PlanApproved)
    assert (approved.run, approved.revision, approved.digest) == (12, None, None)


@pytest.mark.parametrize(
    "typed", ["twelve", "r", "r-1", "r12@", "r12@2", "r12@2.", "12.5", "r1 r2", "٣", "9" * 10, -1, ["r1"]]
)
@pytest.mark.parametrize("name", ["approve", "status", "ship"])
def test_what_is_no_runs_name_is_refused_with_what_to_do(name: str, typed: Any) -> None:
    assert refusal(slash(name, run=typed)) == replies.BadRun()


def test_status_is_to_be_answered_at_once() -> None:
    assert parsed(slash("status", run="r3")) == StatusAsked(run=3)
    assert parsed(click(f"v1:status:3:{UID}")) == StatusAsked(run=3, uid=UID)


def test_a_command_we_do_not_have_is_answered_with_those_we_have() -> None:
    assert refusal(slash("deploy")) == replies.UnknownCommand()


def test_a_user_command_that_has_the_name_of_ours_is_not_ours() -> None:
    strange = slash("plan")
    strange["data"]["type"] = 2

    assert refusal(strange) == replies.UnknownCommand()


@pytest.mark.parametrize(
    ("custom_id", "kind", "fields"),
    [
        (f"v1:approve:12:{UID}:2:d1g3st", PlanApproved, {"revision": 2, "digest": "d1g3st"}),
        (f"v1:reject:12:{UID}:2:d1g3st", PlanRejected, {"revision": 2, "digest": "d1g3st"}),
        (f"v1:ship:12:{UID}", ShipRequested, {}),
        (f"v1:confirm:12:{UID}:heads1", ShipConfirmed, {"heads": "heads1"}),
        (f"v1:cancel:12:{UID}", CancelRequested, {}),
        (f"v1:cancel-keep:12:{UID}", CancelConfirmed, {"close_pull_requests": False}),
        (f"v1:cancel-close:12:{UID}", CancelConfirmed, {"close_pull_requests": True}),
        (f"v1:retry:12:{UID}", RetryRequested, {"issue": None}),
    ],
)
def test_a_button_says_which_run_it_is_about_and_exactly_what_was_on_show(
    custom_id: str, kind: Any, fields: dict[str, Any]
) -> None:
    asked = command(click(custom_id))

    assert type(asked) is kind
    assert (asked.run, asked.uid) == (12, UID)
    assert {name: getattr(asked, name) for name in fields} == fields


def test_the_select_takes_issues_out_of_the_revision_that_it_stood_under() -> None:
    edited = command(click(f"v1:drop:12:{UID}:2", values=["41", "43", "41"]))

    assert isinstance(edited, PlanEdited)
    assert (edited.revision, edited.drop, edited.uid) == (2, (41, 43), UID)


def test_a_select_closed_with_nothing_in_it_leaves_the_plan_as_it_is() -> None:
    assert refusal(click(f"v1:drop:12:{UID}:2", values=[])) == replies.NothingChosen()


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "approve",
        "v0:approve:12:abcdefghij23:2:d",
        f"v1:explode:12:{UID}",
        f"v1:approve:12:{UID}",
        f"v1:approve:12:{UID}:two:d",
        f"v1:reject:12:{UID}:2",
        f"v1:drop:12:{UID}",
        f"v1:confirm:12:{UID}",
        "x" * 100,
    ],
)
def test_a_button_of_another_version_or_app_is_answered_and_does_nothing(custom_id: str) -> None:
    assert refusal(click(custom_id)) == replies.UnknownComponent()


def test_a_select_whose_values_are_no_issues_does_nothing() -> None:
    assert refusal(click(f"v1:drop:12:{UID}:2", values=["41", "x"])) == replies.UnknownComponent()


def test_a_click_on_a_public_message_is_answered_by_a_new_message_that_only_the_person_sees() -> None:
    meant = parsed(click(f"v1:approve:12:{UID}:2:d"))

    assert isinstance(meant, Asked)
    assert (meant.deferral, meant.reply_to.edits) == (EPHEMERAL_DEFERRAL, False)


def test_a_click_on_an_ephemeral_message_is_answered_by_editing_it() -> None:
    meant = parsed(click(f"v1:confirm:12:{UID}:h", ephemeral=True))

    assert isinstance(meant, Asked)
    assert (meant.deferral, meant.reply_to.edits) == ({"type": 6}, True)


def test_a_dialog_and_whatever_discord_invents_next_are_answered_as_unknown() -> None:
    assert refusal(interaction(5, data={"custom_id": "m", "components": []})) == replies.UnknownComponent()
    assert refusal(interaction(99, data={})) == replies.UnknownComponent()


def test_in_a_direct_message_nobodys_rights_are_known_so_nothing_is_done() -> None:
    direct = slash("plan")
    del direct["member"], direct["guild_id"]

    assert refusal(direct | {"user": {"id": USER, "username": "ana"}}) == replies.DirectMessage()


@pytest.mark.parametrize("changes", [{"guild_id": "5"}, {"application_id": "5"}, {"application_id": None}])
def test_another_server_or_application_is_told_that_it_is_not_served(changes: Any) -> None:
    assert refusal(slash("plan", changes)) == replies.AnotherServer()


@pytest.mark.parametrize("permissions", [None, "", "all", "-1", 32, "٣", "9" * 41])
def test_permissions_that_cannot_be_read_are_none(permissions: Any) -> None:
    asked = slash("plan")
    asked["member"]["permissions"] = permissions

    assert command(asked).by.permissions == 0


def test_permissions_beyond_64_bits_are_kept() -> None:
    asked = slash("plan")
    asked["member"]["permissions"] = str(1 << 70 | MANAGE_SERVER)

    assert command(asked).by.permissions == 1 << 70 | MANAGE_SERVER


def test_somebody_without_a_display_name_is_called_by_their_user_name() -> None:
    asked = slash("plan")
    asked["member"]["user"]["global_name"] = None

    assert command(asked).by.name == "ana"


def test_what_is_typed_into_an_option_asks_for_suggestions() -> None:
    assert parsed(typing("approve", "run", "r1")) == SuggestionsAsked(command="approve", option="run", text="r1")


@pytest.mark.parametrize("changes", [{"guild_id": "5"}, {"application_id": "5"}, {"member": None}, {"data": None}])
def test_outsiders_get_no_suggestions_since_nothing_else_may_answer_autocomplete(changes: Any) -> None:
    assert parsed(typing("approve", "run", "r1", changes)) == SuggestionsAsked()


@pytest.mark.parametrize("missing", ["id", "type", "token", "data", "channel_id"])
def test_an_interaction_without_what_every_one_has_is_malformed(missing: str) -> None:
    broken = slash("plan")
    del broken[missing]

    with pytest.raises(Malformed):
        parsed(broken)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b"payload=%7B%7D", b'{"id":"\xc3"}', b"[" * 100_000]
)
def test_what_is_no_interaction_at_all_is_malformed(body: Any) -> None:
    with pytest.raises(Malformed):
        read(body, NOW, application_id=APPLICATION, guild_id=GUILD)


def test_what_discord_adds_tomorrow_is_no_error() -> None:
    asked = slash("plan", {"tomorrow": {"a": [1, None]}, "context": 99, "locale": "tlh"})

    assert command(asked).at - command(asked).asked_at < timedelta(days=4000)
