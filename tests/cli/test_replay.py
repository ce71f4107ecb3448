"""`valine replay`, on the store of a day and on a recording of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from acceptance.stories import REPOSITORY, a_team
from orchestrator.days import HISTORIES, a_round
from valine.cli import main

A_ROUND = HISTORIES / "a_round.r1.json"


@pytest.fixture
async def day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `valine` is called: beside the store of a day."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VALINE_STORE", raising=False)
    (tmp_path / ".env").write_text(f"GITHUB_REPOSITORY={REPOSITORY}\n")
    async with a_team(3, store=f"sqlite:///{tmp_path / 'valine.db'}") as team:
        await a_round(team)
    return tmp_path


def test_a_run_is_told_again_and_comes_to_what_is_stored(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "r1"]) == 0

    heading, *steps, empty, verdict = capsys.readouterr().out.splitlines()
    assert heading.split() == ["Step", "When", "What", "By", "Stage", "Came", "to"]
    assert "PlanRequested" in steps[0]
    assert "#1.state: merged" in " ".join(steps)
    assert (empty, verdict) == ("", f"Told again, r1 comes to what is stored at all of its {len(steps)} steps.")


def test_a_moment_shows_the_run_the_event_the_decision_and_its_effects(
    day: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "r1", "--at", "1"]) == 0

    told = capsys.readouterr().out
    assert told.startswith("Step 1 of ")
    assert f"r1 of {REPOSITORY}: pending, proposed, 3 issues" in told
    for part in ("The event", "The decision", "The reply", "The effects"):
        assert f"\n{part}\n" in told
    assert "message:card  new" in told


def test_the_steps_are_json_for_programs(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "r1", "--json", "--at", "2"]) == 0

    (step,) = json.loads(capsys.readouterr().out)
    assert (step["step"], step["event"]["key"]) == (2, "message:card")
    assert step["effects"] == {"new": ["thread"], "settled": ["message:card"], "pending": ["thread"]}
    assert step["run"]["version"] == 2


def test_a_recording_is_told_again_elsewhere_and_never_overwritten(
    day: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "r1", "--record", "r1.json"]) == 0
    (day / "valine.db").unlink()
    here = capsys.readouterr().out

    assert main(["replay", "r1.json"]) == 0
    assert capsys.readouterr().out == here
    assert main(["replay", "r1.json", "--record", "r1.json"]) == 1
    assert capsys.readouterr().err == "r1.json is there already: nothing was written. Name another file.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["r7"], 1, f"There is no run r7 of {REPOSITORY}. `valine runs list --all` lists them.\n"),
        (["seven"], 2, "seven is no run: runs are named like r12.\n"),
        (["r1", "--at", "999"], 2, "steps, so there is no step 999.\n"),
        (["none.json"], 2, "none.json cannot be read (No such file or directory).\n"),
        ([".env.json"], 2, ".env.json is no recording that this Valine can read: "),
    ],
)
def test_what_cannot_be_told_is_a_sentence(
    day: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, sentence: str
) -> None:
    (day / ".env.json").write_text("{}")

    assert main(["replay", *arguments]) == code
    assert sentence in capsys.readouterr().err


def test_a_store_that_somebody_changed_is_found_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = A_ROUND.read_text().replace('"close_pull_requests":false', '"close_pull_requests":true', 1)
    (tmp_path / "r1.json").write_text(told)

    assert main(["replay", str(tmp_path / "r1.json")]) == 1
    assert "it differs in close_pull_requests" in capsys.readouterr().err


def test_a_history_with_a_step_missing_is_found_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = json.loads(A_ROUND.read_text())
    del recording["history"][1]
    (tmp_path / "r1.json").write_text(json.dumps(recording))

    assert main(["replay", str(tmp_path / "r1.json")]) == 1
    assert "Step 2 comes to something else than it did when it was recorded." in capsys.readouterr().err
