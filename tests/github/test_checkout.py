"""Mirrors fetched from a GitHub over HTTP, local repositories, merge results, and who wrote what."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from pathlib import Path

import pytest

from tests.github.hosted import Hosted
from tests.github.repositories import Made
from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.refusals import RefusalCode
from workers.github.checkout import LocalCode, MirrorCode
from workers.github.git import Git, Limits, network_variables
from workers.github.mirror import Mirrors
from workers.ports import Code, Repository

ANY = Repository(id=1, full_name="acme/shop", default_branch="main")


def mirrors(hosted: Hosted, folder: Path, **settings: object) -> Mirrors:
    token = hosted.github.world.personal_token(hosted.bob)
    found: dict[str, object] = {
        "folder": folder,
        "server_url": hosted.github.server_url,
        "token": lambda _: token,
        **settings,
    }
    return Mirrors(**found)  # type: ignore[arg-type]


@pytest.fixture
def code(hosted: Hosted, tmp_path: Path) -> Code:
    return MirrorCode(mirrors(hosted, tmp_path / "mirrors"))


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made.at(tmp_path / "repository")


@pytest.fixture
def local(made: Made, tmp_path: Path) -> LocalCode:
    return LocalCode(made.path, tmp_path / "scratch")


def refused(caught: pytest.ExceptionInfo[ExpectedError]) -> ExpectedError:
    assert caught.value.code is RefusalCode.CHECKOUT_FAILED
    assert caught.value.advice
    return caught.value


def test_a_checkout_holds_base_head_and_their_merge(hosted: Hosted, code: Code) -> None:
    start = hosted.tip()
    head = hosted.github.world.push(hosted.shop, hosted.bob, "feature", {"versions/b.py": "revision = 'b'\n"})
    base = hosted.github.world.push(hosted.shop, hosted.alice, "main", {"versions/c.py": "revision = 'c'\n"})
    found = code.checkout(hosted.repository, base, head)
    assert (found.base.commit, found.head.commit, found.merge_base, found.conflicts) == (base, head, start, ())
    assert found.merge is not None
    assert found.merge.commit == ""
    assert [entry.path for entry in found.merge.entries("versions")] == [
        "versions/a.py",
        "versions/b.py",
        "versions/c.py",
    ]
    assert found.merge.read("versions/b.py") == b"revision = 'b'\n"
    assert found.base.read("versions/b.py") is None


def test_a_conflict_names_its_paths(hosted: Hosted, code: Code) -> None:
    head = hosted.github.world.push(hosted.shop, hosted.bob, "feature", {"alembic.ini": "[one]\n", "README.md": "x"})
    base = hosted.github.world.push(hosted.shop, hosted.alice, "main", {"alembic.ini": "[two]\n"})
    found = code.checkout(hosted.repository, base, head)
    assert (found.merge, found.conflicts) == (None, ("alembic.ini",))
    assert found.head.read("alembic.ini") == b"[one]\n"


def test_a_head_that_was_pushed_away_is_still_fetched_by_its_id(hosted: Hosted, code: Code) -> None:
    old = hosted.github.world.push(hosted.shop, hosted.bob, "feature", {"x": "old"})
    hosted.github.world.force_push(hosted.shop, hosted.bob, "feature", {"x": "new"})
    assert code.tree(hosted.repository, old).read("x") == b"old"


def test_what_was_fetched_once_is_not_fetched_again(hosted: Hosted, code: Code) -> None:
    base = hosted.tip()
    code.tree(hosted.repository, base)
    hosted.github.stop()
    assert code.tree(hosted.repository, base).read("README.md") == b"# shop\n"


def test_a_folder_may_be_given_relative_to_where_we_stand(
    hosted: Hosted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = MirrorCode(mirrors(hosted, Path("data/mirrors")))
    assert code.tree(hosted.repository, hosted.tip()).entries()
    assert (tmp_path / "data" / "mirrors" / f"{hosted.shop.id}.git" / "HEAD").exists()


def test_changed_paths_lie_between_commits_and_trees(hosted: Hosted, code: Code) -> None:
    base = hosted.tip()
    head = hosted.github.world.push(hosted.shop, hosted.bob, "feature", {"versions/b.py": "b", "README.md": "new"})
    assert code.changed(hosted.repository, base, head) == ("README.md", "versions/b.py")
    merge = code.checkout(hosted.repository, base, head).merge
    assert merge is not None
    assert code.changed(hosted.repository, base, merge.oid) == ("README.md", "versions/b.py")
    assert code.changed(hosted.repository, head, merge.oid) == ()


def test_the_token_is_written_nowhere(hosted: Hosted, tmp_path: Path) -> None:
    found = mirrors(hosted, tmp_path / "mirrors")
    MirrorCode(found).tree(hosted.repository, hosted.tip())
    token = found.token(hosted.repository)
    files = [path for path in (tmp_path / "mirrors").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if token.encode() in path.read_bytes()]


def test_a_mirror_is_fetched_with_the_apps_own_token(hosted: Hosted, tmp_path: Path) -> None:
    with hosted.host() as host:
        code = MirrorCode(mirrors(hosted, tmp_path, token=host.token))
        assert code.tree(host.repository(hosted.shop.id), hosted.tip()).entries()


@pytest.mark.parametrize("token", ["ghs_c4nary", ""])
def test_a_bad_token_is_refused_with_advice_and_without_the_token(hosted: Hosted, tmp_path: Path, token: str) -> None:
    with pytest.raises(ExpectedError) as caught:
        MirrorCode(mirrors(hosted, tmp_path, token=lambda _: token)).tree(hosted.repository, hosted.tip())
    error = refused(caught)
    assert "installed" in error.advice
    assert "c4nary" not in error.message


def test_a_commit_that_is_not_there_is_refused(hosted: Hosted, code: Code) -> None:
    with pytest.raises(ExpectedError) as caught:
        code.tree(hosted.repository, "1" * 40)
    assert "gone" in refused(caught).advice


def test_an_unreachable_server_is_refused(hosted: Hosted, tmp_path: Path) -> None:
    code = MirrorCode(mirrors(hosted, tmp_path, server_url="http://127.0.0.1:1"))
    with pytest.raises(ExpectedError) as caught:
        code.tree(hosted.repository, hosted.tip())
    refused(caught)


@pytest.mark.parametrize("commit", ["main", "--upload-pack=touch x", "A" * 40, "1" * 39, "1" * 41, "1" * 40 + "\n", ""])
def test_a_commit_is_named_by_its_full_id_only(hosted: Hosted, code: Code, commit: str) -> None:
    with pytest.raises(ExpectedError) as caught:
        code.tree(hosted.repository, commit)
    refused(caught)


@pytest.mark.parametrize("url", ["file:///tmp", "ext::sh -c touch", "ssh://127.0.0.1"])
def test_only_http_is_spoken(hosted: Hosted, tmp_path: Path, url: str) -> None:
    with pytest.raises(ExpectedError) as caught:
        MirrorCode(mirrors(hosted, tmp_path, server_url=url)).tree(hosted.repository, hosted.tip())
    assert "not allowed" in refused(caught).message


def test_a_fetch_that_takes_too_long_is_ended(hosted: Hosted, tmp_path: Path) -> None:
    code = MirrorCode(mirrors(hosted, tmp_path, fetch_limits=Limits(seconds=0.01)))
    with pytest.raises(ExpectedError) as caught:
        code.tree(hosted.repository, hosted.tip())
    assert "did not end" in refused(caught).message


def test_a_repository_above_the_limit_is_too_large(hosted: Hosted, tmp_path: Path) -> None:
    big = hosted.github.world.push(hosted.shop, hosted.bob, "big", {"big": os.urandom(300_000).hex()})
    with pytest.raises(ExpectedError) as caught:
        MirrorCode(mirrors(hosted, tmp_path, fetch_limits=Limits(bytes=50_000))).tree(hosted.repository, big)
    assert caught.value.code is RefusalCode.TOO_LARGE


def test_one_worker_fetches_at_a_time_and_the_other_is_asked_to_come_back(hosted: Hosted, tmp_path: Path) -> None:
    code = MirrorCode(mirrors(hosted, tmp_path, patience=0.1))
    with (tmp_path / f"{hosted.shop.id}.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(InterruptedWorkError):
            code.tree(hosted.repository, hosted.tip())
    assert code.tree(hosted.repository, hosted.tip()).entries()


def test_workers_that_fetch_together_all_get_their_commits(hosted: Hosted, code: Code) -> None:
    heads = [hosted.github.world.push(hosted.shop, hosted.bob, f"b{n}", {"x": str(n)}) for n in range(4)]
    found: dict[str, bytes | None] = {}
    threads = [
        threading.Thread(target=lambda head=head: found.update({head: code.tree(hosted.repository, head).read("x")}))
        for head in heads
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {head: str(number).encode() for number, head in enumerate(heads)}


def test_a_mirror_that_a_killed_fetch_left_is_healed(hosted: Hosted, code: Code, tmp_path: Path) -> None:
    code.tree(hosted.repository, hosted.tip())
    head = hosted.github.world.push(hosted.shop, hosted.bob, "feature", {"x": "1"})
    mirror = tmp_path / "mirrors" / f"{hosted.shop.id}.git"
    left = [
        mirror / "refs" / "keep" / f"{head}.lock",
        mirror / "shallow.lock",
        mirror / "objects" / "pack" / "tmp_pack_x",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert code.tree(hosted.repository, head).read("x") == b"1"
    assert not [path for path in left if path.exists()]


def test_a_mirror_that_was_half_made_is_completed(hosted: Hosted, code: Code, tmp_path: Path) -> None:
    (tmp_path / "mirrors" / f"{hosted.shop.id}.git" / "refs").mkdir(parents=True)
    assert code.tree(hosted.repository, hosted.tip()).entries()


def test_settings_and_hooks_of_the_machine_are_not_used(hosted: Hosted, code: Code, tmp_path: Path) -> None:
    code.tree(hosted.repository, hosted.tip())
    marker, mirror = tmp_path / "ran", tmp_path / "mirrors" / f"{hosted.shop.id}.git"
    (mirror / "hooks").mkdir()
    hook = mirror / "hooks" / "reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    code.tree(hosted.repository, hosted.github.world.push(hosted.shop, hosted.bob, "feature", {"x": "1"}))
    assert not marker.exists()


# --- on this machine


def test_a_local_repository_is_read_by_names_and_left_as_it_is(made: Made, local: LocalCode) -> None:
    base = made.files({"a": "1"})
    head, tip = made.files({"a": "1", "b": "2"}, base), made.files({"a": "1", "c": "3"}, base)
    made.git("update-ref", "refs/heads/feature", head)
    made.git("update-ref", "refs/heads/main", tip)
    before = sorted(path for path in made.path.rglob("*"))
    found = local.checkout(ANY, "main", "feature")
    assert found.merge is not None
    assert [entry.path for entry in found.merge.entries()] == ["a", "b", "c"]
    assert local.changed(ANY, "main", "feature") == ("b", "c")
    assert sorted(path for path in made.path.rglob("*")) == before


def test_a_linked_work_tree_and_a_folder_inside_are_found(tmp_path: Path) -> None:
    made = Made.at(tmp_path / "repository", bare=False)
    made.git("commit", "--quiet", "--allow-empty", "-m", "one")
    made.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked"))
    side = Made(tmp_path / "linked")
    side.git("commit", "--quiet", "--allow-empty", "-m", "two")
    (tmp_path / "linked" / "inside").mkdir()
    code = LocalCode(tmp_path / "linked" / "inside", tmp_path / "scratch")
    assert code.tree(ANY, "HEAD").commit == side.git("rev-parse", "HEAD")
    assert code.checkout(ANY, "main", "side").merge_base == made.git("rev-parse", "main")


@pytest.mark.parametrize("name", ["nowhere", "--help", "-x", "", "HEAD^{tree}"])
def test_a_name_that_is_no_commit_is_refused(made: Made, local: LocalCode, name: str) -> None:
    made.git("update-ref", "refs/heads/main", made.files({"a": "1"}))
    with pytest.raises(ExpectedError) as caught:
        local.tree(ANY, name)
    refused(caught)


def test_a_folder_outside_of_any_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExpectedError) as caught:
        LocalCode(tmp_path, tmp_path / "scratch").tree(ANY, "HEAD")
    refused(caught)


def test_attributes_and_replacements_do_not_change_a_merge(made: Made, local: LocalCode) -> None:
    base = made.files({".gitattributes": "* merge=union\n", "a": "1\n"})
    one, two = (
        made.files({".gitattributes": "* merge=union\n", "a": "2\n"}, base),
        made.files({".gitattributes": "* merge=union\n", "a": "3\n"}, base),
    )
    made.git("update-ref", "refs/heads/main", one)
    made.git("replace", two, one)
    assert local.checkout(ANY, one, two).conflicts == ("a",)


def test_histories_without_a_common_commit_are_refused(made: Made, local: LocalCode) -> None:
    with pytest.raises(ExpectedError) as caught:
        local.checkout(ANY, made.files({"a": "1"}), made.files({"b": "1"}))
    assert "in common" in refused(caught).message


def test_authors_are_the_commits_of_head_without_clean_merges(made: Made, local: LocalCode) -> None:
    start = made.files({"a": "1\n"})
    main = made.files({"a": "1\n", "m": "1\n"}, start)
    first = made.files({"a": "1\n", "b": "1\n"}, start)
    clean = made.files({"a": "1\n", "b": "1\n", "m": "1\n"}, first, main)
    evil = made.files({"a": "evil\n", "b": "1\n", "m": "2\n"}, clean, made.files({"a": "1\n", "m": "2\n"}, main))
    assert local.authors(ANY, main, clean) == (first,)
    found = local.authors(ANY, main, evil)
    assert found[0] == evil
    assert first in found
    assert clean not in found
    assert len(found) == 3


def test_a_merge_that_resolved_a_conflict_is_somebodys_work(made: Made, local: LocalCode) -> None:
    start = made.files({"a": "1\n"})
    main, head = made.files({"a": "2\n"}, start), made.files({"a": "3\n"}, start)
    solved = made.files({"a": "4\n"}, head, main)
    assert local.authors(ANY, main, solved) == (solved, head)


def test_a_repository_of_somebody_else_is_read_all_the_same(made: Made, local: LocalCode) -> None:
    made.git("update-ref", "refs/heads/main", made.files({"a": "1"}))
    if os.geteuid() == 0:
        for path in (made.path, *made.path.rglob("*")):
            os.chown(path, 12345, 12345)
    assert local.tree(ANY, "main").read("a") == b"1"


def test_of_the_operators_variables_git_gets_those_of_the_network() -> None:
    variables = {
        "https_proxy": "http://p",
        "NO_PROXY": "x",
        "SSL_CERT_FILE": "/c",
        "SHOP_PROD_URL": "secret",
        "GIT_SSH": "evil",
    }
    assert network_variables(variables) == (("GIT_SSL_CAINFO", "/c"), ("NO_PROXY", "x"), ("https_proxy", "http://p"))


def test_git_runs_with_an_environment_of_its_own(made: Made) -> None:
    os.environ["GIT_DIR"] = "/nonexistent"
    try:
        assert Git(made.path).run("rev-parse", "--is-bare-repository").out == b"true\n"
    finally:
        del os.environ["GIT_DIR"]
