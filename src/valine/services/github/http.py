"""The one seam through which every request to GitHub passes: sent once, never again, its failures named.

What GitHub answered comes back as an Answer; what it did not answer, and refusals nobody said they expect, are
raised as Transient, Permanent or Ambiguous (see errors.py). No other exception leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

import httpx2
import msgspec
import uritemplate

from valine import __version__
from valine.errors import OutsideError
from valine.ports import Clock
from valine.services.exchange import ACCEPTED, Bounds, TooLong, exchange
from valine.services.github import errors

T = TypeVar("T")

USER_AGENT = f"valine/{__version__}"
# https://docs.github.com/en/rest/about-the-rest-api/api-versions
API_VERSION = "2022-11-28"
ACCEPT = "application/vnd.github+json"
# GitHub gives a request 10 seconds; more than that is a lost answer.
# https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts
TIMEOUT = httpx2.Timeout(12, connect=4)
# All of an exchange. A page of 100 issues whose bodies are as long as GitHub lets them be (65,536 characters) fits.
BOUNDS = Bounds(seconds=15, size=32 * 1024 * 1024)
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)


def api_root(api_url: str) -> str:
    """The address that REST paths are appended to, with its slash."""
    return api_url.rstrip("/") + "/"


def graphql_url(api_url: str) -> str:
    """Where GraphQL lives: /graphql on github.com, /api/graphql beside /api/v3 on GitHub Enterprise Server.

    https://docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint
    """
    root = api_url.rstrip("/")
    return f"{root.removesuffix('/v3')}/graphql" if root.endswith("/api/v3") else f"{root}/graphql"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `write` says whether it may change something; `expected` are refusals the caller deals with."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = {}
    write: bool = False
    expected: Collection[int] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What GitHub answered: a 2xx, a 304, or a refusal that was expected."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    write: bool

    def read(self, kind: type[T]) -> T:
        """The body as that type. One that makes no sense is a lost answer: Transient for a read, else Ambiguous."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            detail = f"GitHub's answer ({self.status}) made no sense"
            raise errors.broken(detail, write=self.write) from error

    @property
    def words(self) -> str:
        """What GitHub says is wrong; empty if nothing is."""
        return errors.words(self.body)

    @property
    def more(self) -> bool:
        """True if there is a next page: https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api."""
        return 'rel="next"' in self.headers.get("link", "")


class GitHubHttp:
    """Sends requests to one GitHub, each exactly once."""

    def __init__(self, client: httpx2.AsyncClient, *, api_url: str, clock: Clock, bounds: Bounds = BOUNDS) -> None:
        self._client = client
        self._bounds = bounds
        self._root = api_root(api_url)
        self._clock = clock
        self.graphql_url = graphql_url(api_url)

    def url(self, template: str, **variables: object) -> str:
        """The address of a REST path as the documentation writes it; variables are quoted, `{/name*}` keeps slashes.

        The templates are those of https://www.rfc-editor.org/rfc/rfc6570.
        """
        texts = {name: list(map(str, v)) if isinstance(v, list) else str(v) for name, v in variables.items()}
        return self._root + uritemplate.expand(template.removeprefix("/"), None, **texts)

    async def send(self, request: Request, *, bearer: str | None = None) -> Answer:
        """The answer; `bearer` is a token or an App's JWT. Raises Transient, Permanent or Ambiguous; nothing else."""
        answer = await self._exchange(request, self._headers(request, bearer))
        if 200 <= answer.status < 300 or answer.status == 304:  # noqa: PLR2004
            return answer
        if answer.status in request.expected and not self._limited(answer):
            return answer
        raise self.refused(answer)

    def refused(self, answer: Answer) -> OutsideError:
        """The error that this refusal stands for."""
        now = self._clock.now()
        return errors.refusal(answer.status, answer.headers, answer.body, write=answer.write, now=now)

    def _limited(self, answer: Answer) -> bool:
        """A limit is a limit, whatever refusals the caller expects."""
        now = self._clock.now()
        return errors.limited_until(answer.status, answer.headers, answer.words, now) is not None

    @staticmethod
    def _headers(request: Request, bearer: str | None) -> dict[str, str]:
        # https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#headers
        headers = {"user-agent": USER_AGENT, "accept": ACCEPT, "x-github-api-version": API_VERSION}
        headers |= {**ACCEPTED, **request.headers}
        if bearer is not None:
            # https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#about-authentication
            headers["authorization"] = f"Bearer {bearer}"
        if request.body:
            headers["content-type"] = "application/json; charset=utf-8"
        return headers

    async def _exchange(self, request: Request, headers: Mapping[str, str]) -> Answer:
        try:
            sent = self._client.build_request(
                request.method, request.url, headers=headers, content=request.body or None, timeout=TIMEOUT
            )
            received = await exchange(self._client, sent, self._bounds)
        except NOT_SENT as error:
            raise errors.transient("unreachable", _what_failed(error)) from error
        except httpx2.InvalidURL as error:
            raise errors.permanent("invalid", f"GitHub's address is none: {error}") from error
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            raise errors.broken(_what_failed(error), write=request.write) from error
        except TooLong as error:
            raise errors.broken(f"GitHub {error}", write=request.write) from error
        return Answer(status=received.status, headers=received.headers, body=received.body, write=request.write)


def _what_failed(error: Exception) -> str:
    """What went wrong on the way, for people: it is told on Discord too."""
    if isinstance(error, NOT_SENT):
        words = "GitHub cannot be reached"
    elif isinstance(error, httpx2.TimeoutException):
        words = "GitHub did not answer in time"
    else:
        words = "the connection to GitHub broke"
    return f"{words}: {error}" if str(error) else words
