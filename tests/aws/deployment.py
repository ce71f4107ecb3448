"""A checkout that deploy.sh may deploy from, with an `aws`, a `sam` and a `curl` that do as they are told."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pty
import shlex
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

OUTPUTS = {
    "DiscordWebhookUrl": "https://x.example/discord",
    "GitHubWebhookUrl": "https://x.example/github/webhook",
    "HealthUrl": "https://x.example/healthz",
    "DiscordHandlerFunctionName": "valine-orchestrator-discord-dev",
    "GitHubWebhookFunctionName": "valine-orchestrator-github-dev",
    "WorkerFunctionName": "valine-orchestrator-worker-dev",
    "ClockFunctionName": "valine-orchestrator-clock-dev",
}
SETTINGS = {
    "DISCORD_APPLICATION_ID": "1111",
    "DISCORD_PUBLIC_KEY": "ab" * 32,
    "DISCORD_GUILD_ID": "2222",
    "GITHUB_REPOSITORY": "acme/rocket",
    "VALINE_SECRETS_PREFIX": "/valine/dev",
}
TOKEN = "the-bots-token"

# Writes down how it was called; answers by the first rule whose words are in the call, in that order, or fails.
FAKE = """#!/bin/sh
here=$(dirname "$0")
call="$(basename "$0") $*"
printf '%s\\n' "$call" >> "$here/calls"
case " $* " in *" --config - "*) cat >> "$here/said" ;; esac
while [ $# -gt 1 ]; do [ "$1" != --output ] || body=$2; shift; done
case $call in "aws lambda invoke "*) body=$1 ;; esac
case $call in
{rules}
*) echo "nobody said what to answer to: $call" >&2; exit 99 ;;
esac
"""
RULE = """{when}) [ -z "$body" ] || printf %s {body} > "$body"; printf %s {out}; printf %s {err} >&2; exit {code} ;;"""


@dataclass
class Deployment:
    """The checkout. Rules that a test adds go before those of a deployment that goes well."""

    folder: Path
    rules: list[str] = field(default_factory=list)

    @property
    def package(self) -> Path:
        return self.folder / "dist" / "valine-lambda.zip"

    def rule(self, *when: str, out: str = "", err: str = "", code: int = 0, body: str = "") -> None:
        """Where these words are in a call, in that order, the answer is that."""
        pattern = "*" + "*".join(map(shlex.quote, when)) + "*"
        answer = {name: shlex.quote(text) for name, text in {"out": out, "err": err, "body": body}.items()}
        self.rules.insert(0, RULE.format(when=pattern, code=code, **answer))

    def settings(self, **changed: str | None) -> None:
        """Write .env, with these changed or (None) left out."""
        wanted = {name: value for name, value in (SETTINGS | changed).items() if value is not None}
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in wanted.items()))

    def run(self, *args: str, typed: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run deploy.sh; `typed` at a terminal, or with nobody there."""
        for name in ("aws", "sam", "curl", "sleep"):
            write_program(self.folder / "bin" / name, FAKE.format(rules="\n".join(self.rules)))
        path = os.pathsep.join([str(self.folder / "bin"), "/usr/bin", "/bin"])
        terminal, keyboard = pty.openpty()
        try:
            os.write(terminal, (typed or "").encode())
            return subprocess.run(
                ["bash", "deploy.sh", *args],
                cwd=self.folder,
                env={"PATH": path, "TMPDIR": str(self.folder), "LANG": "C.UTF-8", **environment},
                stdin=subprocess.DEVNULL if typed is None else keyboard,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
        finally:
            os.close(terminal)
            os.close(keyboard)

    def calls(self, *words: str) -> list[str]:
        """The calls so far in which all these words are."""
        log = self.folder / "bin" / "calls"
        return [
            call for call in (log.read_text().splitlines() if log.exists() else []) if all(w in call for w in words)
        ]

    def said_to_curl(self) -> str:
        """What was given to curl through a pipe."""
        return (self.folder / "bin" / "said").read_text()


def write_program(path: Path, text: str) -> None:
    """Unless it was taken away, or another was put in its place."""
    if path.exists() and not path.is_symlink():
        path.write_text(text)
        path.chmod(0o755)


def a_deployment(folder: Path, root: Path) -> Deployment:
    """One that goes well as it stands."""
    for name in ("deploy.sh", "register_discord_commands.sh"):
        shutil.copy(root / name, folder / name)
    shutil.copy(root / "samconfig.toml.example", folder / "samconfig.toml")
    for name in ("src/valine/core.py", "requirements/lambda.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("# nothing\n")
    (folder / "bin").mkdir()
    (folder / "bin" / "python3").symlink_to(sys.executable)
    for name in ("aws", "sam", "curl", "sleep"):
        (folder / "bin" / name).touch()
    made = Deployment(folder)
    made.settings()
    pack(made.package, arch="arm64")
    (folder / "dev").write_text(
        '#!/bin/sh\necho "dev $* as $DISCORD_BOT_TOKEN in $DISCORD_GUILD_ID" >> dev.calls\nexit "${DEV_EXIT:-0}"\n'
    )
    (folder / "dev").chmod(0o755)
    rule_a_good_day(made)
    return made


def pack(path: Path, arch: str) -> None:
    """A package of nothing, for that architecture."""
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as package:
        package.comment = json.dumps({"arch": arch, "python": "3.13"}).encode()


def rule_a_good_day(made: Deployment) -> None:
    """What is answered where nothing goes wrong."""
    digest = base64.b64encode(hashlib.sha256(made.package.read_bytes()).digest()).decode()
    secrets = ("DISCORD_BOT_TOKEN", "GITHUB_WEBHOOK_SECRET", "GITHUB_TOKEN")
    made.rule("aws sts get-caller-identity", out="123456789012\n")
    there = "".join(f"/valine/dev/{name}\tSecureString\n" for name in secrets)
    made.rule("aws ssm get-parameters", "Parameters[].[Name,Type]", out=there)
    made.rule("aws ssm get-parameter ", "/valine/dev/DISCORD_BOT_TOKEN", "--with-decryption", out=TOKEN)
    made.rule("sam deploy", out="Successfully created/updated stack\n")
    outputs = "".join(f"{key}\t{value}\n" for key, value in OUTPUTS.items())
    made.rule("aws cloudformation describe-stacks", out=outputs)
    made.rule("aws lambda get-function-configuration", "CodeSha256", out=f"{digest}\n")
    made.rule("aws lambda invoke", "FunctionError", out="None\n", body='{"batchItemFailures":[]}')
    made.rule("curl", "/healthz", out="200")
    made.rule("curl", "X-Signature-Ed25519", "/discord", out="401")
    made.rule("curl", "PATCH", "/applications/@me", out="200")
    made.rule("sleep")
