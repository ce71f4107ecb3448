"""`valine simulate` and `valine serve` as processes of their own, and the people between them, over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2

from ports import free_port
from valine.documents import decode
from valine.engine.worker import MOST_RECEIPTS, UNACKNOWLEDGED
from valine.orchestrator.model.run import Run
from waiting import until

REPOSITORY = "acme/rocket"
SOURCE = Path(__file__).resolve().parents[2] / "src"
ROWS = [
    {"number": 1, "title": "Log in with a passkey", "labels": [{"name": "ready"}], "body": "", "assignees": []},
    {"number": 2, "title": "Crash on an empty tank", "labels": [{"name": "ready"}], "body": "", "assignees": []},
    {"number": 3, "title": "Remember it", "labels": [{"name": "ready"}], "body": "Depends on #1", "assignees": []},
    {"number": 4, "title": "A dark theme", "labels": [{"name": "ready"}], "body": "", "assignees": []},
]
MARKER = re.compile(r"r1 · ([\w.:-]+) · ([a-z2-7]{12})")


def environment(source: Path = SOURCE, **more: str) -> dict[str, str]:
    """Ours, without settings of Valine's that whoever runs the tests may have; `source` is the build that is run."""
    ours = {
        name: value for name, value in os.environ.items() if not name.startswith(("VALINE_", "GITHUB_", "DISCORD_"))
    }
    return ours | {"PYTHONPATH": str(source)} | more


