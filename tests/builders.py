"""Values of the core and of the views, with defaults that make sense together: one clean plan on one environment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workers.core.approval import Approval, ApprovalWords, Person, Role
from workers.core.config import Approver, ApproverKind, Environment
from workers.core.diff import Change
from workers.core.examination import Drift, Examination, Preflight
from workers.core.names import Direction, Engine, Strategy
from workers.core.plan import (
    Body,
    Key,
    Migration,
    Need,
    Observed,
    Parsed,
    Plan,
    Statement,
    StatementKind,
    TargetIdentity,
    Undo,
    WayBack,
)
from workers.core.policy import Blocked
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.rollout import Rollout, RolloutState, Step
from workers.core.schema import ObjectKind, SchemaObject, Snapshot, Unread, attributes, ordered
from workers.rendering.views import (
    AppliedView,
    EndedView,
    EnvironmentView,
    ModuleView,
    ReportView,
    SheetRow,
    WorkdocsView,
)

HEAD = "7d1e9b0a4c55d1f0e2b3a4958677869504132231"
BASE = "c90b1f0e2b3a49586778695041322310ffeeddcc"
MERGE = "44d0b3a495867786950413223100ffeeddccbbaa"
TIP = "f00df1c0e2b3a49586778695041322310ffeeddc"
PULL_URL = "https://github.com/acme/shop/pull/418"

COLUMN = SchemaObject(ObjectKind.COLUMN, ("public", "orders", "delivery_note"), attributes(type="text", position=7))
INDEX = SchemaObject(
    ObjectKind.INDEX, ("public", "orders", "ix_orders_customer_id"), attributes(columns=("customer_id",), valid=True)
)
TABLE = SchemaObject(ObjectKind.TABLE, ("public", "orders"), ())
BY_HAND = SchemaObject(ObjectKind.INDEX, ("public", "audit", "ix_audit_tmp"), attributes(columns=("at",), valid=True))


def a_statement(
    sql: str = "ALTER TABLE orders ADD COLUMN delivery_note TEXT",
    title: str = "Add column orders.delivery_note",
    kind: StatementKind = StatementKind.ALTER,
    **changed: Any,
) -> Statement:
    parsed = Parsed(
        kind=kind,
        title=title,
        writes=changed.pop("writes", (("orders",),)),
        opaque=changed.pop("opaque", ""),
        authority=changed.pop("authority", ""),
    )
    values: dict[str, Any] = {
        "migration": "8c21e0d4b7aa",
        "group": 0,
        "transactional": True,
        "effect": (added(COLUMN),),
    }
    return Statement(sql=sql, parsed=parsed, **{**values, **changed})


def bookkeeping(old: str = "5d0c77a1be09", new: str = "8c21e0d4b7aa", **changed: Any) -> Statement:
    sql = f"UPDATE alembic_version SET version_num='{new}' WHERE alembic_version.version_num = '{old}'"
    return a_statement(
        sql,
        "Update rows of alembic_version",
        StatementKind.BOOKKEEPING,
        **{"rows": 1, "effect": (), "migration": new, **changed},
    )


def build_index(**changed: Any) -> Statement:
    sql = "CREATE INDEX CONCURRENTLY ix_orders_customer_id\n  ON orders (customer_id)"
    values = {"migration": "91f3ab02c6de", "group": 1, "transactional": False, "effect": (added(INDEX),)}
    title = "Build index ix_orders_customer_id on orders, concurrently"
    return a_statement(sql, title, StatementKind.CREATE, **{**values, **changed})


def drop_column(**changed: Any) -> Statement:
    gone = SchemaObject(ObjectKind.COLUMN, ("public", "customers", "phone_legacy"), attributes(type="text", position=4))
    values = {
        "migration": "a77d03c19e52",
        "writes": (("customers",),),
        "destroys": ("column public.customers.phone_legacy",),
        "effect": (Change(gone.kind, gone.name, gone, None),),
    }
    sql = "ALTER TABLE customers DROP COLUMN phone_legacy"
    return a_statement(sql, "Drop column customers.phone_legacy", **{**values, **changed})


def added(item: SchemaObject) -> Change:
    return Change(item.kind, item.name, None, item)


def clean_statements() -> tuple[Statement, ...]:
    return (
        a_statement(),
        bookkeeping(),
        build_index(),
        bookkeeping("8c21e0d4b7aa", "91f3ab02c6de", group=2),
    )


PENDING = (
    Migration(
        "8c21e0d4b7aa",
        "1" * 64,
        "services/shop/alembic/versions/8c21e0d4b7aa_add_delivery_note.py",
        "add delivery note",
    ),
    Migration(
        "91f3ab02c6de", "2" * 64, "services/shop/alembic/versions/91f3ab02c6de_index_orders_customer.py", "index orders"
    ),
)


def a_key(**changed: Any) -> Key:
    values: dict[str, Any] = {
        "repository": 123456,
        "pull": 418,
        "base_branch": "main",
        "module": "shop",
        "environment": "staging",
        "target": TargetIdentity(Engine.POSTGRESQL, "7301998412", "shop", "schemagate_rw"),
        "strategy": Strategy.MIGRATE,
        "direction": Direction.UPGRADE,
        "pending": PENDING,
        "source_files": (("alembic/env.py", "3" * 64),),
        "dependencies": "4" * 64,
        "recorded": ("5d0c77a1be09",),
        "policy": "5" * 64,
        "session": (("search_path", "public"),),
        "scope": (("public", "orders"),),
        "live": "sha256:" + "6" * 64,
    }
    return Key(**{**values, **changed})


def a_plan(statements: tuple[Statement, ...] | None = None, way_back: WayBack | None = None, **key: Any) -> Plan:
    found = clean_statements() if statements is None else statements
    destroys = any(item.destroys for item in found)
    needs = (Need.CODE, Need.ALLOW_DESTRUCTIVE, Need.BACKUP) if destroys else ()
    undo = (a_statement("ALTER TABLE orders DROP COLUMN delivery_note", "Drop column orders.delivery_note"),)
    note = "lossless until something is written to column public.orders.delivery_note; after that it is lost"
    body = Body(
        statements=found,
        group_authority=((),),
        authority=(),
        recorded_after=(found[-1].migration,) if found else (),
        reads_rows=(),
        needs=needs,
        additive=not destroys,
        way_back=way_back or WayBack(undo=Undo.LOSSY, note=note, statements=undo),
    )
    observed = Observed(seconds=(0.004,) * len(found), scratch_version="PostgreSQL 16.4")
    return Plan(key=a_key(**key), body=body, head=HEAD, base=BASE, observed=observed)


def a_snapshot(
    *more: SchemaObject, unread: tuple[Unread, ...] = (Unread("publication", ("events",), "not read"),)
) -> Snapshot:
    return Snapshot(
        engine=Engine.POSTGRESQL, version="16.4", database="shop", objects=ordered([TABLE, *more]), unread=unread
    )


def a_preflight(**changed: Any) -> Preflight:
    values: dict[str, Any] = {
        "engine": Engine.POSTGRESQL,
        "version": "16.4",
        "server": "pg-stg-1",
        "database": "shop",
        "connection": "postgresql://schemagate_ro:***@pg-stg-1/shop",
        "tls": "TLS 1.3",
        "reading_role": "schemagate_ro",
        "writing_role": "schemagate_rw",
        "separate_read_role": True,
        "read_only_proven": True,
        "rights": ("SELECT on 12 tables",),
        "superfluous": (),
        "extensions": (("pg_trgm", "1.6", "public"),),
        "session": (("search_path", "public"), ("TimeZone", "UTC")),
        "tables": 12,
        "bytes": 3_100_000_000,
    }
    return Preflight(**{**values, **changed})


def some_drift(number: int = 1, item: SchemaObject = BY_HAND, **changed: Any) -> Drift:
    values = {"touches_plan": False, "revert": f"DROP INDEX {item.name[0]}.{item.name[-1]};\n", **changed}
    return Drift(number=f"drift-{number}", change=added(item), **values)


def an_examination(**changed: Any) -> Examination:
    values: dict[str, Any] = {
        "module": "shop",
        "environment": "staging",
        "engine": Engine.POSTGRESQL,
        "preflight": a_preflight(),
        "recorded": ("5d0c77a1be09",),
        "heads": ("91f3ab02c6de",),
        "applied": 41,
        "pending": PENDING,
        "drift_known": True,
        "undeclared_known": True,
        "live": a_snapshot(),
        "plan": a_plan(),
        "rehearsed": True,
        "version_table": ("public", "alembic_version"),
        "version_columns": ("version_num",),
        "examined_at": "2026-11-20T14:02:07Z",
    }
    return Examination(**{**values, **changed})


def an_environment(name: str = "staging", **changed: Any) -> Environment:
    values: dict[str, Any] = {
        "url": None,
        "approver_sets": ((Approver(ApproverKind.ROLE, "write"),),),
        "backup_statement": "nightly dump",
    }
    return Environment(name=name, **{**values, **changed})


def needs_approval(name: str = "staging", code: str = "4be01d7") -> Refusal:
    return Refusal(
        code=RefusalCode.NEEDS_APPROVAL,
        message="1 approval(s) missing, of: anyone with role write",
        fix=f"comment `/approve {name} {code}`",
        actor=Actor.APPROVER,
    )


def a_refusal(code: RefusalCode, message: str, fix: str, actor: Actor = Actor.AUTHOR, **changed: Any) -> Refusal:
    return Refusal(code=code, message=message, fix=fix, actor=actor, **changed)


def shown(name: str = "staging", *refusals: Refusal, **changed: Any) -> EnvironmentView:
    """An environment that is ready, unless refusals are given."""
    code = "4be01d7" if name == "staging" else "c19a6f2"
    server = "pg-stg-1" if name == "staging" else "pg-prod-1"
    environment = changed.pop("environment", None) or an_environment(name)
    examination = changed.pop("examination", None) or an_examination(
        environment=name, preflight=a_preflight(server=server), plan=a_plan(environment=name)
    )
    values: dict[str, Any] = {
        "environment": environment,
        "examination": examination,
        "decision": Blocked(refusals or (needs_approval(name, code),)),
        "code": code,
        "plain_counts": True,
        "needed": 1,
        "may_not": (("dana", "author"), ("eli", "pushed or wrote a commit")),
        "approvals": (),
        "applied": (),
        "check_url": f"{PULL_URL}/checks",
        "engine_label": "PostgreSQL 16.4",
        "database": "shop",
        "server": server,
    }
    return EnvironmentView(**{**values, **changed})


DBAS = (
    Approver(ApproverKind.USER, "alice"),
    Approver(ApproverKind.USER, "bob"),
    Approver(ApproverKind.TEAM, "acme/dba"),
)


def waiting_prod(**changed: Any) -> EnvironmentView:
    """Prod, which waits for staging."""
    waits = a_refusal(
        RefusalCode.ENVIRONMENT_ORDER, "prod waits for staging", "apply it on staging first", Actor.APPROVER
    )
    prod = an_environment(
        "prod", approver_sets=(DBAS,), requires_applied=("staging",), backup_statement="point-in-time recovery, 7 days"
    )
    drift = (some_drift(),)
    examination = an_examination(
        environment="prod",
        preflight=a_preflight(server="pg-prod-1"),
        plan=a_plan(environment="prod"),
        waits_for=("staging",),
        drift=drift,
    )
    return shown("prod", waits, needs_approval("prod", "c19a6f2"), environment=prod, examination=examination, **changed)


def a_report(*environments: EnvironmentView, **changed: Any) -> ReportView:
    module = ModuleView(
        id="shop", path="services/shop", source="alembic", environments=environments or (shown(), waiting_prod())
    )
    values: dict[str, Any] = {
        "full_name": "acme/shop",
        "pull": 418,
        "title": "Delivery notes",
        "head": HEAD,
        "base_branch": "main",
        "url": PULL_URL,
        "modules": (module,),
        "problems": (),
        "merged": False,
        "open": True,
        "unmapped": 0,
        "tasks": tuple(
            (item.environment.name, f"pr-418-delivery-notes-{item.environment.name}") for item in module.environments
        ),
        "workdocs_sentence": (
            "The evidence is committed to this branch after an apply: that moves the head, restarts other checks and may dismiss reviews."
        ),
        "other_pulls": (),
        "author_login": "dana",
        "checked_at": "2026-11-20T14:02:07Z",
    }
    return ReportView(**{**values, **changed})


def a_rollout(state: RolloutState = RolloutState.APPLIED, **changed: Any) -> Rollout:
    values: dict[str, Any] = {
        "id": 7,
        "digest": a_plan().digest,
        "repository": 123456,
        "pull": 418,
        "module": "shop",
        "environment": "prod",
        "target": "postgresql:7301998412/shop",
        "sequence": 87,
        "fence": 412,
        "started_at": "2026-11-20T15:04:44Z",
        "finished_at": "2026-11-20T15:05:36Z",
        "outcome": "applied and verified",
    }
    return Rollout(state=state, **{**values, **changed})


def an_applied(rollout: Rollout | None = None, **changed: Any) -> AppliedView:
    values: dict[str, Any] = {
        "rollout": rollout or a_rollout(),
        "by": ("bob",),
        "direction": Direction.UPGRADE,
        "migrations": ("8c21e0d4b7aa", "91f3ab02c6de"),
        "statements": (
            ("Add column orders.delivery_note", "ok, 0 row(s)"),
            ("Update rows of alembic_version", "ok, 1 row(s)"),
            ("Build index ix_orders_customer_id on orders, concurrently", "ok"),
        ),
        "undo_note": "lossless until something is written to column public.orders.delivery_note; after that it is lost",
        "commit_url": "https://github.com/acme/shop/commit/b3d02aa0e2b3a49586778695041322310ffeeddc",
        "evidence": (),
    }
    return AppliedView(**{**values, **changed})


def done(name: str = "prod", *applied: AppliedView, **changed: Any) -> EnvironmentView:
    """An environment where this pull has been applied."""
    nothing = a_refusal(
        RefusalCode.NOTHING_TO_APPLY, f"{name} has every migration of this pull", "nothing is to be done", Actor.NOBODY
    )
    examination = an_examination(
        environment=name, plan=None, pending=(), recorded=("91f3ab02c6de",), applied=43, rehearsed=False
    )
    return shown(
        name,
        nothing,
        examination=examination,
        code="",
        applied=applied or (an_applied(a_rollout(environment=name)),),
        **changed,
    )


def an_ended(rollout: Rollout | None = None, **changed: Any) -> EndedView:
    values: dict[str, Any] = {
        "environment": "prod",
        "module": "shop",
        "rollout": rollout or a_rollout(),
        "direction": Direction.UPGRADE,
        "seconds": 52.0,
        "by": ("bob",),
        "author": "dana",
        "merged": False,
        "report_url": PULL_URL,
        "commit_url": "https://github.com/acme/shop/commit/b3d02aa0e2b3a49586778695041322310ffeeddc",
        "stuck": ("Add column orders.delivery_note",),
        "missing": ("Build index ix_orders_customer_id on orders, concurrently",),
        "waiting_pulls": 1,
    }
    return EndedView(**{**values, **changed})


def a_person(login: str = "bob", number: int = 1180231, **changed: Any) -> Person:
    values: dict[str, Any] = {"role": Role.MAINTAIN, "teams": ("acme/dba",), "looked_up": "2026-11-20T15:04:43Z"}
    return Person(id=number, login=login, **{**values, **changed})


def an_approval(plan: Plan | None = None, by: Person | None = None, **changed: Any) -> Approval:
    values: dict[str, Any] = {
        "words": ApprovalWords(environment="prod", code="c19a6f2"),
        "comment": 2491180032,
        "body_hash": "c7" * 32,
        "text": "/approve prod c19a6f2",
        "at": "2026-11-20T15:04:41Z",
    }
    return Approval(digest=(plan or a_plan()).digest, by=by or a_person(), **{**values, **changed})


def some_steps() -> tuple[Step, ...]:
    statements = clean_statements()
    return (
        Step(at="2026-11-20T15:04:44Z", command="hold and database lock", result="taken; 4 statements"),
        Step(at="2026-11-20T15:04:45Z", command="BEGIN", result="ok"),
        Step(at="2026-11-20T15:04:45Z", command=statements[0].sql, result="started", statement=0),
        Step(at="2026-11-20T15:04:45Z", command=statements[0].sql, result="ok, 0 row(s)", statement=0, seconds=0.006),
        Step(at="2026-11-20T15:04:45Z", command=statements[1].sql, result="ok, 1 row(s)", statement=1, seconds=0.001),
        Step(at="2026-11-20T15:04:45Z", command="COMMIT", result="effect as rehearsed; committed"),
        Step(at="2026-11-20T15:05:34Z", command=statements[2].sql, result="ok", statement=2, seconds=48.2),
        Step(at="2026-11-20T15:05:36Z", command=statements[3].sql, result="ok, 1 row(s)", statement=3, seconds=0.001),
        Step(at="2026-11-20T15:05:36Z", command="rollout applied", result="applied and verified"),
    )


def some_workdocs(**changed: Any) -> WorkdocsView:
    plan = a_plan(environment="prod")
    examination = replace(an_examination(environment="prod", drift=(some_drift(),)), live=None, plan=None)
    values: dict[str, Any] = {
        "full_name": "acme/shop",
        "pull": 418,
        "title": "Delivery notes",
        "head": HEAD,
        "base": BASE,
        "base_branch": "main",
        "merge_tree": MERGE,
        "module": "shop",
        "environment": an_environment("prod", approver_sets=(DBAS,), backup_statement="point-in-time recovery, 7 days"),
        "task": "pr-418-delivery-notes-prod",
        "rollout": a_rollout(digest=plan.digest),
        "plan": plan,
        "code": "c19a6f2",
        "examination": examination,
        "preflight": a_preflight(server="pg-prod-1"),
        "approvals": (an_approval(plan),),
        "author": "dana",
        "excluded": ("eli",),
        "steps": some_steps(),
        "before": a_snapshot(BY_HAND),
        "after": a_snapshot(BY_HAND, COLUMN, INDEX),
        "sheet": (
            SheetRow(
                question="Effect of the plan",
                expected="2 objects changed, as rehearsed",
                found="2 objects changed, 0 not as rehearsed",
                good=True,
            ),
            SheetRow(question="Tool's own status", expected="91f3ab02c6de", found="91f3ab02c6de", good=True),
            SheetRow(question="Invalid indexes, unvalidated constraints left", expected="0", found="0", good=True),
        ),
        "differences": (),
        "other_checks": (("build", "success", 8812), ("tests", "success", 8813)),
        "previous": "9a41c0" + "d" * 58,
        "config_commit": TIP,
        "stated_backup": "point-in-time recovery, 7 days",
        "confirmed": 'database shop on pg-prod-1; migrate; backup "point-in-time recovery, 7 days"; nothing destructive',
        "published_at": "2026-11-20T14:02:07Z",
        "tools": (("schemagate", "0.1.0"), ("scratch server", "PostgreSQL 16.4")),
    }
    return WorkdocsView(**{**values, **changed})
