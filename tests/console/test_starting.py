"""`init` writes a first config for what it finds, and a valid one."""

from __future__ import annotations

from deploy.demo.stage import SAMPLE
from workers.core.config_files import RepoFile
from workers.core.config_rules import read_repository
from workers.core.refusals import Refusal
from workers.reading import positions

INI = "[alembic]\nscript_location = alembic\n"
PLACE = ".github/schemagate.yml"


def laid_out(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def written(folder):
    node = positions.read((folder / PLACE).read_bytes(), PLACE)
    assert not isinstance(node, Refusal), node
    file = read_repository(node, PLACE)
    assert isinstance(file, RepoFile), file
    return {item.id: next(said.value for said in item.said if said.key == "path") for item in file.modules}


def test_the_sample_gets_one_module(command, data_dir):
    folder = laid_out(data_dir / "shop", {"alembic.ini": (SAMPLE / "alembic.ini").read_text()})
    ran = command("init", folder)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert "found alembic in .\n" in ran.stderr
    assert written(folder) == {"shop": "."}
    assert (folder / PLACE).read_text().count("#") > 10


def test_this_folder_is_meant_where_none_is_named(command, data_dir):
    laid_out(data_dir / "work", {"pyproject.toml": '[tool.alembic]\nscript_location = "migrations"\n'})
    assert command("init").returncode == 0
    assert written(data_dir / "work") == {"work": "."}


def test_a_monorepo_gets_a_module_for_each_source(command, data_dir):
    files = {
        "services/shop/alembic.ini": INI,
        "services/billing/prisma/schema.prisma": "",
        "services/both/alembic.ini": INI,
        "services/both/prisma/schema.prisma": "",
        "services/web/pyproject.toml": "[project]\nname = 'web'\n",
        "node_modules/x/prisma/schema.prisma": "",
        ".venv/lib/x/alembic.ini": INI,
        "tests/data/alembic.ini": INI,
        "broken/alembic.ini": "no section\n",
        "empty/alembic.ini": "[alembic]\n",
    }
    ran = command("init", laid_out(data_dir / "mono", files))
    assert ran.returncode == 0, ran.stderr
    paths = {"services/shop", "services/billing", "services/both"}
    assert set(written(data_dir / "mono").values()) == paths
    assert "alembic and prisma in services/both" in ran.stderr
    assert "which one is the truth?" in (data_dir / "mono" / PLACE).read_text()


def test_a_config_that_is_there_stays(command, data_dir):
    folder = laid_out(data_dir / "shop", {"alembic.ini": INI, PLACE: "mine\n"})
    ran = command("init", folder)
    assert ran.returncode == 1
    assert "is there already" in ran.stderr
    assert (folder / PLACE).read_text() == "mine\n"


def test_nothing_is_written_where_nothing_is_found(command, data_dir):
    (data_dir / "empty").mkdir()
    ran = command("init", data_dir / "empty")
    assert ran.returncode == 1
    assert "no source was found" in ran.stderr
    assert list((data_dir / "empty").iterdir()) == []
