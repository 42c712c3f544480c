"""Alembic projects as tests make them: trees in memory, modules, and the sample shop with changes."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path

from workers.core.config import AlembicSettings, Module
from workers.ports import TreeEntry

SHOP = Path(__file__).parents[2] / "cases" / "alembic" / "shop"
HEAD = "a1c0de000004"


@dataclasses.dataclass(frozen=True)
class MemoryTree:
    """A `ports.Tree` of the files it is given."""

    files: dict[str, bytes]
    odd: tuple[tuple[str, str], ...] = ()
    commit: str = ""

    @property
    def oid(self) -> str:
        return hashlib.sha1(repr(sorted(self.files.items())).encode(), usedforsecurity=False).hexdigest()

    def entries(self, under: str = "") -> tuple[TreeEntry, ...]:
        below = sorted(path for path in self.files if not under or path.startswith(f"{under}/"))
        return tuple(
            TreeEntry(path, hashlib.sha256(self.files[path]).hexdigest()[:40], len(self.files[path])) for path in below
        )

    def oddities(self, under: str = "") -> tuple[tuple[str, str], ...]:
        return tuple(pair for pair in self.odd if not under or pair[0].startswith(f"{under}/"))

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def contents(self, under: str) -> tuple[tuple[str, bytes], ...]:
        return tuple((entry.path, self.files[entry.path]) for entry in self.entries(under))

    def export(self, directory: Path, under: str = "") -> None:
        for entry in self.entries(under):
            place = directory / entry.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(self.files[entry.path])
            place.chmod(0o644)
            for folder in place.relative_to(directory).parents:
                (directory / folder).chmod(0o755)


def tree(files: dict[str, str], odd: tuple[tuple[str, str], ...] = ()) -> MemoryTree:
    return MemoryTree({path: text.encode() for path, text in files.items()}, odd)


def shop(changed: Mapping[str, str | None] | None = None) -> MemoryTree:
    """The sample shop, with files added, replaced or (None) left out."""
    found = {
        str(path.relative_to(SHOP)): path.read_text()
        for path in SHOP.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for path, text in (changed or {}).items():
        found.pop(path, None)
        if text is not None:
            found[path] = text
    return tree(found)


def module(path: str = ".", **settings) -> Module:
    watch = settings.pop("watch", ())
    python = settings.pop("python_environment", "")
    return Module(id="shop", path=path, watch=watch, python_environment=python, alembic=AlembicSettings(**settings))


def revision(
    name: str,
    down: str | None = HEAD,
    up: str = "pass",
    undo: str = "pass",
    *,
    head: str = "",
    depends: str | None = None,
) -> dict[str, str]:
    """A revision file of the shop, as a change for `shop`; `up` and `undo` are bodies of one or more lines."""
    body = f'"""Test {name}."""\nimport sqlalchemy as sa\nfrom alembic import op\n{head}\n'
    body += f"revision = {name!r}\ndown_revision = {down!r}\ndepends_on = {depends!r}\nbranch_labels = None\n\n"
    for function, lines in (("upgrade", up), ("downgrade", undo)):
        body += f"def {function}():\n" + "".join(f"    {line}\n" for line in lines.splitlines()) + "\n"
    return {f"alembic/versions/{name}.py": body}
