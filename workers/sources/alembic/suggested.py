"""The revision that autogenerate would write, as the recorder gave it: hostile text that is shown to people and never run."""

from __future__ import annotations

from workers.core.examination import Suggested
from workers.core.redact import holds_secret
from workers.ports import History, Revision
from workers.sources.alembic import paths
from workers.sources.alembic.output import Said
from workers.sources.alembic.revisions import read_revision

_OPTIONS = ("column types", "server defaults")
# https://alembic.sqlalchemy.org/en/latest/autogenerate.html#what-does-autogenerate-detect-and-what-does-it-not-detect
_NEVER = (
    "CHECK and EXCLUDE constraints, primary keys, labels of enums, sequences, triggers, functions, views and policies"
)


def suggested(said: Said, history: History) -> tuple[Suggested | None, tuple[str, ...]]:
    """The file where it is one that fits this history; else nothing, and why."""
    if not said.declared:
        return None, ()
    if said.suggested is None:
        why = f": {said.suggested_error}" if said.suggested_error else ""
        return None, (f"autogenerate could not write the migration{why}",)
    path, text = said.suggested
    why = _unfit(path, text, history)
    return (
        (None, (f"the migration that autogenerate writes is not shown: {why}",)) if why else (Suggested(path, text), ())
    )


def silence(said: Said) -> str:
    """Of what the comparison of models with the database says nothing, by its nature or by env.py's choice."""
    off = [words for words in _OPTIONS if words in said.uncompared]
    chosen = f", nor {' and '.join(off)}, which env.py leaves off" if off else ""
    return f"autogenerate does not compare {_NEVER}{chosen}; a rename is a drop and an add to it"


def _unfit(path: str, text: str, history: History) -> str:
    """Why a text is not offered; "" where it can be."""
    if not path:
        return "it is too long; run `alembic revision --autogenerate`"
    if paths.inside(path) != path or not path.endswith(".py"):
        return "it would not be a Python file of this repository"
    if holds_secret(text):
        return "it holds what looks like a secret"
    found = read_revision(path, text.encode())
    if not isinstance(found, Revision):
        return f"as a revision, {found.why}"
    follows = set(found.down) == set(history.heads) or bool(history.unreadable)
    if not follows or history.get(found.id) is not None:
        return "it does not follow the newest revision"
    return ""
