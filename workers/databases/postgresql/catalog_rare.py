"""Kinds of which a database has few: all of them in one query, which builds their attributes itself."""

from __future__ import annotations

from typing import Any, LiteralString

from workers.core.schema import ObjectKind, SchemaObject, Unread, Value
from workers.databases.postgresql.catalog_frame import USER, Frame, kept
from workers.databases.postgresql.expressions import canonical

_OPTIONS = "foreign_options"
_WHERE = " WHERE "
_STATISTICS = """SELECT 'statistics', 3381, o.oid, ARRAY[n.nspname, o.stxname]::text[], jsonb_build_object(
        'table', (SELECT m.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace m ON m.oid = c.relnamespace WHERE c.oid = o.stxrelid),
        'columns', {columns}, 'target', NULLIF(o.stxstattarget, -1)::text,
        'kinds', ARRAY(SELECT CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' ELSE 'mcv' END
            FROM unnest(o.stxkind) k WHERE k <> 'e' ORDER BY 1))
    FROM pg_statistic_ext o JOIN pg_namespace n ON n.oid = o.stxnamespace WHERE """
_PUBLICATIONS = """SELECT 'publication', 6104, o.oid, ARRAY[o.pubname]::text[], jsonb_build_object(
        'all_tables', o.puballtables, 'via_root', o.pubviaroot, 'generated_columns', {generated}, 'schemas', {schemas},
        'operations', array_remove(ARRAY[CASE WHEN o.pubinsert THEN 'insert' END, CASE WHEN o.pubupdate THEN 'update' END,
            CASE WHEN o.pubdelete THEN 'delete' END, CASE WHEN o.pubtruncate THEN 'truncate' END], NULL),
        'tables', ARRAY(SELECT n.nspname || '.' || c.relname {rows} FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.prpubid = o.oid ORDER BY 1))
    FROM pg_publication o"""
_PUBLISHED_SCHEMAS = """ARRAY(SELECT n.nspname::text FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid
            WHERE s.pnpubid = o.oid ORDER BY 1)"""
_PUBLISHED_ROWS = """|| coalesce(' (' || (SELECT string_agg(a.attname, ', ' ORDER BY a.attname) FROM pg_attribute a
                WHERE a.attrelid = r.prrelid AND a.attnum = ANY(r.prattrs)) || ')', '')
            || coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), '')"""
_SUBSCRIPTIONS = """SELECT 'subscription', 6100, o.oid, ARRAY[o.subname]::text[], jsonb_build_object('enabled', CASE WHEN o.subenabled
            THEN 'enabled' ELSE 'disabled' END, 'publications', o.subpublications, 'slot', o.subslotname,
        'synchronous_commit', o.subsynccommit, {more})
    FROM pg_subscription o WHERE o.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"""
_WRAPPERS = """SELECT 'foreign_data_wrapper', 2328, o.oid, ARRAY[o.fdwname]::text[], jsonb_build_object(
        'handler', NULLIF(o.fdwhandler, 0)::regproc::text, 'validator', NULLIF(o.fdwvalidator, 0)::regproc::text,
        'foreign_options', o.fdwoptions)
    FROM pg_foreign_data_wrapper o"""
_SERVERS = """SELECT 'foreign_server', 1417, o.oid, ARRAY[o.srvname]::text[], jsonb_build_object('wrapper', w.fdwname, 'type', o.srvtype,
        'version', o.srvversion, 'foreign_options', o.srvoptions)
    FROM pg_foreign_server o JOIN pg_foreign_data_wrapper w ON w.oid = o.srvfdw"""
_COLLATIONS = """SELECT 'collation', 3456, o.oid, ARRAY[n.nspname, o.collname]::text[], jsonb_build_object(
        'provider', CASE o.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'd' THEN 'default' ELSE 'libc' END,
        'locale', {locale}, 'character_type', NULLIF(o.collctype, o.collcollate), 'rules', {rules},
        'not_deterministic', NOT o.collisdeterministic)
    FROM pg_collation o JOIN pg_namespace n ON n.oid = o.collnamespace WHERE """
