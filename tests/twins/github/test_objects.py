"""One contract for object stores, kept by the quick one and by git itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from valine_twins.objects import Commit, ObjectStore, Signature, StoreError, decode_commit, encode_commit
from valine_twins.objects_git import GitObjects
from valine_twins.objects_memory import MemoryObjects

NAME = "acme/shop"
ANA = Signature("Ana", "ana@example.test", datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


class ObjectStoreContract:
    """What every object store promises. A subclass says which one."""

    def commit(self, store: ObjectStore, files: dict[str, str | None], *parents: str, at: int = 0) -> str:
        onto = store.commit(NAME, parents[0]).tree if parents else None
        tree = store.write_tree(NAME, files, onto)
        who = Signature(ANA.name, ANA.email, ANA.date + timedelta(seconds=at))
        return store.write_commit(NAME, Commit(tree=tree, parents=parents, author=who, committer=who, message=f"c{at}"))

    def test_shas_are_gits_own(self, store: ObjectStore) -> None:
        tree = store.write_tree(NAME, {"a.txt": "one\n", "b/c.txt": "two\n", "b.txt": "", "b/d/e.txt": "three\n"})
        commit = Commit(tree=tree, parents=(), author=ANA, committer=ANA, message="First\n\nbecause")

        sha = store.write_commit(NAME, commit)

        assert tree == "345e0e03ff59a1046b2f415c531a159433f017ce"
        assert sha == "ae151762901e4ef2e017f0f7f085969fa5f51d62"

    def test_an_empty_tree_has_the_sha_that_everybody_knows(self, store: ObjectStore) -> None:
        assert store.write_tree(NAME, {}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

    def test_the_same_commit_twice_is_one(self, store: ObjectStore) -> None:
        assert self.commit(store, {"a": "1"}) == self.commit(store, {"a": "1"})

    def test_a_commit_is_read_as_it_was_written(self, store: ObjectStore) -> None:
        east = timezone(timedelta(hours=-5, minutes=-30))
        author = Signature("Zoë <Q>", "zoe@example.test", datetime(2026, 1, 1, tzinfo=east))
        tree = store.write_tree(NAME, {"a": "1"})

        sha = store.write_commit(
            NAME, Commit(tree=tree, parents=(), author=author, committer=ANA, message="no newline")
        )

        known = store.commit(NAME, sha)
        assert (known.message, known.author.name, known.author.date) == ("no newline", "Zoë Q", author.date)
        assert known.committer == ANA

    def test_a_tree_is_changed_and_emptied_path_by_path(self, store: ObjectStore) -> None:
        first = store.write_tree(NAME, {"a": "1", "d/b": "2"})

        second = store.write_tree(NAME, {"a": None, "d/c": "3"}, first)

        files = store.files(NAME, second)
        assert sorted(files) == ["d/b", "d/c"]
        assert store.blob(NAME, files["d/c"]) == b"3"
        assert sorted(store.files(NAME, first)) == ["a", "d/b"]

    def test_blobs_are_grafted_onto_a_tree_by_their_shas(self, store: ObjectStore) -> None:
        first = store.write_tree(NAME, {"a": "1", "d/b": "2"})
        noise = store.write_blob(NAME, b"\xff\x00")

        second = store.graft(NAME, {"d/noise": noise, "a": None}, first)

        assert sorted(store.files(NAME, second)) == ["d/b", "d/noise"]
        assert store.blob(NAME, store.files(NAME, second)["d/noise"]) == b"\xff\x00"

    def test_a_tree_is_listed_by_level_and_whole_in_gits_order(self, store: ObjectStore) -> None:
        root = store.write_tree(NAME, {"a.txt": "one\n", "a/c.txt": "two\n", "a/d/e": "3", "b": ""})

        level, whole = store.tree(NAME, root), store.tree(NAME, root, recursive=True)

        assert [(one.path, one.kind, one.mode, one.size) for one in level] == [
            ("a.txt", "blob", "100644", 4),
            ("a", "tree", "040000", None),
            ("b", "blob", "100644", 0),
        ]
        assert [one.path for one in whole] == ["a.txt", "a", "a/c.txt", "a/d", "a/d/e", "b"]
        assert [one.path for one in store.tree(NAME, level[1].sha)] == ["c.txt", "d"]
        assert {one.sha for one in level} <= {one.sha for one in whole}

    def test_all_of_a_history_is_what_is_ahead_of_nothing(self, store: ObjectStore) -> None:
        one = self.commit(store, {"a": "1"})
        two = self.commit(store, {"a": "2"}, one, at=1)

        assert store.ahead(NAME, None, two) == (one, two)

    def test_refs_are_made_moved_and_deleted(self, store: ObjectStore) -> None:
        one = self.commit(store, {"a": "1"})
        two = self.commit(store, {"a": "2"}, one, at=1)

        store.set_ref(NAME, "refs/heads/main", one)
        store.set_ref(NAME, "refs/heads/valine/r1/41-fix", one)
        store.set_ref(NAME, "refs/heads/main", two)
        store.set_ref(NAME, "refs/heads/valine/r1/41-fix", None)
        store.set_ref(NAME, "refs/heads/never", None)

        assert store.refs(NAME) == {"refs/heads/main": two}

    def test_ancestry_is_answered(self, store: ObjectStore) -> None:
        root = self.commit(store, {"a": "1"})
        left = self.commit(store, {"b": "1"}, root, at=1)
        left2 = self.commit(store, {"b": "2"}, left, at=2)
        right = self.commit(store, {"c": "1"}, root, at=3)

        assert store.merge_base(NAME, left2, right) == root
        assert store.merge_base(NAME, root, left2) == root
        assert store.merge_base(NAME, left2, left2) == left2
        assert store.ahead(NAME, right, left2) == (left, left2)
        assert store.ahead(NAME, left2, left2) == ()
        assert store.log(NAME, left2, 2) == (left2, left)

    def test_histories_that_share_nothing_have_no_base_and_do_not_merge(self, store: ObjectStore) -> None:
        one, other = self.commit(store, {"a": "1"}), self.commit(store, {"b": "1"}, at=1)

        assert store.merge_base(NAME, one, other) is None
        assert store.merge(NAME, one, other).tree is None

    def test_a_merge_after_a_merge_starts_from_it(self, store: ObjectStore) -> None:
        root = self.commit(store, {"a": "1"})
        left = self.commit(store, {"b": "1"}, root, at=1)
        right = self.commit(store, {"c": "1"}, root, at=2)
        merged = store.merge(NAME, left, right).tree or ""
        both = store.write_commit(
            NAME, Commit(tree=merged, parents=(left, right), author=ANA, committer=ANA, message="merge")
        )
        right2 = self.commit(store, {"c": "2"}, right, at=3)

        assert store.merge_base(NAME, both, right2) == right
        assert store.ahead(NAME, left, both)[-1] == both
        assert store.ahead(NAME, right2, both) == (left, both)

    def test_changes_in_different_files_merge(self, store: ObjectStore) -> None:
        root = self.commit(store, {"a": "1", "b": "1", "gone": "x"})
        left = self.commit(store, {"a": "2"}, root, at=1)
        right = self.commit(store, {"b": "2", "gone": None, "new/c": "1"}, root, at=2)

        merge = store.merge(NAME, left, right)

        assert merge.conflicts == ()
        assert merge.tree == store.write_tree(NAME, {"a": "2", "b": "2", "new/c": "1"})
        assert store.merge(NAME, right, left).tree == merge.tree

    def test_the_same_change_on_both_sides_is_no_conflict(self, store: ObjectStore) -> None:
        root = self.commit(store, {"a": "1"})
        left, right = self.commit(store, {"a": "2"}, root, at=1), self.commit(store, {"a": "2"}, root, at=2)

        assert store.merge(NAME, left, right).tree == store.write_tree(NAME, {"a": "2"})

    def test_different_changes_of_one_file_conflict(self, store: ObjectStore) -> None:
        root = self.commit(store, {"a": "1", "b": "1"})
        left, right = self.commit(store, {"a": "2"}, root, at=1), self.commit(store, {"a": "3"}, root, at=2)

        merge = store.merge(NAME, left, right)

        assert (merge.tree, merge.conflicts) == (None, ("a",))

    def test_a_file_changed_here_and_deleted_there_conflicts(self, store: ObjectStore) -> None:
        root = self.commit(store, {"a": "1", "b": "1"})
        left, right = self.commit(store, {"a": "2"}, root, at=1), self.commit(store, {"a": None}, root, at=2)

        assert store.merge(NAME, left, right).conflicts == ("a",)

    def test_three_trees_merge_as_a_rebase_needs_it(self, store: ObjectStore) -> None:
        base = store.write_tree(NAME, {"a": "1"})
        ours, theirs = store.write_tree(NAME, {"a": "1", "b": "1"}), store.write_tree(NAME, {"a": "2"})

        assert store.merge_trees(NAME, base, ours, theirs).tree == store.write_tree(NAME, {"a": "2", "b": "1"})
        assert store.merge_trees(NAME, base, store.write_tree(NAME, {"a": "3"}), theirs).conflicts == ("a",)

    def test_a_change_is_told_by_path_with_its_lines(self, store: ObjectStore) -> None:
        before = store.write_tree(NAME, {"a": "1\n2\n3\n", "gone": "x\n", "same": "s\n"})
        after = store.write_tree(NAME, {"a": "1\n2\n4\n5\n", "new/file": "n\n", "same": "s\n"})

        told = [(one.path, one.status, one.additions, one.deletions) for one in store.changes(NAME, before, after)]

        assert told == [("a", "modified", 2, 1), ("gone", "removed", 0, 1), ("new/file", "added", 1, 0)]

    def test_what_is_not_there_is_a_store_error(self, store: ObjectStore) -> None:
        missing = "0" * 39 + "1"
        calls: list[Callable[[], object]] = [
            lambda: store.commit(NAME, missing),
            lambda: store.commit(NAME, "main; rm -rf /"),
            lambda: store.files(NAME, missing),
            lambda: store.blob(NAME, missing),
            lambda: store.refs("no/where"),
            lambda: store.create(NAME),
            lambda: store.set_ref(NAME, "refs/heads/x", missing),
            lambda: store.graft(NAME, {"a": missing}),
            lambda: store.tree(NAME, missing),
            lambda: store.write_commit(
                NAME, Commit(tree=missing, parents=(), author=ANA, committer=ANA, message="of nothing")
            ),
        ]

        assert not store.has_tree(NAME, missing)
        for call in calls:
            with pytest.raises(StoreError):
                call()


class TestMemoryObjects(ObjectStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        made = MemoryObjects()
        made.create(NAME)
        return made


class TestGitObjects(ObjectStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        made = GitObjects(tmp_path / "store")
        made.create(NAME)
        return made

    def test_a_repository_is_a_real_one_that_git_finds_sound(self, store: ObjectStore, tmp_path: Path) -> None:
        store.set_ref(NAME, "refs/heads/main", self.commit(store, {"a": "1", "b/c": "2"}))

        checked = git(tmp_path / "store/acme/shop.git", "fsck", "--strict")

        assert checked == ""


def git(folder: Path, *arguments: str) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = {f"GIT_{role}_{what}": "Ana" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    alone = ("-c", "maintenance.auto=false")  # it may go on when git has ended, with a lock among the files
    run = ["git", "-c", "safe.directory=*", *alone, *arguments]
    done = subprocess.run(run, cwd=folder, env=clean | quiet | who, check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


class TestAdopting:
    """A local repository is taken in, and never written to."""

    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        folder = tmp_path / "checkout"
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=trunk")
        (folder / "run.sh").write_text("#!/bin/sh\n")
        (folder / "run.sh").chmod(0o755)
        git(folder, "add", "run.sh")
        git(folder, "commit", "--quiet", "--message", "Start")
        git(folder, "tag", "v1")
        return folder

    def test_the_checked_out_branch_becomes_the_default_one(self, checkout: Path, tmp_path: Path) -> None:
        store = GitObjects(tmp_path / "store")

        branch = store.adopt(NAME, checkout)

        head = git(checkout, "rev-parse", "HEAD").strip()
        assert branch == "trunk"
        assert store.refs(NAME) == {"refs/heads/trunk": head, "refs/tags/v1": head}

    def test_the_original_is_not_touched(self, checkout: Path, tmp_path: Path) -> None:
        before = {path: path.stat().st_ino and path.stat().st_nlink for path in checkout.rglob("*")}
        store = GitObjects(tmp_path / "store")

        store.adopt(NAME, checkout)
        head = store.refs(NAME)["refs/heads/trunk"]
        tree = store.write_tree(NAME, {"new.txt": "1"}, store.commit(NAME, head).tree)
        made = store.write_commit(NAME, Commit(tree=tree, parents=(head,), author=ANA, committer=ANA, message="x"))
        store.set_ref(NAME, "refs/heads/trunk", made)

        assert {path: path.stat().st_ino and path.stat().st_nlink for path in checkout.rglob("*")} == before
        assert git(checkout, "status", "--porcelain") == ""

    def test_a_files_mode_survives_a_change_beside_it(self, checkout: Path, tmp_path: Path) -> None:
        store = GitObjects(tmp_path / "store")
        store.adopt(NAME, checkout)
        tree = store.commit(NAME, store.refs(NAME)["refs/heads/trunk"]).tree

        made = store.write_tree(NAME, {"run.sh": "#!/bin/sh\necho\n", "b": "1"}, tree)

        assert "100755 blob" in git(tmp_path / "store/acme/shop.git", "ls-tree", made, "run.sh")

    def test_a_worktree_is_taken_with_its_own_branch(self, checkout: Path, tmp_path: Path) -> None:
        git(checkout, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
        store = GitObjects(tmp_path / "store")

        assert store.adopt(NAME, tmp_path / "side") == "side"

    def test_a_detached_checkout_is_called_main(self, checkout: Path, tmp_path: Path) -> None:
        git(checkout, "checkout", "--quiet", "--detach")
        store = GitObjects(tmp_path / "store")

        assert store.adopt(NAME, checkout) == "main"
        assert "refs/heads/main" in store.refs(NAME)

    def test_git_variables_of_an_outer_hook_do_not_reach_in(
        self, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
        monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
        store = GitObjects(tmp_path / "store")

        assert store.adopt(NAME, checkout) == "trunk"

    @pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a folder away")
    def test_somebody_elses_checkout_can_be_read(self, checkout: Path, tmp_path: Path) -> None:
        for path in (checkout, *checkout.rglob("*")):
            shutil.chown(path, 12345)
        store = GitObjects(tmp_path / "store")

        assert store.adopt(NAME, checkout) == "trunk"

    def test_what_is_no_repository_is_named(self, tmp_path: Path) -> None:
        store = GitObjects(tmp_path / "store")
        (tmp_path / "plain").mkdir()

        for path in (tmp_path / "plain", tmp_path / "nowhere"):
            with pytest.raises(StoreError, match="is not a git repository with a commit"):
                store.adopt(NAME, path)


def test_a_signed_commit_is_read_past_its_signature() -> None:
    body = encode_commit(Commit(tree="a" * 40, parents=("b" * 40,), author=ANA, committer=ANA, message="Said\n\nso"))
    signed = body.replace(b"\n\nSaid", b"\ngpgsig -----BEGIN\n line\n \n -----END\n\nSaid")

    assert decode_commit(signed) == decode_commit(body)
