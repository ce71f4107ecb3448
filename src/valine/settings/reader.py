"""What was given as settings, each read once and by name; what is missing or malformed is collected, not raised."""

from __future__ import annotations

import os
import stat
from io import StringIO
from typing import TYPE_CHECKING, Final, TypeVar

from valine.settings import parsers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from valine.settings.secret import Secret

T = TypeVar("T")

SECRETS: Final = frozenset({"DISCORD_BOT_TOKEN", "GITHUB_TOKEN", "GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET"})
PREFIX: Final = "VALINE_"
OWN_NAMES: Final = frozenset(
    {
        "VALINE_ENV",
        "VALINE_PUBLIC_URL",
        "VALINE_QUEUE_URL",
        "VALINE_SECRETS_PREFIX",
        "VALINE_STORE",
        "VALINE_WRITE_INTERVAL",
    }
)


class SettingsReader:
    """What was given, stripped, the environment before the file; and the problems found so far."""

    def __init__(self, environ: Mapping[str, str], dotenv_path: Path | None) -> None:
        self.problems: list[str] = []
        self._loose: list[str] = []
        merged = {**self._file(dotenv_path), **{name: text for name, text in environ.items() if text.strip()}}
        self._texts = {name: text.strip() for name, text in merged.items() if text.strip()}

    def read(self, name: str, reader: Callable[[str], T], *, needed: bool = False) -> T | None:
        """The value, None if it is not there; what is wrong with it becomes a problem."""
        text = self._texts.get(name)
        if text is None:
            if needed:
                self.problems.append(f"{name} is missing")
            return None
        try:
            return reader(text)
        except ValueError as error:
            self.problems.append(f"{name} {error}")
            return None

    def read_or(self, name: str, reader: Callable[[str], T], default: str) -> T:
        """The value, the default's if it is not there (or is wrong, which is a problem)."""
        value = self.read(name, reader)
        return reader(default) if value is None else value

    def read_credentials(self) -> tuple[Secret | None, str | None, Secret | None]:
        """Token, App and key. GitHub knows us by a token or as an App, not both."""
        found = (
            self.read("GITHUB_TOKEN", parsers.token),
            self.read("GITHUB_APP_ID", parsers.digits),
            self.read("GITHUB_APP_PRIVATE_KEY", parsers.private_key),
        )
        self._check_credentials()
        return found

    def _check_credentials(self) -> None:
        token, app_id, key = (
            name in self._texts for name in ("GITHUB_TOKEN", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY")
        )
        if token and (app_id or key):
            self.problems.append(
                "GITHUB_TOKEN is given beside GITHUB_APP_ID or GITHUB_APP_PRIVATE_KEY: give one way in only"
            )
        elif app_id and not key:
            self.problems.append("GITHUB_APP_PRIVATE_KEY is missing (GITHUB_APP_ID is there)")
        elif key and not app_id:
            self.problems.append("GITHUB_APP_ID is missing (GITHUB_APP_PRIVATE_KEY is there)")
        elif not token and not key:
            self.problems.append("GITHUB_TOKEN is missing (or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY)")

    def warnings(self) -> tuple[str, ...]:
        """A line for a file of secrets that others can read, and for each name that looks like ours and is not."""
        unknown = sorted(name for name in self._texts if name.startswith(PREFIX) and name not in OWN_NAMES)
        return (*self._loose, *(f"{name} is no setting of Valine's: it is ignored" for name in unknown))

    def _file(self, path: Path | None) -> dict[str, str]:
        if path is None:
            return {}
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{path} cannot be read ({type(error).__name__})")
            return {}
        from dotenv import dotenv_values  # a Lambda function has no file

        # Not interpolated: a secret may well hold a ${.
        held = {name: value for name, value in dotenv_values(stream=StringIO(text), interpolate=False).items() if value}
        self._check_mode(path, held)
        return held

    def _check_mode(self, path: Path, held: Mapping[str, str]) -> None:
        """Warn of a file with secrets that other users of this machine can read."""
        if os.name == "nt" or not SECRETS & held.keys():  # Windows keeps that in lists of its own
            return
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            self._loose.append(f"{path} holds secrets, and others can read it (mode {mode:o}): chmod 600 {path}")