class Town:
    """The two processes, in one folder. `log` is what the server said on standard error, over all its lives.

    `source` is the build that the server is, and the command line; the twins are always this one's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = SOURCE
        self.env = folder / "sim.env"
        self.log = folder / "serve.log"
        self.product = f"http://127.0.0.1:{free_port()}"
        self.lives = 0
        self._client = httpx2.Client(trust_env=False, timeout=30)
        self._twins = self._start_twins()
        self._settings = dict(line.split("=", 1) for line in self.env.read_text().splitlines() if line[0] != "#")
        self.github = self._settings["GITHUB_API_URL"]
        self.discord = self._settings["DISCORD_API_URL"].removesuffix("/api/v10")
        self.store = Path(self._settings["VALINE_STORE"].removeprefix("sqlite:///"))
        self.server: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "valine", *arguments]

    def valine(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=environment(self.source, **more),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def _start_twins(self) -> subprocess.Popen[bytes]:
        issues = self.folder / "issues.json"
        issues.write_text(json.dumps(ROWS))
        options = ["--port", "0", "--product", self.product, "--issues", str(issues), "--env-file", str(self.env)]
        twins = subprocess.Popen(
            self.command("simulate", *options), cwd=self.folder, env=environment(), stdout=subprocess.PIPE
        )
        until("the twins listen", lambda: self.env.exists() and "VALINE_STORE" in self.env.read_text())
        return twins

    # The product ------------------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The server's."""
        return int(self.product.rpartition(":")[2])

    def setting(self, name: str) -> str:
        """A setting that the twins gave out."""
        return self._settings[name]

    def open_files(self) -> int:
        """How many the server has open, connections included."""
        assert self.server
        return len(list(Path(f"/proc/{self.server.pid}/fd").iterdir()))

    def most_memory(self) -> int:
        """The most bytes that the server has had in memory so far. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html"""
        assert self.server
        lines = Path(f"/proc/{self.server.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

    def keep_store_in(self, folder: Path) -> None:
        """The store lies there from now on."""
        self.store = folder / "valine.db"
        self._settings["VALINE_STORE"] = f"sqlite:///{self.store}"
        lines = [line for line in self.env.read_text().splitlines() if not line.startswith("VALINE_STORE=")]
        self.env.write_text("\n".join([*lines, f"VALINE_STORE={self._settings['VALINE_STORE']}", ""]))

    def serve(self, **more: str) -> None:
        """Start the server, and wait until it answers; `more` goes into its environment."""
        with self.log.open("ab") as log:
            self.server = subprocess.Popen(
                self.command("serve", "--env", str(self.env), "--port", str(self.port)),
                cwd=self.folder,
                env=environment(self.source, **{"VALINE_WRITE_INTERVAL": "0.05"} | more),
                stderr=log,
            )
        self.lives += 1
        until("the server answers", self._answers)

    def _answers(self) -> bool:
        assert self.server
        assert self.server.poll() is None, f"the server ended: {self.log.read_text()[-2000:]}"
        try:
            return self._client.get(f"{self.product}/healthz").status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self, how: signal.Signals) -> int:
        """Send the signal, and wait: the exit code."""
        assert self.server
        self.server.send_signal(how)
        return self.server.wait(timeout=40)

    def close(self) -> None:
        for process in (self.server, self._twins):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        if self._twins.stdout:
            self._twins.stdout.close()
        self._client.close()

    def run(self) -> Run | None:
        """Run 1, as the store has it, whichever build wrote it."""
        with closing(sqlite3.connect(f"{self.store.as_uri()}?mode=rw", uri=True)) as connection:
            row = connection.execute("SELECT document FROM run WHERE number = 1").fetchone()
        return decode(row[0], Run) if row else None

    # People -----------------------------------------------------------------------------------------------------

    def on_github(self, action: str, **arguments: Any) -> Any:
        return self._act(self.github, action, arguments)

    def on_discord(self, action: str, **arguments: Any) -> Any:
        return self._act(self.discord, action, arguments)

    def _act(self, twin: str, action: str, arguments: dict[str, Any]) -> Any:
        answer = self._client.post(f"{twin}/_twin/act", json={"action": action, "arguments": arguments})
        assert answer.status_code == 200, f"{action}: {answer.text}"
        return answer.json()["value"]

    def repository(self) -> dict[str, Any]:
        """What GitHub shows."""
        found: dict[str, Any] = self._client.get(f"{self.github}/_twin/view").json()["repositories"][REPOSITORY]
        return found

    def guild(self) -> dict[str, Any]:
        """What Discord shows."""
        found: dict[str, Any] = self._client.get(f"{self.discord}/_twin/view").json()
        return found

    def messages(self) -> list[dict[str, Any]]:
        """All that stands in the channel and its threads."""
        channels = self.guild()["channels"]
        top = [message for channel in channels for message in channel["messages"]]
        threads = [message["thread"] for message in top if message["thread"]]
        threads += [thread for channel in channels for thread in channel["threads"]]
        return top + [message for thread in threads for message in thread["messages"]]

    def button(self, person: str, action: str) -> str | None:
        """The custom id of the newest button for this action that the person sees."""
        seen = self.messages() + self.guild()["ephemeral"].get(person, [])
        ids = [
            part["custom_id"]
            for message in sorted(seen, key=lambda message: int(message["id"]), reverse=True)
            for part in parts(message["components"])
            if part.get("custom_id", "").startswith(f"v1:{action}:") and not part.get("disabled")
        ]
        return ids[0] if ids else None

    def clicks(self, person: str, action: str) -> None:
        """The person waits for the button, and clicks it."""
        until(f"{person} sees a button to {action}", lambda: self.button(person, action))
        self.on_discord("click", by=person, custom_id=self.button(person, action))

    # The day ----------------------------------------------------------------------------------------------------

    def plan_and_approve(self) -> None:
        self.plan()
        self.approve()

    def plan(self) -> None:
        """Ana asks for a plan, with the commands as this build has them."""
        pushed = self.valine("commands", "push", "--env", str(self.env))
        assert pushed.returncode == 0, pushed.stderr
        self.on_discord("command", by="Ana", name="plan")

    def approve(self) -> None:
        """Ana approves the plan that is on show."""
        self.clicks("Ana", "approve")
        until("the approval is taken", lambda: (run := self.run()) and run.approvals)

    def work(self) -> None:
        """Everybody pushes, un-drafts, and CI is green; until the product knows that all tasks may be shipped."""
        self.work_unseen()
        until("all tasks are ready", self.all_ready)

    def work_unseen(self) -> None:
        """The same, whether the product sees it or not."""
        run = self.reached("tracking")
        for task in run.tasks:
            self.on_github("push", branch=task.branch, files={f"src/{task.issue}.py": "DONE = True\n"}, by="ana")
            self.on_github("ready_for_review", number=task.pull_request, by="ana")
            self.on_github("set_check", name="test", number=task.pull_request, conclusion="success", workflow="ci")

    def all_ready(self) -> bool:
        """Whether nothing is left but to ship."""
        run = self.run()
        return run is not None and all(task.state == "ready" or _waits_for_others(task.note) for task in run.tasks)

    def ship(self) -> None:
        self.on_discord("command", by="Ana", name="ship")
        self.clicks("Ana", "confirm")
        until("the confirmation is taken", lambda: (run := self.run()) and (run.shipping or run.final))

    def reached(self, stage: str, seconds: float = 60.0) -> Run:
        """The run once it is at that stage, with nothing left to do there."""

        def look() -> Run | None:
            run = self.run()
            return run if run is not None and run.stage == stage and not run.pending else None

        try:
            return until(f"the run is {stage}", look, seconds)
        except AssertionError:
            run = self.run()
            left = f"{run.stage}, pending {dict(run.pending)}" if run else "no run"
            raise AssertionError(f"{left}; server: {self.log.read_text()[-3000:]}") from None


