"""The revision graph is read without running anything, and what is wrong with it is said with a way out."""

from __future__ import annotations

import random
from functools import partial

import pytest
from alembic.script.revision import Revision as AlembicRevision
from alembic.script.revision import RevisionMap

from tests.sources.alembic.projects import SHOP, MemoryTree, module, revision, shop, tree
from workers.core.refusals import RefusalCode
from workers.ports import History, Revision
from workers.sources.alembic import history as graph
from workers.sources.alembic.detect import read_project
from workers.sources.alembic.history import lineage, order, read_history
from workers.sources.alembic.revisions import FILE_BYTES, read_revision


def history(files: MemoryTree) -> History:
    project = read_project(files, module())
    assert project is not None
    return read_history(files, project)


def codes(found: History) -> list[RefusalCode]:
    return [problem.code for problem in found.problems]


def made(name: str, *down: str, depends: tuple[str, ...] = (), labels: tuple[str, ...] = ()) -> Revision:
    return Revision(
        id=name, down=down, depends=depends, labels=labels, path=f"{name}.py", line=1, title="", content=name
    )


def content_of(text: str) -> str:
    found = read_revision("x.py", text.encode())
    assert isinstance(found, Revision)
    return found.content


def test_the_sample_is_read_in_order_with_titles_paths_and_lines():
    found = history(shop())
    assert [item.id for item in found.revisions] == [f"a1c0de00000{number}" for number in (1, 2, 3, 4)]
    assert (found.heads, found.problems, found.unreadable) == (("a1c0de000004",), (), ())
    last = found.revisions[-1]
    assert (last.title, last.down) == ("Add column orders.note.", ("a1c0de000003",))
    lines = (SHOP / last.path).read_text().splitlines()
    assert lines[last.line - 1].startswith("revision = ")


def test_annotated_and_plain_assignments_tuples_and_labels_are_read():
    text = 'revision: str = "a"\ndown_revision: tuple = ("b", "c")\nbranch_labels = {"left"}\ndepends_on = ["d"]\n'
    found = read_revision("x.py", text.encode())
    assert isinstance(found, Revision)
    assert (found.id, found.down, found.labels, found.depends) == ("a", ("b", "c"), ("left",), ("d",))


def test_two_heads_are_refused_with_the_merge_command():
    files = shop(revision("b1") | revision("b2"))
    found = history(files)
    assert codes(found) == [RefusalCode.SEVERAL_HEADS]
    assert 'alembic merge -m "merge heads" b1 b2' in found.problems[0].fix
    assert found.problems[0].path == "alembic/versions/b2.py"


def test_a_merge_revision_joins_two_heads():
    merge = {"alembic/versions/m.py": 'revision = "m"\ndown_revision = ("b1", "b2")\n'}
    found = history(shop(revision("b1") | revision("b2") | merge))
    assert (found.problems, found.heads) == ((), ("m",))
    assert [item.id for item in found.revisions][-1] == "m"


def test_heads_on_branches_with_labels_of_their_own_are_meant():
    found = order([made("a"), made("b", "a", labels=("expand",)), made("c", "a", labels=("contract",))])
    assert (found.problems, found.heads) == ((), ("b", "c"))


def test_a_duplicate_a_missing_parent_and_a_cycle_are_named():
    assert codes(order([made("a"), made("a")])) == [RefusalCode.PLAN_INCOMPLETE]
    missing = order([made("b", "gone")])
    assert codes(missing) == [RefusalCode.UNKNOWN_REVISION]
    assert "`gone`" in missing.problems[0].message
    cycle = order([made("a", "c"), made("b", "a"), made("c", "b")])
    assert codes(cycle) == [RefusalCode.PLAN_INCOMPLETE]
    assert all(f"`{name}`" in cycle.problems[0].message for name in "abc")
    itself = order([made("a", "a")])
    assert codes(itself) == [RefusalCode.PLAN_INCOMPLETE]


def test_depends_on_may_name_a_label_or_the_beginning_of_an_identifier():
    found = order([made("xbase0001"), made("b", labels=("left",)), made("c", depends=("xbase", "left"))])
    assert [item.id for item in found.revisions].index("c") == 2
    assert RefusalCode.UNKNOWN_REVISION not in codes(found)


def test_a_value_that_is_computed_makes_the_file_unreadable_and_no_more():
    text = {"alembic/versions/z.py": 'import os\nrevision = os.environ["REVISION"]\ndown_revision = "a1c0de000004"\n'}
    found = history(shop(text))
    assert (found.unreadable, found.problems) == (("alembic/versions/z.py",), ())


def test_a_syntax_error_is_named_with_its_line():
    found = history(shop({"alembic/versions/z.py": 'revision = "z"\n\ndef upgrade(:\n'}))
    (problem,) = found.problems
    assert (problem.code, problem.path, problem.line) == (RefusalCode.PLAN_INCOMPLETE, "alembic/versions/z.py", 3)


