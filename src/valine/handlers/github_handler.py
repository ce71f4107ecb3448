"""`POST /github/webhook` and `GET /healthz`. Of the secrets it reads GITHUB_WEBHOOK_SECRET alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine.bootstrap import aws
from valine.handlers.doors import HEALTH, answered
from valine.handlers.warm import Warm
from valine.intake import HttpAnswer, HttpRequest, Intake

if TYPE_CHECKING:
    from collections.abc import Mapping

_warm: Warm[Intake] = Warm(lambda environ: aws.github_door(environ))
_warm.prepare()


def handler(event: Mapping[str, Any], _: Any) -> Any:
    """The answer to a webhook, or how the store is, as API Gateway takes it."""
    return answered(event, _warm, _door)


async def _door(intake: Intake, request: HttpRequest) -> HttpAnswer:
    if request.path.endswith(HEALTH) and request.method.upper() in {"GET", "HEAD"}:
        return await intake.health()
    return await intake.github(request)
