"""Trees are read by object id; what is not a plain file of a permitted size and name is an oddity and never read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.github.repositories import Made
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.github.git import Git
from workers.github.trees import GitTree, TreeLimits


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made.at(tmp_path / "repository")


def opened(made: Made, tree: str, **limits: int) -> GitTree:
    return GitTree(Git(made.path), tree, limits=TreeLimits(**limits))


def of_files(made: Made, files: dict[str, bytes | str], **limits: int) -> GitTree:
    return opened(made, made.git("rev-parse", made.files(files) + "^{tree}"), **limits)


def test_regular_files_are_listed_by_path_and_read_by_content(made: Made) -> None:
    tree = of_files(made, {"b/x.py": "x\n", "a.txt": b"\x00\xff\n", "b/c/d": "", "é/ü.sql": "select 1"})
    assert [entry.path for entry in tree.entries()] == ["a.txt", "b/c/d", "b/x.py", "é/ü.sql"]
    assert [entry.size for entry in tree.entries("b")] == [0, 2]
    assert tree.read("a.txt") == b"\x00\xff\n"
    assert tree.read("b/c/d") == b""
    assert tree.read("é/ü.sql") == b"select 1"
    assert tree.read("b") is None
    assert tree.read("../a.txt") is None
    assert tree.oddities() == ()


def test_a_folder_is_not_taken_for_another_that_begins_alike(made: Made) -> None:
    tree = of_files(made, {"app/x": "1", "app2/x": "2", "app.txt": "3"})
    assert [entry.path for entry in tree.entries("app")] == ["app/x"]
    assert len(tree.entries(".")) == 3


def test_links_and_submodules_are_oddities(made: Made) -> None:
    link, commit = made.blob(b"/proc/self/environ"), "1" * 40
    tree = opened(
        made, made.tree(("120000", link, b"env.py"), ("160000", commit, b"sub"), ("100755", made.blob(b"#!"), b"x"))
    )
    assert tree.oddities() == (("env.py", "a symbolic link"), ("sub", "a submodule"))
    assert tree.read("env.py") is None
    assert [entry.path for entry in tree.entries()] == ["x"]


@pytest.mark.parametrize(
    "name",
    [
        *(b"..", b".", b".git", b".GIT", b".Git ", b".git.", b"git~1", b".g\xe2\x80\x8bit", b"a\\b"),
        *(b"a\x01b", b"a\nb", b"a\x1b[31m", b"\xff", b"a\xe2\x80\xaetxt", b"n" * 256),
    ],
)
def test_a_hostile_name_is_an_oddity_wherever_it_stands(made: Made, name: bytes) -> None:
    blob = made.blob(b"evil")
    inner = made.tree(("100644", blob, b"x"))
    for rows in ((("100644", blob, name),), (("40000", inner, name),)):
        tree = opened(made, made.tree(*rows))
        assert tree.entries() == ()
        assert len(tree.oddities()) == 1
        assert tree.oddities()[0][0].isprintable()


def test_names_that_meet_after_the_slash_are_both_left_out(made: Made) -> None:
    blob, other = made.blob(b"1"), made.blob(b"2")
    inner = made.tree(("100644", blob, b"b"))
    twice = opened(made, made.tree(("40000", inner, b"a"), ("100644", other, b"a/b"), ("100644", blob, b"ok")))
    assert [entry.path for entry in twice.entries()] == ["ok"]
    below = opened(made, made.tree(("100644", blob, b"a"), ("40000", inner, b"a"), ("100644", blob, b"ok")))
    assert [entry.path for entry in below.entries()] == ["a/b", "ok"]
    absolute = opened(made, made.tree(("100644", blob, b"/etc/passwd")))
    assert absolute.entries() == ()


def test_a_file_above_the_limit_is_an_oddity(made: Made) -> None:
    tree = of_files(made, {"big": b"x" * 2049, "fits": b"x" * 2048}, file=2048)
    assert tree.oddities() == (("big", "larger than 2 KiB"),)
    assert [entry.path for entry in tree.entries()] == ["fits"]


def test_a_tree_of_too_many_names_is_refused(made: Made) -> None:
    with pytest.raises(ExpectedError) as caught:
        of_files(made, {str(number): "" for number in range(11)}, names=10).entries()
    assert caught.value.code is RefusalCode.TOO_LARGE


@pytest.mark.parametrize("limits", [{"exported_files": 2}, {"exported_bytes": 5}])
def test_an_export_above_the_limit_is_refused_and_writes_nothing(
    made: Made, tmp_path: Path, limits: dict[str, int]
) -> None:
    tree = of_files(made, {"a": "12", "b": "34", "c": "56"}, **limits)
    with pytest.raises(ExpectedError) as caught:
        tree.export(tmp_path / "out")
    assert caught.value.code is RefusalCode.TOO_LARGE
    assert not (tmp_path / "out").exists()


def test_an_export_holds_the_blobs_and_nothing_is_converted(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    files = {
        ".gitattributes": "* text eol=crlf filter=lfs ident working-tree-encoding=UTF-16\n",
        "app/v/a.py": "$Id$\n",
        "app/pointer": "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "other/x": "1",
    }
    of_files(made, dict(files)).export(out)
    assert {
        str(path.relative_to(out)): path.read_bytes().decode() for path in out.rglob("*") if path.is_file()
    } == files
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*")} == {0o755, 0o644}


def test_an_export_of_a_folder_leaves_the_rest_out(made: Made, tmp_path: Path) -> None:
    of_files(made, {"app/x": "1", "other/x": "2"}).export(tmp_path, "app")
    assert [
        str(path.relative_to(tmp_path))
        for path in tmp_path.rglob("*")
        if path.is_file() and "repository" not in path.parts
    ] == ["app/x"]


def test_reading_a_folder_of_files_runs_git_once(made: Made) -> None:
    tree = of_files(made, {f"versions/{number}.py": f"n = {number}\n" for number in range(50)})
    assert tree.read("versions/0.py") == b"n = 0\n"
    (made.path / "objects").rename(made.path / "gone")
    assert tree.read("versions/49.py") == b"n = 49\n"


def test_an_object_that_is_missing_is_expected_trouble(made: Made) -> None:
    tree = opened(made, made.tree(("100644", made.blob(b"1"), b"a")))
    tree.entries()
    oid = tree.entries()[0].oid
    (made.path / "objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(ExpectedError) as caught:
        tree.read("a")
    assert caught.value.code is RefusalCode.CHECKOUT_FAILED
