"""Settings: read whole, and every wrong one named in a line of its own that repeats no value."""

import copy
import pickle
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from valine.errors import ConfigurationError
from valine.settings import Secret, Settings, store_url
from valine.settings.ed25519 import PRIME, is_public_key

RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes(*RAW).hex()
GOOD = {
    "DISCORD_APPLICATION_ID": "123456789012345678",
    "DISCORD_PUBLIC_KEY": KEY,
    "DISCORD_BOT_TOKEN": "bot-token",
    "DISCORD_GUILD_ID": "123456789012345679",
    "GITHUB_TOKEN": "github-token",
    "GITHUB_WEBHOOK_SECRET": "webhook secret",
    "GITHUB_REPOSITORY": "octo-org/octo.repo",
}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> str:
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how).decode()


RSA = rsa.generate_private_key(65537, 2048)
PEM = pem(RSA)


def environment(**changes: str | None) -> dict[str, str]:
    """A good environment with changes; None takes a name away."""
    return {name: text for name, text in (GOOD | changes).items() if text is not None}


def problems(**changes: str | None) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(environment(**changes), None)
    return caught.value.problems


def test_what_is_needed_is_enough_and_the_rest_has_its_defaults() -> None:
    settings = Settings.load(GOOD, None)

    assert settings.discord_bot_token.reveal() == "bot-token"
    assert settings.github_webhook_secret.reveal() == "webhook secret"
    assert settings.discord_api_url == "https://discord.com/api/v10"
    assert settings.github_api_url == "https://api.github.com"
    assert settings.store == "sqlite:///valine.db"
    assert settings.write_interval == 1.0
    assert (settings.discord_channel_id, settings.queue_url) == (None, None)
    assert settings.warnings == ()


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load({}, None)

    assert caught.value.problems == (
        "DISCORD_APPLICATION_ID is missing",
        "DISCORD_BOT_TOKEN is missing",
        "GITHUB_REPOSITORY is missing",
        "GITHUB_TOKEN is missing (or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY)",
        "DISCORD_PUBLIC_KEY is missing",
        "DISCORD_GUILD_ID is missing",
        "GITHUB_WEBHOOK_SECRET is missing",
    )


@pytest.mark.parametrize("empty", ["", "   ", "\n"])
def test_an_empty_one_is_missing(empty: str) -> None:
    assert problems(GITHUB_REPOSITORY=empty) == ("GITHUB_REPOSITORY is missing",)


def test_space_around_a_value_is_not_part_of_it() -> None:
    settings = Settings.load(environment(GITHUB_REPOSITORY="  o/r \n", DISCORD_BOT_TOKEN="t\n"), None)

    assert (settings.github_repository, settings.discord_bot_token.reveal()) == ("o/r", "t")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DISCORD_APPLICATION_ID", "12ab"),
        ("DISCORD_APPLICATION_ID", "1" * 21),
        ("DISCORD_APPLICATION_ID", "١٢٣"),
        ("DISCORD_GUILD_ID", "my-guild"),
        ("DISCORD_CHANNEL_ID", "#general"),
        ("DISCORD_PUBLIC_KEY", KEY[:-1]),
        ("DISCORD_PUBLIC_KEY", KEY + "0"),
        ("DISCORD_PUBLIC_KEY", "z" * 64),
        ("DISCORD_PUBLIC_KEY", "0" * 64),
        ("DISCORD_PUBLIC_KEY", "02" + "0" * 62),
        ("DISCORD_PUBLIC_KEY", "f" * 64),
        ("DISCORD_BOT_TOKEN", "two words"),
        ("DISCORD_BOT_TOKEN", "bötoken"),
        ("GITHUB_TOKEN", "a\nb"),
        ("GITHUB_REPOSITORY", "repository"),
        ("GITHUB_REPOSITORY", "https://github.com/o/r"),
        ("GITHUB_REPOSITORY", "o/r/x"),
        ("GITHUB_REPOSITORY", "o/"),
        ("GITHUB_REPOSITORY", "o/.."),
        ("GITHUB_REPOSITORY", "o/r?x"),
        ("GITHUB_API_URL", "api.github.com"),
        ("GITHUB_API_URL", "ftp://api.github.com"),
        ("GITHUB_API_URL", "https://"),
        ("GITHUB_API_URL", "https://host:port"),
        ("GITHUB_API_URL", "https://[half"),
        ("GITHUB_API_URL", "https://user@host"),
        ("DISCORD_API_URL", "https://host?x=1"),
        ("DISCORD_API_URL", "https://ho st"),
        ("GITHUB_API_URL", "http://api.github.com"),
        ("GITHUB_API_URL", "http://10.0.0.7/api/v3"),
        ("DISCORD_API_URL", "http://discord.com/api/v10"),
        ("DISCORD_API_URL", "http://localhost.example.com"),
        ("DISCORD_API_URL", "http://127.0.0.1.example.com"),
        ("GITHUB_WEBHOOK_SECRET", "x"),
        ("GITHUB_WEBHOOK_SECRET", "x" * 11),
        ("VALINE_PUBLIC_URL", "valine.example"),
        ("VALINE_QUEUE_URL", "queue"),
        ("VALINE_STORE", "valine.db"),
        ("VALINE_STORE", "postgres://host/db"),
        ("VALINE_STORE", "sqlite://valine.db"),
        ("VALINE_STORE", "sqlite:///"),
        ("VALINE_STORE", "sqlite:///folder/"),
        ("VALINE_STORE", "dynamodb://"),
        ("VALINE_STORE", "dynamodb://a table"),
        ("VALINE_WRITE_INTERVAL", "soon"),
        ("VALINE_WRITE_INTERVAL", "-1"),
        ("VALINE_WRITE_INTERVAL", "nan"),
        ("VALINE_WRITE_INTERVAL", "inf"),
    ],
)
def test_a_malformed_one_is_named_in_one_line(name: str, text: str) -> None:
    (line,) = problems(**{name: text})

    assert line.startswith(f"{name} ")
    assert "\n" not in line


