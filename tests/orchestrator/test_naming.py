from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from builders import a_run
from valine.orchestrator import naming

# https://git-scm.com/docs/git-check-ref-format
NONCE = "ol3k67la3o2muurgw3futhqg"
REF = re.compile(r"valine/r[0-9]+/[0-9]+-[a-z0-9]+(?:-[a-z0-9]+)*")


@given(st.integers(1, 10**6), st.integers(1, 10**9), st.text())
def test_every_title_makes_a_branch_that_git_takes(run: int, issue: int, title: str) -> None:
    branch = naming.branch(f"r{run}", issue, title)

    assert REF.fullmatch(branch)
    assert len(branch) <= 100
    assert not branch.endswith(".lock")


def test_branches_are_named_for_people() -> None:
    assert naming.branch("r12", 41, "Fix: löGIN (again) — 100%") == "valine/r12/41-fix-login-again-100"
    assert naming.branch("r12", 41, "修正") == "valine/r12/41-task"


@given(st.text(), st.text())
def test_a_run_is_named_by_the_command_that_made_it(repository: str, command: str) -> None:
    uid = naming.run_uid(repository, command)

    assert re.fullmatch(r"[a-z2-7]{12}", uid)
    assert uid == naming.run_uid(repository, command)
    assert uid != naming.run_uid(repository, f"{command}x")


@given(st.text(), st.integers(0, 10**6))
def test_a_nonce_fits_discord(name: str, generation: int) -> None:
    nonce = naming.nonce(a_run(), name, generation)

    assert re.fullmatch(r"[a-z2-7]{24}", nonce)
    assert nonce != naming.nonce(a_run(), name, generation + 1)


@given(st.text())
def test_a_commit_message_is_a_subject_of_one_line_and_a_trailer(title: str) -> None:
    message = naming.commit_message(41, title, "uid-1")

    subject, blank, trailer, end = message.split("\n")
    assert subject.startswith("Start #41:")
    assert len(subject) <= 72
    assert (blank, trailer, end) == ("", "Valine-Run: uid-1", "")


def test_what_our_things_bear() -> None:
    assert naming.marker(a_run(), "card") == "r1 · card · uid-1"
    assert naming.github_marker("uid-1") == "<!-- valine:run:uid-1 -->"
    assert [naming.release_tag(a_run(), n) for n in (1, 2)] == ["valine-r1", "valine-r1.2"]


def test_a_nonce_is_of_one_message_of_one_run_and_never_changes() -> None:
    assert naming.nonce(a_run(), "card", 0) == NONCE  # another would post the same message again after an upgrade
    others = [naming.nonce(a_run(2), "card", 0), naming.nonce(a_run(), "board", 0), naming.nonce(a_run(), "card", 1)]
    assert len({NONCE, *others}) == 4


def test_a_long_title_is_cut_at_the_72nd_character_of_its_subject() -> None:
    subject = naming.commit_message(41, "x" * 100, "uid-1").split("\n")[0]
    spaced = naming.commit_message(41, "x" * 60 + " and more", "uid-1").split("\n")[0]

    assert subject == "Start #41: " + "x" * 61
    assert spaced == "Start #41: " + "x" * 60
    assert naming.commit_message(41, " a \t b ", "uid-1").startswith("Start #41: a b\n")


def test_a_branch_neither_begins_nor_ends_with_a_dash() -> None:
    assert naming.slug("-- X ray X --") == "x-ray-x"
    assert naming.slug("a" * 39 + " b") == "a" * 39
