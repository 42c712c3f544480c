"""Where a project keeps its things is read from its files alone, in all the layouts that Alembic knows."""

from __future__ import annotations

import pytest

from tests.sources.alembic.projects import MemoryTree, module, shop, tree
from workers.core.names import Engine
from workers.core.refusals import RefusalCode
from workers.ports import Revision
from workers.sources.alembic import detect
from workers.sources.alembic.detect import Project, own_files, read_project, watched
from workers.sources.alembic.history import read_history
from workers.sources.alembic.paths import inside, matches
from workers.sources.alembic.version_table import bookkeeping, follows_graph, version_table

ENV = {"alembic/env.py": "", "alembic/versions/a.py": 'revision = "a"\n'}


def ini(*lines: str, section: str = "alembic") -> str:
    return f"[{section}]\n" + "\n".join(lines) + "\n"


def project(files: MemoryTree, path: str = ".", **settings) -> Project:
    found = read_project(files, module(path, **settings))
    assert found is not None
    return found


def located(*lines: str, files: dict[str, str] | None = None, **settings) -> Project:
    return project(tree((files or ENV) | {"alembic.ini": ini(*lines)}), **settings)


@pytest.mark.parametrize("location", ["alembic", "./alembic", "%(here)s/alembic", "alembic/"])
def test_a_script_location_is_relative_to_the_folder_of_the_ini_file(location: str):
    found = located(f"script_location = {location}")
    assert (found.script_location, found.version_locations) == ("alembic", ("alembic/versions",))
    assert (found.env_file, found.problems) == ("alembic/env.py", ())


def test_a_module_below_a_folder_keeps_its_paths_below_it():
    files = tree(
        {f"services/shop/{path}": text for path, text in ENV.items()}
        | {"services/shop/alembic.ini": ini("script_location = alembic")}
    )
    found = project(files, "services/shop")
    assert (found.folder, found.script_location) == ("services/shop", "services/shop/alembic")


@pytest.mark.parametrize("place", ["pkg/db/migrations", "src/pkg/db/migrations", "lib/pkg/db/migrations"])
def test_a_location_in_a_package_is_searched_where_python_would_find_it(place: str):
    files = {f"{place}/env.py": "", "alembic.ini": ini("script_location = pkg.db:migrations")}
    assert project(tree(files), pythonpath=("lib",)).script_location == place


def test_a_location_in_a_package_that_stands_once_in_the_tree_is_found():
    files = {"deep/er/pkg/m/env.py": "", "alembic.ini": ini("script_location = pkg:m")}
    assert project(tree(files)).script_location == "deep/er/pkg/m"


@pytest.mark.parametrize("location", ["../elsewhere", "/etc/alembic", "gone:here", "%(here)s/../../x"])
def test_a_location_outside_of_the_repository_is_a_problem(location: str):
    (problem,) = located(f"script_location = {location}").problems
    assert (problem.code, problem.path) == (RefusalCode.CONFIG_INVALID, "alembic.ini")


@pytest.mark.parametrize(
    ("lines", "places"),
    [
        (("version_locations = one two",), ("one", "two")),
        (("version_locations = one, two",), ("one", "two")),
        (("version_locations = %(here)s/one:two", "path_separator = os"), ("one", "two")),
        (("version_locations = one:two", "version_path_separator = os"), ("one", "two")),
        (("version_locations = one;two", "path_separator = ;"), ("one", "two")),
        (("version_locations = one", "    two", "path_separator = newline"), ("one", "two")),
        (("version_locations = one two", "path_separator = space"), ("one", "two")),
    ],
)
def test_several_version_locations_are_split_as_alembic_splits_them(lines: tuple[str, ...], places: tuple[str, ...]):
    assert located("script_location = alembic", *lines).version_locations == places


def test_version_locations_are_searched_deeper_only_when_told():
    assert not located("script_location = alembic").recursive
    assert located("script_location = alembic", "recursive_version_locations = true").recursive


