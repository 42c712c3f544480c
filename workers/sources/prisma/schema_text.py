"""Where things stand in a schema.prisma: its blocks, the provider it names, and the line of a model or a field. Nothing is judged here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workers.core.names import Engine

_CLIENTS = frozenset({"prisma-client-js", "prisma-client"})
_OPENING = re.compile(r"^\s*(datasource|generator|model|view|enum|type)\s+(\w+)\s*\{")
_PROVIDER = re.compile(r"^\s*provider\s*=\s*\"([^\"]+)\"")
_FIELD = re.compile(r"^\s*(\w+)\b")
_MAPPED = re.compile(r"@map\(\s*(?:name:\s*)?\"([^\"]+)\"")
_MAPPED_BLOCK = re.compile(r"^\s*@@map\(\s*(?:name:\s*)?\"([^\"]+)\"")
_ENGINES = {
    "postgresql": Engine.POSTGRESQL,
    "postgres": Engine.POSTGRESQL,
    "sqlite": Engine.SQLITE,
    "mysql": Engine.MYSQL,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, from 1."""

    path: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block: what it is and is called, the name that the database knows it by, and its fields by the database's names."""

    keyword: str
    name: str
    table: str
    place: Place
    fields: tuple[tuple[str, Place], ...]
    provider: str = ""
    provider_place: Place | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """The blocks of all files of a schema."""

    blocks: tuple[Block, ...]

    @property
    def datasource(self) -> Block | None:
        """The block that names the provider."""
        return next((block for block in self.blocks if block.keyword == "datasource"), None)

    @property
    def engine(self) -> Engine | None:
        """The engine that the schema is written for, None where it names none that we know."""
        source = self.datasource
        return _ENGINES.get(source.provider) if source else None

    @property
    def programs(self) -> tuple[Block, ...]:
        """The generators that are not Prisma's own."""
        named = (item for item in self.blocks if item.keyword == "generator" and item.provider)
        return tuple(item for item in named if item.provider not in _CLIENTS)

    def find(self, table: str, column: str = "") -> Place | None:
        """Where a table's model stands, and in it a column's field."""
        for block in self.blocks:
            if table in {block.table, block.name}:
                named = (place for name, place in block.fields if name == column)
                return next(named, block.place)
        return None

    def named_in(self, sql: str) -> Place | None:
        """The place of the first table that a statement of the engine's names, and of a column of it that is named, too."""
        words = re.findall(r"[\"`]([^\"`]+)[\"`]", sql)
        for index, word in enumerate(words):
            if self.find(word) is not None:
                columns = (self.find(word, other) for other in words[index + 1 :])
                block = self.find(word)
                return next((place for place in columns if place not in {None, block}), block)
        return None


def outline(files: Iterable[tuple[str, str]]) -> Outline:
    """Read (path, text) pairs; what is no block is passed over."""
    return Outline(tuple(block for path, text in files for block in _blocks(path, text)))


def _blocks(path: str, text: str) -> Iterator[Block]:
    opened: tuple[str, str, int] | None = None
    inside: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = _without_comment(line)
        if opened is None:
            found = _OPENING.match(bare)
            if found:
                opened, inside = (found[1], found[2], number), []
        elif bare.strip().startswith("}"):
            yield _block(path, opened, inside)
            opened = None
        else:
            inside.append((number, bare))


def _block(path: str, opened: tuple[str, str, int], inside: list[tuple[int, str]]) -> Block:
    keyword, name, line = opened
    table = next((found[1] for _, text in inside if (found := _MAPPED_BLOCK.match(text))), name)
    provider = next(((found[1], at) for at, text in inside if (found := _PROVIDER.match(text))), ("", 0))
    fields = []
    for number, text in inside:
        found = _FIELD.match(text)
        if found:
            mapped = _MAPPED.search(text)
            fields.append((mapped[1] if mapped else found[1], Place(path, number)))
    return Block(
        keyword=keyword,
        name=name,
        table=table,
        place=Place(path, line),
        fields=tuple(fields),
        provider=provider[0],
        provider_place=Place(path, provider[1]) if provider[1] else None,
    )


def _without_comment(line: str) -> str:
    """A line up to `//`, which counts only outside of a text."""
    inside = False
    for index, letter in enumerate(line):
        if letter == '"' and line[index - 1 : index] != "\\":
            inside = not inside
        elif line.startswith("//", index) and not inside:
            return line[:index]
    return line
