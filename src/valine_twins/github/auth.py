"""Who is asking, and may they: tokens, JWTs of Apps, and the permissions of both.

https://docs.github.com/en/rest/authentication and
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

from __future__ import annotations

import base64
import binascii
import json
import string
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from valine_twins.github.state import Installation, Token
from valine_twins.github.world import Refused, World

if TYPE_CHECKING:
    from valine_twins.github.rest import Call, Route
    from valine_twins.github.state import App, Repository, Role

_LEVELS = ("read", "write", "admin")
_LONGEST_JWT = 600 + 60  # ten minutes, and a minute for clocks that disagree
_LETTERS = string.ascii_letters + string.digits


def identify(world: World, headers: dict[str, str]) -> Token | App | None:
    """Whose credentials these are: a token's, an App's, nobody's (None). 401 for wrong or expired ones."""
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    if not scheme:
        return None
    value = _password(value.strip()) if scheme.lower() == "basic" else value.strip()
    if scheme.lower() not in ("bearer", "token", "basic") or not value:
        raise Refused(401, "Bad credentials")
    token = world.state.tokens.get(value)
    if token is not None:
        if token.expires_at is not None and token.expires_at <= world.now:
            raise Refused(401, "Bad credentials")
        return token
    if value.count(".") == 2:
        return _app_of_jwt(world, value)
    raise Refused(401, "Bad credentials")


def _password(value: str) -> str:
    """The token that came as a password, or as the name of somebody who has none."""
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (ValueError, binascii.Error) as error:
        raise Refused(401, "Bad credentials") from error
    return name if password in ("", "x-oauth-basic") else password


def _app_of_jwt(world: World, jwt: str) -> App:
    header, claims = (_part(text) for text in jwt.split(".")[:2])
    if header.get("alg") != "RS256":
        raise Refused(401, "A JSON web token could not be decoded")
    issuer = str(claims.get("iss", ""))
    app = next((one for one in world.state.apps.values() if issuer in (str(one.id), one.client_id)), None)
    if app is None:
        raise Refused(401, "Integration not found" if issuer else "'Issuer' claim ('iss') must be an Integer")
    now = world.now.timestamp()
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(expires, (int, float)) or expires <= now:
        raise Refused(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time"
            " at which the assertion expires",
        )
    if expires > now + _LONGEST_JWT:
        raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
    if not isinstance(issued, (int, float)) or issued > now + 60:
        raise Refused(
            401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )
    verifier = world.options.jwt_verifier
    if verifier is not None and app.public_key is not None and not verifier(jwt, app.public_key):
        raise Refused(401, "A JSON web token could not be decoded")
    return app


def _part(text: str) -> dict[str, Any]:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Refused(401, "A JSON web token could not be decoded") from error
    if not isinstance(decoded, dict):
        raise Refused(401, "A JSON web token could not be decoded")
    return decoded


def sees(world: World, token: Token | None, it: Repository) -> bool:
    """Whether a repository exists for whoever asks."""
    if not it.private:
        return True
    if token is None or (token.repositories is not None and it.full_name not in token.repositories):
        return False
    if token.installation is not None:
        return installed(world, token, it)
    return world.role(it, token.login) is not None


def installed(world: World, token: Token, it: Repository) -> bool:
    """Whether an installation token covers a repository."""
    installation = world.state.installations.get(token.installation or 0)
    if installation is None or installation.account.lower() != it.owner.lower():
        return False
    return installation.repositories is None or it.full_name in installation.repositories


def reaches(world: World, token: Token, it: Repository, least: Role) -> bool:
    """Whether a token is for this repository, and whoever it speaks for has at least that role."""
    if token.repositories is not None and it.full_name not in token.repositories:
        return False
    return installed(world, token, it) if token.installation is not None else world.may(it, token.login, least)


def allowed(token: Token, needs: str) -> bool:
    """Whether a token's permissions reach that far ("issues|pull_requests:write": either is enough)."""
    names, _, level = needs.partition(":")
    if token.permissions is None or names == "metadata":
        return True
    held = (token.permissions.get(name) for name in names.split("|"))
    return any(one in _LEVELS and _LEVELS.index(one) >= _LEVELS.index(level) for one in held if one)


def authorize(call: Call, row: Route) -> None:
    """Let a call through, or refuse it as GitHub does: 401, 404 for what is not seen, 403 for what is not allowed."""
    world, it, token = call.world, call.repository, call.token
    if call.app is not None:
        # A JWT opens the App's own routes and nothing else.
        if not row.template.startswith("/app") and not row.template.endswith("/installation"):
            raise Refused(401, "Bad credentials")
        return
    writing = not row.needs.endswith(":read")
    guarded = writing or row.role != "read"
    if token is None and (guarded or it is None):
        raise Refused(401, "Requires authentication")
    if it is None or token is None:
        return
    noun = "integration" if token.installation is not None else "personal access token"
    reach = reaches(world, token, it, row.role)
    if not allowed(token, row.needs) or (guarded and not reach):
        raise Refused(403, f"Resource not accessible by {noun}")
    if writing and it.archived:
        raise Refused(403, "Repository was archived so is read-only.")


def installation_token(world: World, installation: Installation, wanted: dict[str, Any]) -> Token:
    """A new token of an installation, for an hour, with no more permissions than were granted."""
    granted = installation.permissions
    asked = wanted.get("permissions") or granted
    over = [name for name, level in asked.items() if _rank(level) > _rank(granted.get(name))]
    if over:
        raise Refused(422, "The permissions requested are not granted to this installation.")
    names = wanted.get("repositories")
    repositories = None if names is None else [f"{installation.account}/{name}" for name in names]
    app = world.state.apps[installation.app_id]
    token = Token(
        value=invent(world, "ghs_", world.options.installation_token_length),
        login=f"{app.slug}[bot]",
        installation=installation.id,
        permissions=dict(asked),
        repositories=installation.repositories if repositories is None else repositories,
        expires_at=world.now + timedelta(hours=1),
    )
    world.state.tokens[token.value] = token
    return token


def _rank(level: object) -> int:
    return _LEVELS.index(level) if level in _LEVELS else -1


def invent(world: World, prefix: str, length: int) -> str:
    """A credential of that length."""
    return prefix + "".join(world.rng.choices(_LETTERS, k=length - len(prefix)))