def test_a_pyproject_may_tell_what_the_ini_file_does_not():
    toml = '[tool.alembic]\nscript_location = "%(here)s/alembic"\nversion_locations = ["%(here)s/a:b", "two"]\nprepend_sys_path = ["src"]\n'
    found = project(tree(ENV | {"pyproject.toml": toml}))
    assert (found.config, found.toml, found.script_location) == ("", "pyproject.toml", "alembic")
    assert found.version_locations == ("a:b", "two")
    both = project(tree(ENV | {"pyproject.toml": toml, "alembic.ini": ini("sqlalchemy.url = sqlite:///x.db")}))
    assert (both.config, both.engine) == ("alembic.ini", Engine.SQLITE)
    wins = project(
        tree(ENV | {"other/env.py": "", "pyproject.toml": toml, "alembic.ini": ini("script_location = other")})
    )
    assert wins.script_location == "other"


def test_another_section_and_another_file_are_chosen_by_the_config():
    files = tree(ENV | {"conf/a.ini": ini("script_location = ../alembic", section="billing")})
    assert project(files, config="conf/a.ini", section="billing").script_location == "alembic"
    assert read_project(files, module(config="conf/a.ini")) is None


@pytest.mark.parametrize(
    "text", ["no section\n", "[alembic]\nscript_location = a\nscript_location = b\n", "[alembic\n"]
)
def test_an_ini_file_that_alembic_cannot_read_is_a_problem_with_its_place(text: str):
    (problem,) = project(tree({"alembic.ini": text})).problems
    assert (problem.code, problem.path) == (RefusalCode.CONFIG_INVALID, "alembic.ini")


def test_an_ini_file_of_somebody_else_is_no_project():
    assert read_project(tree({"alembic.ini": "[tool]\nx = 1\n"}), module()) is None
    assert read_project(tree({"pyproject.toml": "[tool.other]\n"}), module()) is None
    assert (
        read_project(
            MemoryTree({"alembic.ini": b"[alembic]\nscript_location = a\n" + b"#" * detect.CONFIG_BYTES}), module()
        )
        is None
    )


@pytest.mark.parametrize(
    ("url", "engine", "driver"),
    [
        ("postgresql://u@h/d", Engine.POSTGRESQL, ""),
        ("postgresql+asyncpg://u@h/d", Engine.POSTGRESQL, "asyncpg"),
        ("postgres://u@h/d", Engine.POSTGRESQL, ""),
        ("sqlite+aiosqlite:///x.db", Engine.SQLITE, "aiosqlite"),
        ("mysql+pymysql://u@h/d", Engine.MYSQL, "pymysql"),
        ("mariadb://u@h/d", Engine.MARIADB, ""),
        ("driver://user:pass@localhost/dbname", None, ""),
        ("%(DB_URL)s", None, ""),
        ("", None, ""),
    ],
)
def test_the_engine_is_named_by_the_url(url: str, engine: Engine | None, driver: str):
    found = located("script_location = alembic", f"sqlalchemy.url = {url}")
    assert (found.engine, found.driver) == (engine, driver)


def test_a_real_password_in_the_url_is_noticed_and_never_shown():
    found = located("script_location = alembic", "sqlalchemy.url = postgresql://app:s3cr3t-hunter@db/x")
    assert found.holds_password
    assert "hunter" not in repr(found)
    assert not located("script_location = alembic", "sqlalchemy.url = driver://user:pass@localhost/x").holds_password
    assert not located("script_location = alembic", "sqlalchemy.url = postgresql://app@db/x").holds_password


def test_the_watched_paths_cover_every_layout_and_the_modules_own():
    globs = watched(module("services/shop", requirements="deps/app.txt", watch=("services/shop/models/**",)))
    covered = [
        *("services/shop/alembic.ini", "services/shop/db/versions/0001.py", "services/shop/a/b/env.py"),
        *("services/shop/requirements.txt", "services/shop/deps/app.txt", "services/shop/models/x/y.py", "uv.lock"),
    ]
    assert all(any(matches(path, glob) for glob in globs) for path in covered)
    assert not any(matches("services/shop/README.md", glob) or matches("other/models/x.py", glob) for glob in globs)


