"""An App introduces itself with a JWT, and its tokens are renewed before they end."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from builders import NOON, REPOSITORY, after
from services.github.forge_world import API, OddGitHub, no, ok
from services.github.things import LABEL_EFFECT
from valine.errors import ConfigurationError, Permanent, Transient
from valine.services.github import AppAuth, TokenAuth

GRANTED = "ghs_" + "x" * 520
PERMISSION = {"permission": "write"}


def _pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode())


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _app(github: OddGitHub, key: rsa.RSAPrivateKey) -> AppAuth:
    return AppAuth(
        github.client, app_id="123", private_key=_pem(key), repository=REPOSITORY, api_url=API, clock=github.clock
    )


def _grants(token: str = GRANTED, until: datetime | None = None) -> list[httpx2.Response]:
    ends = (until or after(3600)).isoformat().replace("+00:00", "Z")
    return [ok({"id": 77}), ok({"token": token, "expires_at": ends}, 201)]


async def test_a_jwt_is_signed_for_at_most_ten_minutes_with_its_issuer_as_text(
    github: OddGitHub, key: rsa.RSAPrivateKey
) -> None:
    github.says(*_grants())

    await _app(github, key).token()

    scheme, _, signed = github.requests[0].headers["authorization"].partition(" ")
    claims = jwt.decode(signed, key.public_key(), ["RS256"], options={"verify_exp": False, "verify_iat": False})
    assert scheme == "Bearer"
    assert claims["iss"] == "123"
    assert claims["iat"] == int(NOON.timestamp()) - 60
    assert 0 < claims["exp"] - NOON.timestamp() <= 600
    assert github.seen == ["GET /repos/team/app/installation", "POST /app/installations/77/access_tokens"]
    assert github.bodies[1] == {"repositories": ["app"]}


async def test_a_token_whose_end_has_no_offset_is_asked_for_again(github: OddGitHub, key: rsa.RSAPrivateKey) -> None:
    auth = _app(github, key)
    github.says(ok({"id": 77}), ok({"token": "ghs_odd", "expires_at": "2026-11-02T13:00:00"}, 201), *_grants())

    with pytest.raises(Transient):
        await auth.token()

    assert await auth.token() == GRANTED


async def test_a_token_that_ended_in_the_year_one_is_renewed(github: OddGitHub, key: rsa.RSAPrivateKey) -> None:
    auth = _app(github, key)
    github.says(ok({"id": 77}), ok({"token": "ghs_old", "expires_at": "0001-01-01T00:00:00Z"}, 201), *_grants())

    assert [await auth.token(), await auth.token()] == ["ghs_old", GRANTED]


async def test_a_token_is_kept_until_five_minutes_before_its_end(github: OddGitHub, key: rsa.RSAPrivateKey) -> None:
    auth = _app(github, key)
    github.says(*_grants("ghs_first", after(3600)), *_grants("ghs_second", after(7200)))

    first = await auth.token()
    github.clock.at += timedelta(minutes=54)
    same = await auth.token()
    github.clock.at += timedelta(minutes=1)
    second = await auth.token()

    assert [first, same, second] == ["ghs_first", "ghs_first", "ghs_second"]


async def test_many_who_ask_at_once_get_one_token(github: OddGitHub, key: rsa.RSAPrivateKey) -> None:
    auth = _app(github, key)
    github.says(*_grants())

    tokens = await asyncio.gather(*[auth.token() for _ in range(5)])

    assert set(tokens) == {GRANTED}
    assert len(github.seen) == 2


async def test_a_read_refused_with_401_is_repeated_once_with_a_new_token(
    github: OddGitHub, key: rsa.RSAPrivateKey
) -> None:
    github.says(*_grants("ghs_revoked"), no(401, "Bad credentials"), *_grants("ghs_new"), ok(PERMISSION))

    assert await github.forge(_app(github, key)).may_write("ana")

    assert github.requests[-1].headers["authorization"] == "Bearer ghs_new"


async def test_a_write_refused_with_401_had_no_effect_and_is_repeated_once(
    github: OddGitHub, key: rsa.RSAPrivateKey
) -> None:
    refused = no(401, "Bad credentials")
    github.says(*_grants("ghs_revoked"), refused, *_grants("ghs_new"), no(401, "Bad credentials"))

    with pytest.raises(Permanent) as caught:
        await github.forge(_app(github, key)).perform(LABEL_EFFECT)

    assert caught.value.failure.code == "unauthorized"
    assert [seen.split()[0] for seen in github.seen] == ["GET", "POST", "POST", "GET", "POST", "POST"]


async def test_a_plain_token_that_is_refused_is_not_tried_again(github: OddGitHub) -> None:
    github.says(no(401, "Bad credentials"))

    with pytest.raises(Permanent) as caught:
        await github.forge(TokenAuth("ghp_gone")).may_write("ana")

    assert caught.value.failure.code == "unauthorized"
    assert len(github.seen) == 1


async def test_an_app_that_is_not_installed_says_so(github: OddGitHub, key: rsa.RSAPrivateKey) -> None:
    github.says(no(404, "Not Found"))

    with pytest.raises(Permanent) as caught:
        await _app(github, key).token()

    assert caught.value.failure.code == "not_found"
    assert caught.value.failure.detail == "the GitHub App is not installed on team/app"


async def test_a_lost_answer_to_asking_for_a_token_is_transient(github: OddGitHub, key: rsa.RSAPrivateKey) -> None:
    github.says(ok({"id": 77}), httpx2.ReadTimeout("slow"))

    with pytest.raises(Transient):
        await _app(github, key).token()


def test_a_key_may_have_its_line_ends_written_out(github: OddGitHub, key: rsa.RSAPrivateKey) -> None:
    pem = _pem(key).replace("\n", "\\n")

    auth = AppAuth(github.client, app_id="1", private_key=pem, repository=REPOSITORY, api_url=API, clock=github.clock)

    assert auth.jwt()


@pytest.mark.parametrize(
    "pem", ["", "secret-nonsense", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_a_key_that_is_none_is_a_setting_to_mend(github: OddGitHub, pem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        AppAuth(github.client, app_id="1", private_key=pem, repository=REPOSITORY, api_url=API, clock=github.clock)

    assert caught.value.problems[0].startswith("GITHUB_APP_PRIVATE_KEY is not an RSA private key")
    assert "nonsense" not in str(caught.value)


def test_a_key_of_another_kind_is_a_setting_to_mend(github: OddGitHub) -> None:
    pem = _pem(ec.generate_private_key(ec.SECP256R1()))

    with pytest.raises(ConfigurationError):
        AppAuth(github.client, app_id="1", private_key=pem, repository=REPOSITORY, api_url=API, clock=github.clock)
