"""Which MySQL and MariaDB statements are never run, and why: whatever is not on the list of what a plan may run."""

from __future__ import annotations

from workers.core.plan import Parsed, StatementKind
from workers.core.schema import Name
from workers.reading.mysql_words import Piece, Words, calls

TRANSACTION = "it steers the transaction"
SESSION = "it steers the session"
OUTSIDE = "it reaches outside the database"
SERVER = "it concerns the whole server"
ROLES = "it changes users or roles, which belong to the whole server"
PREPARED = "it runs a text that is not shown"
NOT_LISTED = "it is not on the list of what a plan may run"

_FIRST = {
    **dict.fromkeys(("START", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "XA", "END"), TRANSACTION),
    **dict.fromkeys(("LOCK", "UNLOCK", "USE", "HANDLER", "SIGNAL", "RESIGNAL", "DO"), SESSION),
    **dict.fromkeys(("LOAD", "IMPORT", "BACKUP", "CLONE", "INSTALL", "UNINSTALL"), OUTSIDE),
    **dict.fromkeys(
        ("FLUSH", "RESET", "PURGE", "CHANGE", "STOP", "KILL", "SHUTDOWN", "RESTART", "BINLOG", "CACHE"), SERVER
    ),
    **dict.fromkeys(("PREPARE", "EXECUTE", "DEALLOCATE"), PREPARED),
}
_OBJECTS = {
    **dict.fromkeys(("DATABASE", "SCHEMA", "TABLESPACE", "UNDO", "LOGFILE", "INSTANCE", "RESOURCE"), SERVER),
    **dict.fromkeys(("USER", "ROLE"), ROLES),
    "SERVER": OUTSIDE,
    "LIBRARY": OUTSIDE,
    **dict.fromkeys(("PACKAGE", "SPATIAL"), NOT_LISTED),
}
# Functions that reach files, other sessions or their locks, or only waste the target's time.
_CALLS = frozenset(
    {
        *("LOAD_FILE", "SLEEP", "BENCHMARK", "GET_LOCK", "RELEASE_LOCK", "RELEASE_ALL_LOCKS", "MASTER_POS_WAIT"),
        *("MASTER_GTID_WAIT", "SOURCE_POS_WAIT", "WAIT_FOR_EXECUTED_GTID_SET", "WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS"),
        *("SYS_EXEC", "SYS_EVAL", "SYS_GET", "SYS_SET"),
    }
)
_ELSEWHERE = frozenset({"FEDERATED", "FEDERATEDX", "CONNECT", "SPIDER", "S3", "SPHINX", "OQGRAPH", "NDB", "NDBCLUSTER"})
_VARIABLES = frozenset(
    {
        *("FOREIGN_KEY_CHECKS", "UNIQUE_CHECKS", "SQL_NOTES", "SQL_SAFE_UPDATES", "SQL_BIG_SELECTS"),
        *("GROUP_CONCAT_MAX_LEN", "ALTER_ALGORITHM", "SYSTEM_VERSIONING_ALTER_HISTORY"),
    }
)
_CHARACTER_SETS = frozenset({"UTF8MB4", "UTF8", "UTF8MB3", "DEFAULT"})


def first_word(word: str) -> str:
    """Why a statement that begins with this word is never run; empty where it may be."""
    return _FIRST.get(word, "")


def object_word(word: str) -> str:
    """Why nothing of this kind is made, changed or dropped."""
    return _OBJECTS.get(word, "")


def anywhere(pieces: tuple[Piece, ...]) -> str:
    """What must not occur at any place of a statement, the body of a routine included."""
    for name in calls(pieces):
        if name[-1].upper() in _CALLS:
            return f"it calls {name[-1].lower()}()"
    for index, piece in enumerate(pieces):
        following = pieces[index + 1] if index + 1 < len(pieces) else piece
        if piece.word("INTO") and following.word("OUTFILE", "DUMPFILE"):
            return "it writes a file"
        if piece.word("SET") and following.word("GLOBAL", "PERSIST", "PERSIST_ONLY", "PASSWORD", "ROLE"):
            return SERVER if following.word("GLOBAL", "PERSIST", "PERSIST_ONLY") else ROLES
        if piece.mark("@") and following.word("GLOBAL", "PERSIST") and index and pieces[index - 1].mark("@"):
            return SERVER
        if piece.word("SONAME"):
            return "it loads a library into the server"
    return ""


def of_table(pieces: tuple[Piece, ...]) -> str:
    """What a table's definition must not say: where its data is, when that is not in this database."""
    for index, piece in enumerate(pieces[:-1]):
        after = pieces[index + 2] if pieces[index + 1].mark("=") and index + 2 < len(pieces) else pieces[index + 1]
        if piece.word("ENGINE") and (after.name or after.value).upper() in _ELSEWHERE:
            return OUTSIDE
        if piece.word("CONNECTION", "TABLESPACE") and (pieces[index + 1].mark("=") or piece.word("TABLESPACE")):
            return OUTSIDE
        if piece.word("DATA", "INDEX") and pieces[index + 1].word("DIRECTORY"):
            return OUTSIDE
    return ""


def setting(reader: Words) -> str:
    """Why a SET is never run; empty for the few settings that change neither what a text means nor who acts."""
    if reader.take("NAMES") or reader.take("CHARACTER", "SET") or reader.take("CHARSET"):
        return "" if reader.now.value.upper() in _CHARACTER_SETS and reader.at + 1 == len(reader.pieces) else SESSION
    if reader.now.word("STATEMENT", "TRANSACTION", "DEFAULT"):
        return SESSION
    depth = 0
    for index, piece in enumerate(reader.rest()):
        depth += piece.mark("(") - piece.mark(")")
        if piece.mark("("):
            return SESSION
        starts = index == 0 or (depth == 0 and reader.rest()[index - 1].mark(","))
        if starts and not _harmless(Words(reader.rest()[index:])):
            return SESSION
    return ""


def _harmless(reader: Words) -> bool:
    """Whether an assignment begins with a listed setting of this session, or a variable of the script's own."""
    if reader.now.mark("@") and reader.ahead(1).name is not None:
        return True
    if reader.now.mark("@") and reader.ahead(1).mark("@"):
        reader.at += 2
        if reader.take_any("SESSION", "LOCAL"):
            reader.at += 1
    else:
        reader.take_any("SESSION", "LOCAL")
    return reader.now.value.upper() in _VARIABLES


def ddl(kind: StatementKind, said: str, *written: Name) -> Parsed:
    """A statement that ends the transaction it comes in, and what it changes."""
    return Parsed(kind=kind, title=said, writes=tuple(name for name in written if name), transactional=False)


def never(said: str, why: str) -> Parsed:
    """A statement that is not run, and why."""
    return Parsed(kind=StatementKind.OPAQUE, title=said, forbidden=why, transactional=False)