def test_own_files_change_with_configuration_models_and_lock_and_not_with_a_revision():
    mod = module(watch=("shop/**",))

    def seen(files: MemoryTree) -> dict[str, str]:
        return dict(own_files(files, mod, project(files), ("requirements.txt",)))

    before = seen(shop())
    assert set(before) == {
        *(
            "alembic.ini",
            "alembic/env.py",
            "alembic/script.py.mako",
            "requirements.txt",
            "shop/__init__.py",
            "shop/models.py",
        ),
    }
    assert seen(shop({"alembic/versions/new.py": "revision = 'x'", "README.md": "x"})) == before
    for path in before:
        assert seen(shop({path: "[alembic]\nscript_location = alembic\n"})) != before


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "..", "a\0b"])
def test_a_path_never_leaves_the_repository(path: str):
    assert inside(path) is None
    assert inside("a/b", "../c") == "a/c"


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ("context.configure(connection=c)", ("", "alembic_version")),
        ('context.configure(version_table="v")', ("", "v")),
        ('T = "v"\ncontext.configure(version_table=T, version_table_schema="s")', ("s", "v")),
        ('options = {"version_table": "v"}\ncontext.configure(**options)', ("", "v")),
        ("context.configure(version_table=name())", ("", "alembic_version")),
        ("this is not python", ("", "alembic_version")),
    ],
)
def test_the_version_table_is_read_from_literals_of_env_py(env: str, name: tuple[str, str]):
    files = shop({"alembic/env.py": env})
    assert version_table(files, project(files)) == name


def test_bookkeeping_is_what_alembic_would_write():
    table = ("", "alembic_version")
    assert bookkeeping(table, ("a",), ("b",)) == (
        "UPDATE alembic_version SET version_num='b' WHERE alembic_version.version_num = 'a'",
    )
    assert bookkeeping(table, ("a",), ("a", "b")) == ("INSERT INTO alembic_version (version_num) VALUES ('b')",)
    assert bookkeeping(table, ("a", "b"), ("m",)) == (
        "UPDATE alembic_version SET version_num='m' WHERE alembic_version.version_num = 'a'",
        "DELETE FROM alembic_version WHERE alembic_version.version_num = 'b'",
    )
    made, inserted = bookkeeping(("S", "v'"), (), ("it's",))
    assert made.startswith(
        'CREATE TABLE IF NOT EXISTS "S"."v\'" (version_num VARCHAR(32) NOT NULL, CONSTRAINT "v\'_pkc"'
    )
    assert inserted == "INSERT INTO \"S\".\"v'\" (version_num) VALUES ('it''s')"
    assert bookkeeping(table, ("a",), ("a",)) == ()


ONE = Revision(id="b", down=("a",), depends=(), labels=(), path="b.py", line=1, title="", content="")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("INSERT INTO alembic_version (version_num) VALUES ('b')", True),
        ("INSERT INTO alembic_version (version_num) VALUES ('b') RETURNING alembic_version.version_num", True),
        ("UPDATE alembic_version SET version_num='b' WHERE alembic_version.version_num = 'a'", True),
        ("DELETE FROM alembic_version WHERE alembic_version.version_num = 'a'", True),
        ("UPDATE alembic_version SET version_num='z' WHERE alembic_version.version_num = 'a'", False),
        ("UPDATE alembic_version SET version_num='b'", False),
        ("DELETE FROM alembic_version", False),
        ("DELETE FROM alembic_version WHERE alembic_version.version_num = 'a' OR true", False),
        ("INSERT INTO alembic_version (version_num) VALUES ('b'), ('c')", False),
        ("INSERT INTO other (version_num) VALUES ('b')", False),
        ("TRUNCATE alembic_version", False),
    ],
)
def test_a_write_to_the_version_table_is_held_to_the_graph(sql: str, expected: bool):
    assert follows_graph(sql, ("", "alembic_version"), ONE) is expected
    assert not follows_graph(sql, ("", "alembic_version"), None)


def test_a_project_of_several_databases_is_refused_by_name():
    found = read_history(tree(ENV), located("script_location = alembic", "databases = one, two"))
    assert [problem.code for problem in found.problems] == [RefusalCode.NOT_CONFIGURED]
    assert "one, two" in found.problems[0].message