_CASTS = """SELECT 'cast', 2605, o.oid, ARRAY[format_type(o.castsource, NULL), format_type(o.casttarget, NULL)], jsonb_build_object(
        'function', NULLIF(o.castfunc, 0)::regprocedure::text,
        'context', CASE o.castcontext WHEN 'e' THEN 'explicit' WHEN 'a' THEN 'assignment' ELSE 'implicit' END,
        'method', CASE o.castmethod WHEN 'f' THEN 'function' WHEN 'i' THEN 'text' ELSE 'binary' END)
    FROM pg_cast o WHERE o.oid >= 16384
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 2605 AND d.objid = o.oid AND d.deptype = 'i')"""
_CONFIGURATIONS = """SELECT 'text_search_configuration', 3602, o.oid, ARRAY[n.nspname, o.cfgname]::text[], jsonb_build_object(
        'parser', (SELECT m.nspname || '.' || p.prsname FROM pg_ts_parser p JOIN pg_namespace m ON m.oid = p.prsnamespace
            WHERE p.oid = o.cfgparser),
        'mappings', ARRAY(SELECT t.alias || ': ' || string_agg(x.mapdict::regdictionary::text, ', ' ORDER BY x.mapseqno)
            FROM pg_ts_config_map x JOIN ts_token_type(o.cfgparser) t ON t.tokid = x.maptokentype WHERE x.mapcfg = o.oid
            GROUP BY t.alias ORDER BY 1))
    FROM pg_ts_config o JOIN pg_namespace n ON n.oid = o.cfgnamespace WHERE """
_DICTIONARIES = """SELECT 'text_search_dictionary', 3600, o.oid, ARRAY[n.nspname, o.dictname]::text[], jsonb_build_object(
        'template', (SELECT m.nspname || '.' || t.tmplname FROM pg_ts_template t JOIN pg_namespace m ON m.oid = t.tmplnamespace
            WHERE t.oid = o.dicttemplate), 'options', o.dictinitoption)
    FROM pg_ts_dict o JOIN pg_namespace n ON n.oid = o.dictnamespace WHERE """
_PARSERS = """SELECT 'text_search_parser', 3601, o.oid, ARRAY[n.nspname, o.prsname]::text[], jsonb_build_object('start', o.prsstart::text,
        'token', o.prstoken::text, 'end', o.prsend::text, 'headline', o.prsheadline::text, 'types', o.prslextype::text)
    FROM pg_ts_parser o JOIN pg_namespace n ON n.oid = o.prsnamespace WHERE """
_TEMPLATES = """SELECT 'text_search_template', 3764, o.oid, ARRAY[n.nspname, o.tmplname]::text[],
        jsonb_build_object('init', o.tmplinit::text, 'lexize', o.tmpllexize::text)
    FROM pg_ts_template o JOIN pg_namespace n ON n.oid = o.tmplnamespace WHERE """
_EVENT_TRIGGERS = """SELECT 'event_trigger', 3466, o.oid, ARRAY[o.evtname]::text[], jsonb_build_object('event', o.evtevent,
        'enabled', CASE o.evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END,
        'function', o.evtfoid::regprocedure::text, 'tags', ARRAY(SELECT x FROM unnest(o.evttags) x ORDER BY 1))
    FROM pg_event_trigger o"""
# The view hides what a role may not see, and shows what has no options the same way.
_MAPPINGS = """SELECT u.srvname, CASE u.umuser WHEN 0 THEN 'public' ELSE u.usename::text END, u.umoptions,
        (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) OR (u.umuser = 0 AND pg_has_role(s.srvowner, 'USAGE'))
        OR (u.usename = current_user AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(s.oid, 'USAGE')))
    FROM pg_user_mappings u JOIN pg_foreign_server s ON s.oid = u.srvid"""
_CONNECTIONS = """SELECT o.oid, o.subconninfo FROM pg_subscription o
    WHERE o.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"""
_MAY_SEE_CONNECTIONS = "SELECT has_column_privilege('pg_subscription', 'subconninfo', 'SELECT')"
_HIDDEN = "the reading role may not see it"


def rare(frame: Frame) -> list[SchemaObject]:
    """Read statistics, replication, foreign data, collations, casts, text search and event triggers."""
    rows = frame.rows(_query(frame))
    connections = _connections(frame) if any(row[0] == "subscription" for row in rows) else {}
    found = []
    for kind, catalog, oid, name, values in rows:
        if kind == "subscription" and (connection := connections.get(oid)) is not None:
            values["connection"] = frame.hiding.value(connection)
        found.append(frame.placed(ObjectKind(kind), tuple(name), (catalog, oid), kept(_said(frame, values))))
    return [*found, *_mappings(frame)] if any(row[0] == "foreign_server" for row in rows) else found


