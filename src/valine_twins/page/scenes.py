"""What the page is shown of each twin: its view, less what no person looks at, and in a size that travels often."""

from __future__ import annotations

from typing import Any

LATEST = 40  # interactions that the page follows, beside those that messages came of
COMMITS = 30  # of each branch
PROBLEMS = 20


def discord(view: dict[str, Any]) -> dict[str, Any]:
    """Channels, ephemeral messages, people, commands, and the interactions that matter still."""
    channels = [_place(channel) for channel in view["channels"]]
    ephemeral = {who: [_message(one) for one in messages] for who, messages in view["ephemeral"].items()}
    known = {command["name"]: command for scope in ("global", "guild") for command in view["commands"][scope]}
    asked = {one["interaction"] for messages in ephemeral.values() for one in messages}
    asked |= {one["interaction"] for channel in channels for one in _everything(channel)}
    interactions = view["interactions"]
    late = {one["id"] for one in interactions[-LATEST:]}
    return {
        "application": {"id": view["application"]["id"], "name": view["application"]["name"]},
        "guild": view["guild"],
        "channels": channels,
        "ephemeral": ephemeral,
        "commands": [known[name] for name in sorted(known) if known[name].get("type", 1) == 1],
        "interactions": [one for one in interactions if one["id"] in late or one["id"] in asked],
        "problems": view["problems"][-PROBLEMS:],
        "faults": view["faults"],
    }


def _place(place: dict[str, Any]) -> dict[str, Any]:
    shown = place | {"messages": [_message(one) for one in place["messages"]]}
    if "threads" in place:
        shown["threads"] = [_place(one) for one in place["threads"]]
    return shown


def _message(message: dict[str, Any]) -> dict[str, Any]:
    """Without the transcript, which is for terminals."""
    shown = {key: value for key, value in message.items() if key != "text"}
    if shown.get("thread"):
        shown["thread"] = _place(shown["thread"])
    return shown


def _everything(place: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(place["messages"])
    for one in place["messages"]:
        found += one["thread"]["messages"] if one.get("thread") else []
    for thread in place.get("threads", ()):
        found += thread["messages"]
    return found


def github(view: dict[str, Any]) -> dict[str, Any]:
    """Each repository, its commits told once for all branches."""
    return {
        "repositories": {name: _repository(one) for name, one in view["repositories"].items()},
        "faults": view["faults"],
    }


def _repository(one: dict[str, Any]) -> dict[str, Any]:
    logs = [commit for branch in one["branches"].values() for commit in branch["log"][:COMMITS]]
    commits = {
        commit["sha"]: commit | {"message": str(commit["message"]).partition("\n")[0]} for commit in reversed(logs)
    }
    return one | {
        "branches": {name: branch["head"] for name, branch in one["branches"].items()},
        "commits": list(commits.values()),
    }