def _waits_for_others(note: Any) -> bool:
    return note is not None and note.why == "dependency"


def parts(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every component, whatever it is in."""
    for part in components:
        yield part
        yield from parts(part.get("components", []))
        if "accessory" in part:
            yield part["accessory"]


def check_nothing_doubled(town: Town) -> None:
    """One branch, pull request, comment, merge, release, message and thread for each that there should be."""
    run = town.reached("done")
    assert run.status == "completed"
    assert {task.state for task in run.tasks} == {"merged"}
    github = town.repository()
    pulls = github["pull_requests"]
    assert sorted(pull["number"] for pull in pulls) == sorted(task.pull_request or 0 for task in run.tasks)
    assert [pull["state"] for pull in pulls] == ["merged"] * len(ROWS)
    assert len({pull["head"] for pull in pulls}) == len(ROWS)
    assert list(github["branches"]) == ["main"]
    merges = {task.merged_sha for task in run.tasks}
    assert len(github["branches"]["main"]["log"]) == 1 + len(ROWS)
    assert merges == {commit["sha"] for commit in github["branches"]["main"]["log"][:-1]}
    assert [issue["state"] for issue in github["issues"]] == ["closed"] * len(ROWS)
    assert all(len(set(issue["labels"])) == len(issue["labels"]) for issue in github["issues"])
    ours = Counter(comment["number"] for comment in github["comments"] if comment["author"] == "valine-bot")
    assert ours == dict.fromkeys(range(1, len(ROWS) + 1), 1)
    assert len(github["releases"]) == 1
    check_order(github["branches"]["main"]["log"], first=1, then=3)
    check_messages(town)
    check_quiet(town)


def check_order(log: list[dict[str, Any]], *, first: int, then: int) -> None:
    """Newest first, as git logs."""
    titles = {row["number"]: row["title"] for row in ROWS}
    places = {
        number: next(i for i, commit in enumerate(log) if title in commit["message"])
        for number, title in titles.items()
    }
    assert places[first] > places[then]


def check_messages(town: Town) -> None:
    guild = town.guild()
    assert guild["problems"] == []
    markers = Counter(found for message in town.messages() for found in set(MARKER.findall(message["text"])))
    names = {name for name, _ in markers}
    assert {"card", "board"} <= names
    assert set(markers.values()) == {1}, markers
    assert len({uid for _, uid in markers}) == 1
    threads = [message["thread"] for message in town.messages() if message.get("thread")]
    assert len(threads) == 1


def check_quiet(town: Town) -> None:
    """Nothing broke the engine, and nothing was given up but that with which a server was killed again and again."""
    assert "Traceback" not in town.log.read_text()
    with closing(sqlite3.connect(town.store)) as connection:
        given_up = connection.execute("SELECT envelope, trouble FROM dead_letter").fetchall()
    killed_with_it = town.lives > MOST_RECEIPTS
    assert [trouble for _, trouble in given_up if not (killed_with_it and trouble.startswith(UNACKNOWLEDGED))] == []


@contextmanager
def a_town(folder: Path) -> Iterator[Town]:
    """The twins run, the server does not yet."""
    town = Town(folder)
    try:
        yield town
    finally:
        town.close()
