"""What holds code: views, routines, triggers and events, each read by one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from workers.core.schema import ObjectKind, SchemaObject
from workers.databases.mysql.catalog_frame import Frame, Row
from workers.databases.mysql.spelling import collation, type_of, unqualified

_VIEWS = """SELECT TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, DEFINER, SECURITY_TYPE, {}
    FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()"""
_ROUTINES = """SELECT ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, COLLATION_NAME, ROUTINE_DEFINITION, IS_DETERMINISTIC, SQL_DATA_ACCESS,
        SECURITY_TYPE, SQL_MODE, ROUTINE_COMMENT, DEFINER, EXTERNAL_LANGUAGE
    FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()"""
PARAMETERS = """SELECT SPECIFIC_NAME, ROUTINE_TYPE, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER, COLLATION_NAME
    FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = DATABASE() AND ORDINAL_POSITION > 0
    ORDER BY SPECIFIC_NAME, ROUTINE_TYPE, ORDINAL_POSITION"""
_TRIGGERS = """SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_STATEMENT, SQL_MODE, DEFINER
    FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
    ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER"""
_EVENTS = """SELECT EVENT_NAME, EVENT_DEFINITION, EVENT_TYPE, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, STARTS, ENDS, CREATED, STATUS,
        ON_COMPLETION, TIME_ZONE, SQL_MODE, DEFINER, EVENT_COMMENT
    FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()"""
_HIDDEN = "the reading role may not see its text"
_KINDS = {"FUNCTION": ObjectKind.FUNCTION, "PROCEDURE": ObjectKind.PROCEDURE}


def views(frame: Frame) -> list[SchemaObject]:
    """Read views; their columns follow from the definition, which the server keeps with every name written out."""
    objects = []
    for row in frame.rows(_VIEWS.format("ALGORITHM" if frame.server.mariadb else "NULL")):
        name, definition, check, definer, security, algorithm = row
        if not definition:
            frame.skip("view", (str(name),), _HIDDEN)
        objects.append(
            frame.made(
                ObjectKind.VIEW,
                (str(name),),
                definition=frame.hiding.text(unqualified(definition or "", frame.server.database)),
                check_option=None if check == "NONE" else (check or "").lower(),
                definer=frame.account(definer),
                security="invoker" if security == "INVOKER" else None,
                algorithm=None if algorithm == "UNDEFINED" else (algorithm or "").lower(),
            )
        )
    return objects


def routines(frame: Frame) -> list[SchemaObject]:
    """Read functions and procedures."""
    found = frame.rows(_ROUTINES)
    parameters: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in frame.rows(PARAMETERS) if found else ():
        parameters[str(row[0]), str(row[1])].append(row)
    objects = []
    for row in found:
        kind = _KINDS.get(str(row[1]))
        if kind is None:  # Oracle's packages
            frame.skip(str(row[1]).lower(), (str(row[0]),), "not compared yet")
            continue
        objects.append(_routine(frame, kind, row, parameters[str(row[0]), str(row[1])]))
    return objects


def _routine(frame: Frame, kind: ObjectKind, row: Row, parameters: Iterable[Row]) -> SchemaObject:
    name, _, returns, own, body, deterministic, access, security, mode, comment, definer, language = row
    if body is None:
        frame.skip(kind.value, (str(name),), _HIDDEN)
    return frame.made(
        kind,
        (str(name),),
        parameters=tuple(_parameter(item) for item in parameters),
        returns=_typed(returns, own) if returns else None,
        body=None if body is None else frame.hiding.text(body),
        deterministic=deterministic == "YES",
        data_access=None if access == "CONTAINS SQL" else (access or "").lower(),
        security="invoker" if security == "INVOKER" else None,
        sql_mode=mode,
        comment=comment,
        definer=frame.account(definer),
        language=None if language in {None, "SQL"} else language,
    )


def _parameter(row: Row) -> str:
    _, kind, mode, name, full_type, own = row
    direction = f"{(mode or 'in').lower()} " if kind == "PROCEDURE" else ""
    return f"{direction}{name} {_typed(full_type, own)}"


def _typed(full_type: str | None, own: str | None) -> str:
    return type_of(full_type or "") + (f" collate {collation(own)}" if own else "")


def triggers(frame: Frame) -> list[SchemaObject]:
    """Read triggers. `follows` is the one that runs just before it: a number would change with every other trigger."""
    objects = []
    before: tuple[str | None, ...] = ()
    for table, name, timing, event, body, mode, definer in frame.rows(_TRIGGERS):
        follows = before[3] if before[:3] == (table, timing, event) else None
        before = (table, timing, event, name)
        if body is None:
            frame.skip("trigger", (str(table), str(name)), _HIDDEN)
        objects.append(
            frame.made(
                ObjectKind.TRIGGER,
                (str(table), str(name)),
                fires=f"{timing} {event}".lower(),
                follows=follows,
                body=None if body is None else frame.hiding.text(body),
                sql_mode=mode,
                definer=frame.account(definer),
            )
        )
    return objects


def events(frame: Frame) -> list[SchemaObject]:
    """Read events. One that was made without a start begins when it was made: no difference between two databases."""
    objects = []
    for row in frame.rows(_EVENTS):
        name, body, kind, at, value, field, starts, ends, created, status, completion, zone, mode, definer, comment = (
            row
        )
        objects.append(
            frame.made(
                ObjectKind.EVENT,
                (str(name),),
                body=None if body is None else frame.hiding.text(body),
                schedule=f"at {at}" if kind == "ONE TIME" else f"every {value} {(field or '').lower()}",
                starts=None if starts == created else starts,
                ends=ends,
                status=None if status == "ENABLED" else (status or "").lower(),
                preserved=completion == "PRESERVE",
                time_zone=zone,
                sql_mode=mode,
                definer=frame.account(definer),
                comment=comment,
            )
        )
    return objects
