"""What the comparisons of an environment see: the filter of its config, and on a shared database what a history of ours made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from workers.core.codec import from_json
from workers.core.config import Environment
from workers.core.examination import Preflight
from workers.core.narrow import managed_only, narrowed
from workers.core.schema import Name, ObjectKind, Snapshot
from workers.ports import History, Tree

_WORD = re.compile(r"\w+")
_BUILT_IN = frozenset({"plpgsql"})


@dataclass(frozen=True, slots=True)
class Made:
    """What our histories ever gave a name to, also where a later migration dropped it: as their texts say."""

    text: str
    words: frozenset[str]

    def has(self, name: Name) -> bool:
        """Whether one of them names this object; a routine goes by its name without its arguments."""
        word = name[-1].partition("(")[0].lower()
        return word in self.words if _WORD.fullmatch(word) else word in self.text


def made_by(environment: Environment, *histories: tuple[Tree, History]) -> Made:
    """Read the names out of every migration of these histories, where the database is shared: nowhere else they are asked for."""
    if not environment.shared_database:
        return Made("", frozenset())
    paths = {(tree.oid, item.path): tree for tree, history in histories for item in history.revisions}
    texts = (tree.read(path) or b"" for (_, path), tree in paths.items())
    text = "\n".join(item.decode("utf-8", "replace") for item in texts).lower()
    return Made(text, frozenset(_WORD.findall(text)))


def seen(snapshot: Snapshot, environment: Environment) -> Snapshot:
    """What the filter and the ignored patterns leave of a schema."""
    return narrowed(snapshot, environment.filter, environment.ignore)


def seen_live(live: Snapshot, environment: Environment, made: Made, expected: Snapshot | None = None) -> Snapshot:
    """The same of a target; on a shared database what nobody's history made is counted apart."""
    found = seen(live, environment)
    if not environment.shared_database:
        return found
    ours = {item.parent for item in expected.objects} if expected else frozenset[Name]()
    return managed_only(found, lambda name: name in ours or made.has(name))


def look_of(before: Snapshot, documents: Iterable[tuple[str, str]]) -> Callable[[Snapshot], Snapshot]:
    """How a rollout's environment looks at a schema, from what was kept at the rollout's start; `before` is the target as of then."""
    kept = dict(documents)
    environment = from_json(Environment, json.loads(kept["environment.json"]))
    if not environment.shared_database:
        return lambda snapshot: seen(snapshot, environment)
    excluded = {(item["kind"], tuple(item["name"])) for item in json.loads(kept["examination.json"])["excluded"]}
    managed = {item.parent for item in before.objects if (item.kind, item.name) not in excluded}
    return lambda snapshot: managed_only(seen(snapshot, environment), managed.__contains__)


def is_empty(live: Snapshot, table: Name) -> bool:
    """Whether nothing is there but the version table, and what extensions brought."""
    kinds = {ObjectKind.TABLE, ObjectKind.VIEW, ObjectKind.FUNCTION}
    return not any(
        item.kind in kinds and item.name[-1] != table[-1] and item.get("extension") is None for item in live.objects
    )


def question_of_extensions(preflight: Preflight, environment: Environment) -> str:
    """What to ask where extensions are installed and nobody said what to do with their objects; empty where nothing is to be asked."""
    found = [item for item in preflight.extensions if item[0] not in _BUILT_IN]
    if environment.filter.chosen or not found:
        return ""
    names = ", ".join(f"{name} {version}" for name, version, _ in found)
    return (
        f"extensions are installed ({names}) and their objects are compared like all others. Shall they be left out? Then commit "
        f"`filter: {{mode: exclude-extensions}}` under `{environment.name}:` of .github/schemagate.yml, else `filter: {{mode: all}}`"
    )
