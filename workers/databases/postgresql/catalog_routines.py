"""Code that a database holds: routines, and the triggers, rules and policies that call it."""

from __future__ import annotations

from typing import LiteralString

from workers.core.schema import ObjectKind, SchemaObject, Value
from workers.databases.postgresql.catalog_frame import (
    PG_CLASS,
    PG_POLICY,
    PG_PROC,
    PG_REWRITE,
    PG_TRIGGER,
    USER,
    Frame,
    Row,
)
from workers.databases.postgresql.expressions import canonical, canonical_statement

_TRIGGERS = """SELECT g.oid, g.tgrelid, g.tgname, g.tgenabled::text, pg_get_triggerdef(g.oid), g.tgparentid <> 0
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_trigger p ON p.oid = g.tgparentid
    WHERE CASE WHEN g.tgparentid = 0 THEN NOT g.tgisinternal ELSE NOT p.tgisinternal AND p.tgenabled <> g.tgenabled END AND """
_RULES = """SELECT r.oid, r.ev_class, r.rulename, r.ev_enabled::text, pg_get_ruledef(r.oid), false
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE r.rulename <> '_RETURN' AND """
_POLICIES = """SELECT p.oid, p.polrelid, p.polname, p.polcmd::text, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
        pg_get_expr(p.polwithcheck, p.polrelid),
        ARRAY(SELECT CASE r.u WHEN 0 THEN 'public' ELSE pg_get_userbyid(r.u)::text END FROM unnest(p.polroles) AS r(u))
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE """
_AGGREGATES = """SELECT a.aggfnoid::oid, a.aggkind::text, a.aggtransfn::text, format_type(a.aggtranstype, NULL), a.aggfinalfn::text,
        a.aggcombinefn::text, a.agginitval, NULLIF(a.aggsortop, 0)::regoperator::text, a.aggmtransfn::text, a.aggfinalmodify::text
    FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE """
_KINDS = {"f": ObjectKind.FUNCTION, "w": ObjectKind.FUNCTION, "p": ObjectKind.PROCEDURE, "a": ObjectKind.AGGREGATE}
_VOLATILITY = {"i": "immutable", "s": "stable", "v": "volatile"}
_PARALLEL = {"s": "safe", "r": "restricted"}
_ENABLED = {"D": "disabled", "R": "replica", "A": "always"}
_COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}
# As the parser writes it, so that it can be taken off again.
_BEFORE_BODY = "CREATE FUNCTION f() RETURNS int "
_AGGREGATE_PARTS = ("form", "step", "state", "final", "combine", "start", "sort", "moving", "modify")


def routines(frame: Frame) -> list[SchemaObject]:
    """Read functions, procedures and aggregates."""
    aggregates = {row[0]: row[1:] for row in frame.rows(_AGGREGATES + USER)}
    return [_routine(frame, row, aggregates.get(row[0])) for row in frame.rows(_routines_query(frame))]


def _routines_query(frame: Frame) -> LiteralString:
    return (
        """SELECT p.oid, n.nspname, p.proname, oidvectortypes(p.proargtypes), p.prokind::text, pg_get_function_arguments(p.oid),
        pg_get_function_result(p.oid), l.lanname, p.prosrc, p.probin, p.provolatile::text, p.proisstrict, p.prosecdef, p.proleakproof,
        p.proparallel::text, p.procost, p.prorows, p.proconfig, NULLIF(p.prosupport, 0)::regproc::text,
        ARRAY(SELECT format_type(x, NULL) FROM unnest(p.protrftypes) x ORDER BY 1), """
        + frame.since(14, "pg_get_function_sqlbody(p.oid)")
        + """ FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 1255 AND d.objid = p.oid AND d.deptype = 'i') AND """
        + USER
    )


def _routine(frame: Frame, row: Row, aggregate: Row | None) -> SchemaObject:
    oid, schema, name, types, letter, arguments, result, language, source, library, volatility, strict = row[:12]
    definer, leakproof, parallel, cost, returned, config, support, transforms, body = row[12:]
    usual_cost = 1 if language in {"c", "internal"} else 100
    values: dict[str, Value] = {
        "arguments": frame.hiding.text(arguments),
        "result": result,
        "language": language,
        "body": None if aggregate else frame.hiding.text(canonical_statement(body, _BEFORE_BODY) if body else source),
        "parsed": bool(body),
        "library": library,
        "volatility": _VOLATILITY[volatility],
        "strict": strict,
        "security_definer": definer,
        "leakproof": leakproof,
        "parallel": _PARALLEL.get(parallel),
        "cost": f"{cost:g}" if cost != usual_cost else None,
        "rows": f"{returned:g}" if returned not in {0, 1000} else None,
        "settings": tuple(sorted(map(frame.hiding.text, config or ()))),
        "transforms": tuple(transforms or ()),
        "support": support,
        "window": letter == "w",
    }
    if aggregate:
        values |= dict(zip(_AGGREGATE_PARTS, (None if part == "-" else part for part in aggregate), strict=True))
    return frame.made(_KINDS[letter], (schema, f"{name}({types})"), (PG_PROC, oid), **values)


def triggers(frame: Frame) -> list[SchemaObject]:
    """Read triggers but those that constraints made, and of a partition's share of its parent's those that were switched apart."""
    return [_acting(frame, ObjectKind.TRIGGER, PG_TRIGGER, row) for row in frame.rows(_TRIGGERS + USER)]


def rules(frame: Frame) -> list[SchemaObject]:
    """Read rules but those that make views."""
    return [_acting(frame, ObjectKind.RULE, PG_REWRITE, row) for row in frame.rows(_RULES + USER)]


def _acting(frame: Frame, kind: ObjectKind, catalog: int, row: Row) -> SchemaObject:
    oid, relation, name, enabled, definition, inherited = row
    extension = frame.members.get((PG_CLASS, relation))
    return frame.made(
        kind,
        (*frame.relations[relation], name),
        (catalog, oid),
        definition=frame.hiding.text(canonical_statement(definition)),
        enabled=_ENABLED.get(enabled),
        inherited=inherited,
        extension=extension,
    )


def policies(frame: Frame) -> list[SchemaObject]:
    """Read row security policies."""
    return [
        frame.made(
            ObjectKind.POLICY,
            (*frame.relations[relation], name),
            (PG_POLICY, oid),
            command=_COMMANDS[command],
            restrictive=not permissive,
            roles=tuple(sorted(roles)),
            using=frame.hiding.text(canonical(using)) if using else None,
            check=frame.hiding.text(canonical(check)) if check else None,
        )
        for oid, relation, name, command, permissive, using, check, roles in frame.rows(_POLICIES + USER)
    ]
