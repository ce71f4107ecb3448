from collections.abc import Callable
from typing import Any

import pytest

from github_bytes import SECRET, signed
from valine.errors import Untrusted
from valine.ingress.github.webhook import verify

BODY = b'{"zen":"Design for failure."}'


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_a_signed_body_is_trusted_in_whatever_case_its_headers_are_written(case: Callable[[str], str]) -> None:
    verify(SECRET, {case(name): value for name, value in signed(BODY).items()}, BODY)


def test_the_example_of_githubs_documentation_is_trusted() -> None:
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    headers = {"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}

    verify("It's a Secret to Everybody", headers, b"Hello, World!")


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "sha256=",
        "sha256=ab",
        "sha256=" + "a" * 63,
        "sha256=" + "g" * 64,
        "sha256=" + "é" * 64,
        "a" * 64,
        "sha1=" + "a" * 40,
    ],
    ids=["empty", "nothing", "short", "odd", "non-hex", "non-ascii", "bare", "sha1"],
)
def test_a_signature_that_is_none_is_not_trusted(signature: Any) -> None:
    with pytest.raises(Untrusted):
        verify(SECRET, signed(BODY, X_Hub_Signature_256=signature), BODY)


def test_a_good_sha1_signature_alone_is_not_enough() -> None:
    headers = {name: value for name, value in signed(BODY).items() if name != "X-Hub-Signature-256"}

    with pytest.raises(Untrusted, match="missing"):
        verify(SECRET, headers, BODY)


@pytest.mark.parametrize(("secret", "body"), [(SECRET, BODY + b"\n"), ("another secret", BODY), ("geheimniß", BODY)])
def test_a_changed_body_or_another_secret_is_not_trusted(secret: str, body: Any) -> None:
    with pytest.raises(Untrusted):
        verify(secret, signed(BODY), body)


def test_without_a_secret_nobody_is_trusted_not_even_who_signs_with_nothing() -> None:
    with pytest.raises(Untrusted):
        verify("", signed(BODY, secret=""), BODY)
