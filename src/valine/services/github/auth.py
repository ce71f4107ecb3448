"""Who Valine is to GitHub: a token, or an App whose installation tokens are renewed before they end.

Time comes from the clock port only. Nothing here logs or raises a secret.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Protocol

import httpx2
import msgspec

from valine.errors import ConfigurationError, Permanent
from valine.ports import Clock
from valine.services.github import errors
from valine.services.github.http import GitHubHttp, Request
from valine.services.github.moment import Moment

RENEW_BEFORE = timedelta(minutes=5)
# exp "must be no more than 10 minutes into the future"; iat: "we recommend that you set this 60 seconds in the past".
# https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
JWT_BACKDATED = timedelta(seconds=60)
JWT_LIFE = timedelta(minutes=9)


class Auth(Protocol):
    """Gives the token to send, and hears when GitHub does not take it."""

    async def token(self) -> str:
        """A token that is good for 5 minutes more at least. Raises Transient or Permanent."""
        ...

    def rejected(self, token: str) -> bool:
        """GitHub answered 401 to this token: True if asking for another one may help."""
        ...


class TokenAuth:
    """A fine-grained (or classic) token, as it is."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self) -> str:
        return self._token

    def rejected(self, token: str) -> bool:  # noqa: ARG002 - there is no other one
        return False


class _Installation(msgspec.Struct):
    id: int


class _Granted(msgspec.Struct):
    token: str
    expires_at: Moment


class AppAuth:
    r"""A GitHub App, installed on the repository: signs a JWT and gets installation tokens for that repository alone.

    `app_id` is the App's id or client id, `private_key` its RSA key as PEM (`\n` may be written out). Raises
    ConfigurationError if the key is none.
    """

    def __init__(
        self, client: httpx2.AsyncClient, *, app_id: str, private_key: str, repository: str, api_url: str, clock: Clock
    ) -> None:
        self._http = GitHubHttp(client, api_url=api_url, clock=clock)
        self._app_id = str(app_id)
        self._key = _rsa_key(private_key)
        self._owner, _, self._name = repository.partition("/")
        self._clock = clock
        self._granted: _Granted | None = None
        self._renewing = asyncio.Lock()

    async def token(self) -> str:
        async with self._renewing:
            if self._granted is None or self._clock.now() + RENEW_BEFORE >= self._granted.expires_at:
                self._granted = await self._renew()
            return self._granted.token

    def rejected(self, token: str) -> bool:
        if self._granted is not None and self._granted.token == token:
            self._granted = None
        return True

    def jwt(self) -> str:
        """The App's own credential, good for 9 minutes: RS256, `iss` a string."""
        import jwt

        now = self._clock.now()
        claims = {
            "iat": int((now - JWT_BACKDATED).timestamp()),
            "exp": int((now + JWT_LIFE).timestamp()),
            "iss": self._app_id,
        }
        return jwt.encode(claims, self._key, algorithm="RS256")

    async def _renew(self) -> _Granted:
        """A new token. The installation is asked for each time: who installs the App anew changes its id.

        https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
        """
        signed = self.jwt()
        where = self._http.url("/repos/{owner}/{repo}/installation", owner=self._owner, repo=self._name)
        try:
            found = await self._http.send(Request(method="GET", url=where), bearer=signed)
        except Permanent as error:
            if error.failure.code == "not_found":
                detail = f"the GitHub App is not installed on {self._owner}/{self._name}"
                raise errors.permanent("not_found", detail) from error
            raise
        installation = found.read(_Installation).id
        url = self._http.url("/app/installations/{installation_id}/access_tokens", installation_id=installation)
        body = msgspec.json.encode({"repositories": [self._name]})
        # Not a `write`: a token that nobody received harms nobody, so this may be repeated.
        answer = await self._http.send(Request(method="POST", url=url, body=body), bearer=signed)
        return answer.read(_Granted)


def _rsa_key(pem: str) -> Any:
    """The key; ConfigurationError if it is none. What the text was is not repeated: it may be secret anyway."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    problem = "GITHUB_APP_PRIVATE_KEY is not an RSA private key in PEM form (-----BEGIN RSA PRIVATE KEY----- …)"
    try:
        key = load_pem_private_key(pem.replace("\\n", "\n").strip().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError((problem,)) from error
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError((problem,))
    return key
