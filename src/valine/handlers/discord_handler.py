"""`POST /discord`: interactions, verified before anything else. It knows no token, and reads no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine.bootstrap import aws
from valine.handlers.endpoints import answered
from valine.handlers.warm import Made, Warm
from valine.ingress.endpoints import Ingress
from valine.settings.functions import DiscordEndpoint

if TYPE_CHECKING:
    from collections.abc import Mapping


def make(environ: Mapping[str, str]) -> Made[Ingress]:
    """The endpoint of this environment. Raises ConfigurationError."""
    return Made(aws.discord_endpoint(DiscordEndpoint.load(environ)))


_warm = Warm(make)
_warm.prepare()


def handler(event: object, _: object) -> dict[str, Any]:
    """The answer to an interaction, as API Gateway takes it."""
    return answered(event, _warm, Ingress.discord)
