"""The revision file that `alembic revision --autogenerate` would write, as text; nothing is written anywhere.

Alembic's own code makes it, with the options of the project's env.py and its template. Only what differs between two runs is fixed: the
identifier comes from what it follows and says, the date from the newest revision.
"""

# ruff: noqa: ANN401 -- what hooks and drivers hand over has no type of its own
from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import alembic
from alembic.autogenerate import RevisionContext
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import template_to_file

_DATE = re.compile(r"^Create Date: (.+)$", re.MULTILINE)
_FIRST = re.compile(r"(\w+) (?:unique )?(?:\w+Constraint )?([\w.]+)")


class _RenderedError(Exception):
    """Carries a rendered file out of Alembic, before it would be written and the project's hooks would be run on it."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(path)
        self.path = path
        self.text = text


class Suggestion:
    """One revision in the making. `steps` is what env.py is to be run with."""

    def __init__(self, config: Config, script: ScriptDirectory, words: list[str]) -> None:
        self._script = script
        heads = sorted(script.get_heads())
        arguments = dict.fromkeys(("splice", "branch_label", "version_path", "depends_on"))
        arguments |= {"message": _message(words), "head": "head", "autogenerate": True, "sql": False}
        arguments["rev_id"] = hashlib.sha256(repr((heads, words)).encode()).hexdigest()[:12]
        self.context = RevisionContext(config, script, arguments)

    def steps(self, revisions: Any, context: Any) -> Any:
        """Compare, and let the project's own `process_revision_directives` have its say."""
        self.context.run_autogenerate(revisions, context)
        return []

    def file(self, checkout: str) -> dict[str, str]:
        """{path, text}, the path from the root of the checkout."""
        made = self.context.generated_revisions
        if len(made) != 1:
            raise LookupError(f"process_revision_directives leaves {len(made)} revisions and not one.")
        ours = {
            "_generate_template": self._render,
            "_ensure_directory": _nothing,
            "_generate_create_date": lambda: _date(self._script),
        }
        vars(self._script).update(ours)
        try:
            self.context._to_script(made[0])  # noqa: SLF001 -- what Alembic's own command does with each
        except _RenderedError as rendered:
            return {"path": rendered.path.removeprefix(checkout).lstrip("/"), "text": rendered.text}
        raise LookupError("this Alembic renders no template.")

    def _render(self, template: Any, target: Any, **values: Any) -> None:
        own = Path(template)
        usual = Path(alembic.__file__).parent / "templates" / "generic" / own.name
        with TemporaryDirectory() as folder:
            made = Path(folder) / "revision.py"
            template_to_file(str(own if own.is_file() else usual), str(made), "utf-8", **values)
            raise _RenderedError(str(Path(target).absolute()), made.read_text("utf-8"))


def _message(words: list[str]) -> str:
    """What the file is about: the first difference, a table's before others, and whether there are more."""
    found = _FIRST.match(min(words, key=lambda item: "_table " not in item.partition("(")[0]))
    first = f"{found[1].replace('_', ' ')} {found[2]}" if found and found[2] != "None" else "models"
    return first if len(words) == 1 else f"{first} and {len(words) - 1} more"


def _date(script: ScriptDirectory) -> datetime:
    """A second after the newest date that a revision states, so that the same models always give the same file."""
    stated = (_DATE.search(item.module.__doc__ or "") for item in script.walk_revisions())
    dates = [date for found in stated if found and (date := _parsed(found[1].strip()))]
    if dates:
        return max(dates, key=lambda date: date.timestamp()).replace(microsecond=0) + timedelta(seconds=1)
    return datetime.now(timezone.utc).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)  # noqa: UP017 -- older Pythons


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _nothing(*_: Any) -> None:
    """No folder is made."""
