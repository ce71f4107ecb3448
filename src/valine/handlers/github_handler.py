"""`POST /github/webhook` and `GET /healthz`. Of the secrets it reads GITHUB_WEBHOOK_SECRET alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from valine.bootstrap import aws
from valine.handlers.endpoints import answered
from valine.handlers.warm import Made, Warm
from valine.settings.functions import GitHubEndpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from valine.ingress.endpoints import HttpAnswer, HttpRequest, Ingress

HEALTH = "/healthz"


def make(environ: Mapping[str, str]) -> Made[Ingress]:
    """The endpoint of this environment. Raises ConfigurationError."""
    told = GitHubEndpoint.load(aws.with_its_secrets(environ, GitHubEndpoint.SECRETS))
    return Made(aws.github_endpoint(told), (told.webhook_secret.reveal(),))


_warm = Warm(make)
_warm.prepare()


def handler(event: object, _: object) -> dict[str, Any]:
    """The answer to a webhook, or how the store is, as API Gateway takes it."""
    return answered(event, _warm, endpoint)


async def endpoint(ingress: Ingress, request: HttpRequest) -> HttpAnswer:
    """What this function answers to the request."""
    if request.path.endswith(HEALTH) and request.method.upper() in {"GET", "HEAD"}:
        return await ingress.health()
    return await ingress.github(request)