def _query(frame: Frame) -> LiteralString:
    parts = (
        _STATISTICS.replace("{columns}", frame.since(14, "pg_get_statisticsobjdef_columns(o.oid)", "o.stxkeys::text"))
        + USER,
        _publications(frame),
        _SUBSCRIPTIONS.replace("{more}", _subscription_options(frame)),
        _WRAPPERS,
        _SERVERS,
        _collations(frame) + USER,
        _CASTS,
        _CONFIGURATIONS + USER,
        _DICTIONARIES + USER,
        _PARSERS + USER,
        _TEMPLATES + USER,
        _EVENT_TRIGGERS,
    )
    joined: LiteralString = " UNION ALL ".join(parts)
    return joined


def _publications(frame: Frame) -> LiteralString:
    query = _PUBLICATIONS.replace("{schemas}", frame.since(15, _PUBLISHED_SCHEMAS))
    query = query.replace("{generated}", frame.since(18, "CASE o.pubgencols WHEN 's' THEN 'stored' END"))
    return query.replace("{rows}", frame.since(15, _PUBLISHED_ROWS, ""))


def _subscription_options(frame: Frame) -> LiteralString:
    """What servers say from a version on; before, they did as the usual value says."""
    stream = "CASE o.substream::text WHEN 't' THEN 'on' WHEN 'true' THEN 'on' WHEN 'p' THEN 'parallel' END"
    return (
        "'streaming', " + frame.since(14, stream)
        + ", 'binary', " + frame.since(14, "o.subbinary")
        + ", 'two_phase', " + frame.since(15, "o.subtwophasestate::text <> 'd'")
        + ", 'disable_on_error', " + frame.since(15, "o.subdisableonerr")
        + ", 'password_not_required', " + frame.since(16, "NOT o.subpasswordrequired")
        + ", 'run_as_owner', " + frame.since(16, "o.subrunasowner")
        + ", 'origin', " + frame.since(16, "NULLIF(o.suborigin, 'any')")
        + ", 'failover', " + frame.since(17, "o.subfailover")
    )  # fmt: skip


def _collations(frame: Frame) -> LiteralString:
    icu = frame.since(17, "o.colllocale", frame.since(15, "o.colliculocale"))
    query = _COLLATIONS.replace("{locale}", "coalesce(" + icu + ", o.collcollate)")
    return query.replace("{rules}", frame.since(16, "o.collicurules"))


def _said(frame: Frame, values: dict[str, Any]) -> dict[str, Value]:
    """Attributes as the query gave them: options hidden, lists as tuples, texts through the redactor."""
    said: dict[str, Value] = {}
    for key, value in values.items():
        if key == _OPTIONS:
            said[key] = frame.hidden(value)
        elif isinstance(value, list):
            said[key] = tuple([frame.hiding.text(_row_filter(item)) for item in value])
        else:
            said[key] = frame.hiding.text(value) if isinstance(value, str) else value
    return said


def _row_filter(item: str) -> str:
    """A published table's condition is an expression; nothing else here has one."""
    table, where, condition = item.partition(_WHERE)
    return f"{table}{where}{canonical(condition)}" if where else item


def _connections(frame: Frame) -> dict[int, str]:
    return dict(frame.rows(_CONNECTIONS)) if frame.rows(_MAY_SEE_CONNECTIONS)[0][0] else {}


def _mappings(frame: Frame) -> list[SchemaObject]:
    return [
        SchemaObject(ObjectKind.USER_MAPPING, (server, user), kept({_OPTIONS: frame.hidden(options)}))
        for server, user, options, _ in frame.rows(_MAPPINGS)
    ]


def unseen(frame: Frame, objects: list[SchemaObject]) -> list[Unread]:
    """Values that the reading role may not see: they are there, and were not compared."""
    found = []
    if any(item.kind is ObjectKind.FOREIGN_SERVER for item in objects):
        rows = frame.rows(_MAPPINGS)
        found += [
            Unread("options of user mapping", (server, user), _HIDDEN) for server, user, _, sees in rows if not sees
        ]
    subscriptions = [
        item for item in objects if item.kind is ObjectKind.SUBSCRIPTION and item.get("connection") is None
    ]
    return found + [Unread("connection of subscription", item.name, _HIDDEN) for item in subscriptions]