def test_a_file_without_a_revision_is_named_and_package_files_are_not():
    files = shop({"alembic/versions/__init__.py": "", "alembic/versions/tools.py": "x = 1\n"})
    (problem,) = history(files).problems
    assert problem.path == "alembic/versions/tools.py"


@pytest.mark.parametrize(
    "hostile",
    [
        b"x = " + b"-" * 200_000 + b"1",
        b"(" * 100_000,
        b"a" + b".b" * 100_000,
        b"a" + b"()" * 100_000,
        b"\0",
        b"# coding: nonsense\n",
        b"x = " + b"9" * 100_000,
        b"\xff\xfe",
        b"revision = '" + b"a" * (FILE_BYTES + 1) + b"'",
        b"revision = 'x" + b"\\x00" + b"'",
    ],
)
def test_a_hostile_file_is_a_problem_and_never_an_error(hostile: bytes):
    files = shop()
    found = history(MemoryTree({**files.files, "alembic/versions/z.py": hostile}))
    assert "alembic/versions/z.py" in {*found.unreadable, *(problem.path for problem in found.problems)}


def test_links_among_the_revisions_are_named_and_never_followed():
    files = MemoryTree(shop().files, odd=(("alembic/versions/z.py", "symbolic link"),))
    (problem,) = history(files).problems
    assert "symbolic link" in problem.message
    assert problem.path == "alembic/versions/z.py"


def test_too_many_revisions_are_not_read():
    files = {f"alembic/versions/{number}.py": "" for number in range(graph.REVISIONS + 1)}
    assert codes(history(shop(dict(files)))) == [RefusalCode.TOO_LARGE]


def test_comments_docstrings_and_layout_are_no_content():
    plain = 'revision = "a"\n\ndef upgrade():\n    op.drop_table("x")\n'
    dressed = '"""Title."""\n# why\nrevision   =   \'a\'\n\n\ndef upgrade() :\n    """Do it."""\n    op.drop_table(\n        "x",\n    )\n'
    assert content_of(plain) == content_of(dressed)


@pytest.mark.parametrize(
    "changed",
    [
        'revision = "a"\n\ndef upgrade():\n    op.drop_table("y")\n',
        'revision = "a"\n\ndef upgrade():\n    op.drop_table(b"x")\n',
        'revision = "a"\n\ndef upgrade():\n    op.drop_table(["x"])\n',
        'revision = "a"\n\ndef upgrade():\n    op.drop_table(x="x")\n',
        'revision = "a"\n\ndef downgrade():\n    op.drop_table("x")\n',
        'revision = "a"\n\ndef upgrade():\n    pass\n    op.drop_table("x")\n',
    ],
)
def test_any_change_of_what_runs_is_a_change_of_content(changed: str):
    assert content_of(changed) != content_of('revision = "a"\n\ndef upgrade():\n    op.drop_table("x")\n')


def test_the_content_of_the_sample_is_the_same_in_every_version_of_python():
    text = (SHOP / "alembic/versions/a1c0de000001_create_customers.py").read_text()
    assert content_of(text)[:16] == "f61b7880503efd37"


def test_the_order_and_the_heads_agree_with_alembic_on_random_graphs():
    dice = random.Random(20_261_122)  # noqa: S311 -- a fixed seed, so that a failure comes again
    for _ in range(60):
        found = _random_graph(dice)
        ours = order(found)
        theirs = RevisionMap(partial(_as_alembic_has_them, found))
        assert set(ours.heads) == set(theirs.heads)
        positions = {item.id: index for index, item in enumerate(ours.revisions)}
        assert len(positions) == len(found)
        for item in found:
            needed = theirs.get_revision(item.id)
            assert needed is not None
            assert all(positions[name] < positions[item.id] for name in needed._all_down_revisions)
            closure = {each.revision for each in theirs.iterate_revisions(item.id, "base", implicit_base=True)}
            assert lineage(ours, (item.id,)) >= closure


def _as_alembic_has_them(found: list[Revision]) -> list[AlembicRevision]:
    return [AlembicRevision(item.id, item.down or None, item.depends or None) for item in found]


def _random_graph(dice: random.Random) -> list[Revision]:
    found: list[Revision] = []
    for number in range(dice.randint(1, 14)):
        names = [item.id for item in found]
        down = dice.sample(names, min(len(names), dice.choice([0, 1, 1, 1, 2])))
        depends = dice.sample(names, 1) if names and dice.random() < 0.2 else []
        found.append(made(f"r{number:04}", *down, depends=tuple(set(depends) - set(down))))
    dice.shuffle(found)
    return found


def test_a_tree_without_a_project_has_none():
    assert read_project(tree({"README.md": ""}), module()) is None
