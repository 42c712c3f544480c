"""The drift of the corpora, which nobody here wrote: what is changed by hand between two schemas, and whether all of it is told."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from workers.core.diff import Change, Difference
from workers.core.folding import Folded

VARIABLE = "SCHEMAGATE_CORPORA"
_WORDS = {Difference.ADDED: "added", Difference.REMOVED: "removed", Difference.CHANGED: "changed"}
# The truth names attributes in words of its own, some with another engine's beside them.
_ATTRIBUTES = {
    "nullable": {"not_null"},
    "columns": {"keys", "columns"},
    "predicate (MariaDB: uniqueness)": {"where", "predicate", "unique"},
    "identity (PostgreSQL) or auto_increment (MariaDB)": {"identity", "auto_increment"},
    "on delete": {"on_delete"},
}


@dataclass(frozen=True, slots=True)
class Truth:
    """One difference as the corpora name it."""

    kind: str
    name: tuple[str, ...]
    difference: str
    attribute: str

    def told_by(self, change: Change) -> bool:
        """Whether a change of ours says this: the kind, the name, what happened, and of a change the attribute."""
        name = (*change.name[:-1], change.name[-1].partition("(")[0])
        if (self.kind, self.name, self.difference) != (change.kind.value, name, _WORDS[change.difference]):
            return False
        wanted = _ATTRIBUTES.get(self.attribute, {self.attribute})
        return not self.attribute or bool(wanted & {key for key, _, _ in change.attributes})


@dataclass(frozen=True, slots=True)
class Material:
    """The schema that code makes, the one that is live, and what differs."""

    expected: str
    live: str
    truth: tuple[Truth, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """How much of the truth was told, and how much of what was told is true; children of a new or lost table are told with it."""

    missed: tuple[Truth, ...]
    invented: tuple[Change, ...]
    of: int


def corpora() -> Path | None:
    """Where they are, by the environment; nothing where nobody gave any."""
    place = os.environ.get(VARIABLE)
    return Path(place) if place else None


def read_drift(place: Path, engine: str) -> Material:
    """The drift of one engine."""
    folder = place / "drift" / engine
    listed = json.loads((folder / "truth.json").read_text())["changes"]
    truth = (Truth(item["kind"], tuple(item["name"]), item["change"], item.get("attribute", "")) for item in listed)
    return Material((folder / "expected.sql").read_text(), (folder / "live.sql").read_text(), tuple(truth))


def score(material: Material, found: tuple[Folded, ...]) -> Score:
    """Hold what was found against the truth."""
    missed = tuple(item for item in material.truth if not any(item.told_by(each.change) for each in found))
    invented = tuple(each.change for each in found if not any(item.told_by(each.change) for item in material.truth))
    return Score(missed, invented, len(material.truth))
