"""`POST /discord`: interactions, verified before anything else. It knows no token, and reads no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine.bootstrap import aws
from valine.handlers.doors import answered
from valine.handlers.warm import Warm
from valine.intake import Intake

if TYPE_CHECKING:
    from collections.abc import Mapping

_warm: Warm[Intake] = Warm(lambda environ: aws.discord_door(environ))
_warm.prepare()


def handler(event: Mapping[str, Any], _: Any) -> Any:
    """The answer to an interaction, as API Gateway takes it."""
    return answered(event, _warm, Intake.discord)
