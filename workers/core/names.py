"""The words that every part of schemagate shares: engines, sources, directions, commands, and what an id may look like."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
OBJECT_ID = re.compile(r"[0-9a-f]{40}")
PLAN_CODE = re.compile(r"[0-9a-z]{7}")


class Engine(StrEnum):
    """A database engine whose catalogs are read and written."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    MARIADB = "mariadb"
    SQLITE = "sqlite"

    @property
    def family(self) -> Engine:
        """The engine whose dialect it speaks: tools and URLs say MySQL for MariaDB as well."""
        return Engine.MYSQL if self is Engine.MARIADB else self


class SourceKind(StrEnum):
    """The single source of truth of a module's schema."""

    PRISMA = "prisma"
    ALEMBIC = "alembic"


class Strategy(StrEnum):
    """How the code's schema reaches a database."""

    MIGRATE = "migrate"
    PUSH = "push"


class Direction(StrEnum):
    """What a plan does with the history of the source."""

    UPGRADE = "upgrade"
    ROLLBACK = "rollback"
    MARK_APPLIED = "mark-applied"
    BASELINE = "baseline"

    @property
    def bookkeeping_only(self) -> bool:
        """Whether such a plan writes nothing but the source's version table."""
        return self in {Direction.MARK_APPLIED, Direction.BASELINE}


class CommandName(StrEnum):
    """Every command a comment may hold; the grammar is in bot/commands.py."""

    APPROVE = "approve"
    PLAN = "plan"
    STATUS = "status"
    REJECT = "reject"
    ROLLBACK = "rollback"
    MARK_APPLIED = "mark-applied"
    BASELINE = "baseline"
    UNLOCK = "unlock"
    HELP = "help"


_COMMAND = re.compile(rf"(?:\A|[\r\n])[ \t]*(/(?:{'|'.join(CommandName)}))(?![\w-])")


def command_word(text: str) -> str:
    """The first command that a line of a comment begins with, empty where none does. Quotes, code and sentences are not told apart.

    The bot keeps the delivery of every such comment, whatever comes of it, so that one without a delivery was never heard.
    """
    found = _COMMAND.search(text)
    return found[1] if found else ""


def is_identifier(text: str) -> bool:
    """Whether `text` may be a module id or a task: it becomes a folder name."""
    return IDENTIFIER.fullmatch(text) is not None


def slug(title: str, longest: int = 30) -> str:
    """Return the part of a task name that a pull's title gives; "change" where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii").lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return words[:longest].strip("-") or "change"
