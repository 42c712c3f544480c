"""The migration that the tool itself would write for what no migration says, for the report and for the check."""

from __future__ import annotations

from workers.core.names import SourceKind
from workers.core.redact import holds_secret
from workers.rendering.aftermath import Fold
from workers.rendering.markdown import code, fence
from workers.rendering.outlook import Place
from workers.rendering.statements import Room

_LANGUAGES = {".py": "python", ".sql": "sql"}
_WRITTEN = {
    SourceKind.ALEMBIC: "What `alembic revision --autogenerate` would write with this pull's own env.py: read it before you commit it.",
    SourceKind.PRISMA: "What `prisma migrate dev --create-only` would write: read it before you commit it.",
}


def ready(place: Place, room: Room) -> Fold:
    """The file as it is to be committed; cut, or with something masked, it would be a trap."""
    examination = place.shown.examination
    suggested = examination.suggested
    if suggested is None:
        return Fold(title="", lines=())
    lines = suggested.text.count("\n") + 1
    said = _WRITTEN.get(examination.source or SourceKind.PRISMA, "")
    if holds_secret(suggested.text):
        body = ["It is not shown, because it holds what looks like a secret: let the tool write it."]
    elif lines > room.sql:
        body = [f"Its {lines} lines are too many to stand here whole: let the tool write it."]
    else:
        language = _LANGUAGES.get(suggested.path[suggested.path.rfind(".") :], "")
        body = [f"{said} Save it as {code(suggested.path)}.", "", *fence(suggested.text, language).splitlines()]
    return Fold(title=f"Ready to commit: {suggested.path}", lines=tuple(body))
