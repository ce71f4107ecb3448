"""GitHub as one repository's forge sees it: reads, paced and serial writes, pages, GraphQL; each with credentials."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any, TypeVar

import httpx2
import msgspec

from valine.ports import Clock
from valine.services.github.auth import Auth
from valine.services.github.graphql import Reply, judge
from valine.services.github.http import Answer, GitHubHttp, Request
from valine.services.pacing import Pacer

T = TypeVar("T")
UNAUTHORIZED, NOT_FOUND = 401, 404
NOT_MODIFIED = 304
PAGE = 100
MOST_PAGES = 100


class GitHubApi:
    """Requests about one repository. `{owner}` and `{repo}` in a path are its own."""

    def __init__(
        self, client: httpx2.AsyncClient, *, repository: str, api_url: str, auth: Auth, clock: Clock, pacer: Pacer
    ) -> None:
        self._http = GitHubHttp(client, api_url=api_url, clock=clock)
        self._auth = auth
        self._pacer = pacer
        self._writing = asyncio.Lock()
        self._remembered: dict[str, Answer] = {}
        self.owner, _, self.name = repository.partition("/")
        self.clock = clock
        self.unconfirmed = False  # whether the last write was taken: until it is seen, it may or may not be so

    async def get(self, path: str, *, expected: Collection[int] = (), **variables: object) -> Answer:
        """The answer to a GET of that path."""
        return await self._send(Request(method="GET", url=self._url(path, variables), expected=expected))

    async def find(self, path: str, **variables: object) -> Answer | None:
        """What is there; None if it is surely not there. Raises as `get` does.

        Who is shut out is told of everything that it is gone. So the repository itself is looked at, and then the path
        once more: one may have been let in again in between.
        """
        answer = await self.get(path, expected={NOT_FOUND}, **variables)
        if answer.status == NOT_FOUND:
            await self.get("/repos/{owner}/{repo}")
            answer = await self.get(path, expected={NOT_FOUND}, **variables)
        return None if answer.status == NOT_FOUND else answer

    async def write(
        self, method: str, path: str, body: Any = None, *, expected: Collection[int] = (), **variables: object
    ) -> Answer:
        """The answer to a write: sent once, in its turn, one at a time. A 5xx or no answer raises Ambiguous."""
        request = Request(
            method=method,
            url=self._url(path, variables),
            body=b"" if body is None else msgspec.json.encode(body),
            write=True,
            expected=expected,
        )
        async with self._writing:
            self.unconfirmed = False
            answer = await self._send(request)
            self.unconfirmed = answer.status not in expected
            return answer

    async def pages(self, path: str, kind: type[T], **variables: object) -> AsyncIterator[T]:
        """The items of a list, page after page; `path` ends with `,per_page,page` in its query."""
        for page in range(1, MOST_PAGES + 1):
            url = self._url(path, {**variables, "per_page": PAGE, "page": page})
            answer = await self._send(Request(method="GET", url=url))
            for item in answer.read(list[kind]):  # type: ignore[valid-type]
                yield item
            if not answer.more:
                return

    async def get_conditional(self, path: str, *, expected: Collection[int] = (), **variables: object) -> Answer:
        """As `get`, but what did not change since is answered from memory, and costs GitHub's limits nothing.

        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
        """
        url = self._url(path, variables)
        known = self._remembered.get(url)
        headers = {"if-none-match": known.headers["etag"]} if known else {}
        answer = await self._send(Request(method="GET", url=url, headers=headers, expected=expected))
        if answer.status == NOT_MODIFIED and known is not None:
            return known
        self._remembered.pop(url, None)
        if "etag" in answer.headers and answer.status not in expected:
            self._remembered[url] = answer
        return answer

    async def graphql(self, document: str, variables: dict[str, Any]) -> Reply:
        """What a query found, perhaps with parts missing. Raises Transient (limits among them) or Permanent."""
        body = msgspec.json.encode({"query": document, "variables": variables})
        answer = await self._send(Request(method="POST", url=self._http.graphql_url, body=body))
        return judge(answer, self.clock.now())

    def _url(self, path: str, variables: dict[str, object]) -> str:
        return self._http.url(path, owner=self.owner, repo=self.name, **variables)

    async def _send(self, request: Request) -> Answer:
        """Send it; if an expired token is refused, once more with a new one: a 401 surely had no effect."""
        token = await self._auth.token()
        first = msgspec.structs.replace(request, expected={*request.expected, UNAUTHORIZED})
        answer = await self._turn(first, token)
        if answer.status != UNAUTHORIZED:
            return answer
        if self._auth.rejected(token):
            token = await self._auth.token()
            return await self._turn(request, token)
        raise self._http.refused(answer)

    async def _turn(self, request: Request, token: str) -> Answer:
        if request.write:
            await self._pacer.turn()
        return await self._http.send(request, bearer=token)