@pytest.mark.parametrize("name", ["DISCORD_BOT_TOKEN", "GITHUB_TOKEN", "GITHUB_APP_PRIVATE_KEY", "DISCORD_PUBLIC_KEY"])
def test_a_line_does_not_repeat_the_value(name: str) -> None:
    assert "hush" not in "".join(problems(**{name: "hush hush"}))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"GITHUB_APP_ID": "1", "GITHUB_APP_PRIVATE_KEY": PEM},
            "GITHUB_TOKEN is given beside GITHUB_APP_ID or GITHUB_APP_PRIVATE_KEY: give one way in only",
        ),
        (
            {"GITHUB_TOKEN": None, "GITHUB_APP_ID": "1"},
            "GITHUB_APP_PRIVATE_KEY is missing (GITHUB_APP_ID is there)",
        ),
        (
            {"GITHUB_TOKEN": None, "GITHUB_APP_PRIVATE_KEY": PEM},
            "GITHUB_APP_ID is missing (GITHUB_APP_PRIVATE_KEY is there)",
        ),
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is missing (or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY)"),
    ],
)
def test_there_is_exactly_one_way_in_to_github(changes: dict[str, str | None], line: str) -> None:
    assert problems(**changes) == (line,)


@pytest.mark.parametrize("text", [PEM, PEM.replace("\n", "\\n"), f"  {PEM}\n\n", PEM.replace("\n", "\r\n")])
def test_a_private_key_may_have_its_lines_written_out(text: str) -> None:
    settings = Settings.load(environment(GITHUB_TOKEN=None, GITHUB_APP_ID="7", GITHUB_APP_PRIVATE_KEY=text), None)

    assert settings.github_app_id == "7"
    assert settings.github_app_private_key is not None
    key = serialization.load_pem_private_key(settings.github_app_private_key.reveal().encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.private_numbers() == RSA.private_numbers()


@pytest.mark.parametrize(
    "text",
    [
        "secret",
        PEM[:200],
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        pem(RSA, b"password"),
        pem(ec.generate_private_key(ec.SECP256R1())),
    ],
)
def test_a_private_key_that_cannot_sign_for_an_app_is_refused(text: str) -> None:
    (line,) = problems(GITHUB_TOKEN=None, GITHUB_APP_ID="7", GITHUB_APP_PRIVATE_KEY=text)

    assert line.startswith("GITHUB_APP_PRIVATE_KEY ")


@given(st.binary(min_size=32, max_size=32))
def test_every_real_public_key_is_taken(seed: bytes) -> None:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()

    assert is_public_key(key.public_bytes(*RAW))


@pytest.mark.parametrize(
    "y",
    [
        0,
        1,
        PRIME - 1,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    ],
)
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_a_key_for_which_anybody_can_sign_is_not_taken(y: int, sign: int) -> None:
    assert not is_public_key((y | sign).to_bytes(32, "little"))


def test_the_files_values_fill_what_the_environment_lacks(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# settings\nexport GITHUB_REPOSITORY=file/file\nDISCORD_BOT_TOKEN='from ${FILE}'\n"
        'GITHUB_WEBHOOK_SECRET="a${b}#c and more"\nVALINE_WRITE_INTERVAL=0\n'
    )

    settings = Settings.load(environment(GITHUB_REPOSITORY="env/env", GITHUB_WEBHOOK_SECRET=" "), file)

    assert settings.github_repository == "env/env"
    assert settings.discord_bot_token.reveal() == "bot-token"
    assert settings.github_webhook_secret.reveal() == "a${b}#c and more"
    assert settings.write_interval == 0


def test_a_private_key_of_many_lines_comes_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f'GITHUB_APP_ID=7\nGITHUB_APP_PRIVATE_KEY="{PEM}"\n')

    assert Settings.load(environment(GITHUB_TOKEN=None), file).github_app_private_key == Secret(PEM)


