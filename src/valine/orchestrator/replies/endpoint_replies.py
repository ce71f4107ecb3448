"""What is answered at once to a request that goes no further than the endpoint."""

from __future__ import annotations

from valine.orchestrator.facts.documents import Fact


class UnknownCommand(Fact, frozen=True, kw_only=True, tag=True):
    """A slash command that this version does not have."""


class UnknownComponent(Fact, frozen=True, kw_only=True, tag=True):
    """A button, select or dialog of an older version, or of something else."""


class DirectMessage(Fact, frozen=True, kw_only=True, tag=True):
    """There is no server, so nobody's permissions can be known."""


class AnotherServer(Fact, frozen=True, kw_only=True, tag=True):
    """The server, or the application, is not the one of the settings."""


class BadRun(Fact, frozen=True, kw_only=True, tag=True):
    """The text of a `run` option is no run's name."""


class BadLimit(Fact, frozen=True, kw_only=True, tag=True):
    """The `limit` of /plan is no number, or not from 1 to `most`."""

    most: int


class BadLabel(Fact, frozen=True, kw_only=True, tag=True):
    """The `label` of /plan is no text, or has more characters than the `longest` label."""

    longest: int


class NothingChosen(Fact, frozen=True, kw_only=True, tag=True):
    """The select was closed with nothing in it."""


class NotStored(Fact, frozen=True, kw_only=True, tag=True):
    """The store or the queue did not take it."""


class PerhapsStored(Fact, frozen=True, kw_only=True, tag=True):
    """The queue may have taken it, and did not say so."""


class NotRead(Fact, frozen=True, kw_only=True, tag=True):
    """The store could not be read for a /status."""


class Unexpected(Fact, frozen=True, kw_only=True, tag=True):
    """A mistake of Valine's own; the log has more by that id."""

    correlation: str


EndpointReply = (
    UnknownCommand
    | UnknownComponent
    | DirectMessage
    | AnotherServer
    | BadRun
    | BadLimit
    | BadLabel
    | NothingChosen
    | NotStored
    | PerhapsStored
    | NotRead
    | Unexpected
)
