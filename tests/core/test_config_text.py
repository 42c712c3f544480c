"""What `schemagate init` writes is a valid configuration, and says so in words."""

from __future__ import annotations

import pytest

from workers.core.config_files import RepoFile
from workers.core.config_rules import read_repository
from workers.core.config_text import FoundModule, first_config
from workers.core.names import SourceKind
from workers.core.refusals import Refusal
from workers.reading import positions

ALEMBIC = (SourceKind.ALEMBIC,)


def written(*found: FoundModule, repository: str = "shop") -> RepoFile:
    node = positions.read(first_config(repository, found).encode(), "f.yml")
    assert not isinstance(node, Refusal), node
    file = read_repository(node, "f.yml")
    assert isinstance(file, RepoFile), file
    return file


def test_each_folder_becomes_a_module() -> None:
    file = written(
        FoundModule(".", ALEMBIC), FoundModule("services/Shop API", ALEMBIC), FoundModule("services/shop-api", ALEMBIC)
    )
    assert [module.id for module in file.modules] == ["shop", "services-shop-api", "services-shop-api-2"]
    assert [said.value for module in file.modules for said in module.said if said.key == "path"] == [
        ".",
        "services/Shop API",
        "services/shop-api",
    ]
    assert [item.name for item in file.modules[0].environments] == ["staging", "prod"]


@pytest.mark.parametrize("path", ["true", "123", "a: b", "it's", "#x", "-", "é", "a/b_c-d", "null"])
def test_a_path_is_read_back_as_it_was(path: str) -> None:
    (module,) = written(FoundModule(path, ALEMBIC)).modules
    assert next(said.value for said in module.said if said.key == "path") == path


def test_with_two_sources_the_choice_is_left_to_the_reader() -> None:
    text = first_config("shop", (FoundModule(".", (SourceKind.PRISMA, SourceKind.ALEMBIC)),))
    assert "# source: prisma" in text
    assert "# source: alembic" in text
    written(FoundModule(".", (SourceKind.PRISMA, SourceKind.ALEMBIC)))


@pytest.mark.parametrize("repository", ["Shop", "---", "shop.py", "x" * 100])
def test_with_nothing_found_there_is_a_module_to_fill_in(repository: str) -> None:
    assert len(written(repository=repository).modules) == 1


def test_every_commented_line_is_valid_once_it_is_uncommented() -> None:
    text = first_config("shop", (FoundModule(".", ALEMBIC),))
    lines = [
        line.replace("# ", "", 1)
        if line.lstrip().startswith("# ") and ":" in line and not line.startswith("# ")
        else line
        for line in text.splitlines()
    ]
    node = positions.read("\n".join(lines).encode(), "f.yml")
    assert not isinstance(node, Refusal), node
    assert isinstance(read_repository(node, "f.yml"), RepoFile)