def test_a_file_that_is_not_there_is_no_problem(tmp_path: Path) -> None:
    assert Settings.load(GOOD, tmp_path / ".env") == Settings.load(GOOD)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "latin").write_bytes(b"A=\xff\xfe\n")

    for name, why in [("latin", "UnicodeDecodeError"), ("folder", "IsADirectoryError")]:
        with pytest.raises(ConfigurationError) as caught:
            Settings.load(GOOD, tmp_path / name)
        assert caught.value.problems == (f"{tmp_path / name} cannot be read ({why})",)


def test_a_name_that_looks_like_ours_is_warned_about() -> None:
    settings = Settings.load(environment(VALINE_WRITE_INTERVALL="2", VALINE_QUEUE_URL="https://sqs.test/q"), None)

    assert settings.warnings == ("VALINE_WRITE_INTERVALL is no setting of Valine's: it is ignored",)


def test_the_store_can_be_read_without_the_rest() -> None:
    assert store_url({}) == "sqlite:///valine.db"
    assert store_url({"VALINE_STORE": "dynamodb://RunStateTable"}) == "dynamodb://RunStateTable"
    with pytest.raises(ConfigurationError, match=r"^VALINE_STORE must be"):
        store_url({"VALINE_STORE": "x"})


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("hush")

    assert f"{secret} {secret!r} {[secret]} {secret!s:>5}" == "*** *** [***]   ***"
    assert "hush" not in repr(Settings.load(environment(GITHUB_TOKEN="hush"), None))
    assert secret == Secret("hush") != Secret("other")
    assert secret != "hush"
    assert len({secret, Secret("hush")}) == 1
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)


def test_every_secret_is_told_to_the_logs() -> None:
    assert set(Settings.load(GOOD, None).secrets) == {"bot-token", "github-token", "webhook secret"}


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "127.9.9.9:1", "[::1]:80"])
def test_a_twin_on_this_machine_may_be_reached_without_tls(host: str) -> None:
    settings = Settings.load(environment(GITHUB_API_URL=f"http://{host}", DISCORD_API_URL=f"http://{host}/api/v10"))

    assert settings.github_api_url == f"http://{host}"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o400, False), (0o640, True), (0o644, True)])
def test_a_file_of_secrets_that_others_can_read_is_warned_about_by_name(
    tmp_path: Path, mode: int, *, warned: bool
) -> None:
    file = tmp_path / ".env"
    file.write_text("GITHUB_WEBHOOK_SECRET=another webhook secret\n")
    file.chmod(mode)

    warnings = Settings.load(environment(), file).warnings

    told = f"{file} holds secrets, and others can read it (mode {mode:o}): chmod 600 {file}"
    assert warnings == ((told,) if warned else ())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_file_without_secrets_may_be_read_by_all(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("GITHUB_REPOSITORY=o/r\n")
    (tmp_path / ".env").chmod(0o644)

    assert Settings.load(environment(), tmp_path / ".env").warnings == ()
