"""An endpoint on Lambda: an event of API Gateway in, an answer out, whatever happens."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from valine.errors import ConfigurationError, Malformed, StoreError
from valine.handlers import http_api
from valine.ingress.endpoints import HttpAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from valine.handlers.warm import Warm
    from valine.ingress.endpoints import HttpRequest, Ingress

log = logging.getLogger("valine.handlers")

TEXT = {"content-type": "text/plain; charset=utf-8"}


def answered(
    event: object, warm: Warm[Ingress], endpoint: Callable[[Ingress, HttpRequest], Coroutine[Any, Any, HttpAnswer]]
) -> dict[str, Any]:
    """The endpoint's answer to the event. 400 to what is no request, 503 while our own configuration is at fault."""
    try:
        request = http_api.request(event)
    except Malformed as error:
        log.warning("refused: %s", error)
        return _text(error.status, "this is no request that Valine understands")
    try:
        ingress = warm.get()
    except ConfigurationError as error:
        log.error("this function is not configured: %s", "; ".join(error.problems))  # noqa: TRY400 - names say it all
        return _text(503, "Valine is not configured here: its log names what is missing. Nothing was stored.")
    except StoreError as error:
        log.error("the settings could not be read: %s", error)  # noqa: TRY400 - the sentence says it all
        return _text(503, "Valine cannot read its settings at the moment. Nothing was stored: try again later.")
    return http_api.response(warm.run(endpoint(ingress, request)))


def _text(status: int, text: str) -> dict[str, Any]:
    return http_api.response(HttpAnswer(status=status, headers=TEXT, body=text.encode()))
