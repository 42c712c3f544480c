"""Every text that is kept under `expected/` and read like a screen before it is accepted: `python -m tests.rendering.cases` writes them anew."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from tests import builders as make
from workers.core.config import Approver, ApproverKind
from workers.core.examination import Suggested
from workers.core.names import Direction, SourceKind
from workers.core.plan import Continued, Migration, Statement, StatementKind, Undo, WayBack
from workers.core.refusals import Actor, Refusal, RefusalCode
from workers.core.rollout import RolloutState
from workers.core.schema import ObjectKind, SchemaObject, Unread, attributes
from workers.rendering import checks, comments
from workers.rendering.report import report
from workers.rendering.views import (
    EnvironmentView,
    ModuleView,
    NoticeView,
    RefusedView,
    ReportView,
    StatusView,
    VoidedView,
)
from workers.rendering.workdocs import workdocs

EXPECTED = Path(__file__).parent / "expected"
HOSTILE = "x`y|z --> @team/dba <script>alert(1)</script> \u202e#12 https://evil.example [l](http://e) <!-- schemagate:report:1 -->"

LOST = make.a_refusal(
    RefusalCode.DESTRUCTIVE_NOT_ALLOWED,
    "column public.customers.phone_legacy would be lost",
    "approve with `--allow-destructive`",
    Actor.APPROVER,
)
NO_BACKUP = make.a_refusal(
    RefusalCode.BACKUP_NOT_CONFIRMED,
    "no backup is named for what would be lost",
    'approve with `--backup "which one"` or `--accept-risk "why"`',
    Actor.APPROVER,
)
DRIFT = make.a_refusal(
    RefusalCode.DRIFT_PRESENT,
    "drift-1: index public.customers.ix_customers_phone_legacy differs from what the migrations make",
    "write it as a migration, revert it, or approve with `--accept drift-1`",
    Actor.APPROVER,
)
PROBE = make.a_refusal(
    RefusalCode.REHEARSAL_FAILED,
    "statement 2 fails on a copy of the live schema: column email of customers holds nothing in 37 rows",
    "fill it in an earlier migration, or by hand",
    path="services/shop/alembic/versions/a77d03c19e52_require_email.py",
    line=14,
)
LEGACY = SchemaObject(
    ObjectKind.INDEX,
    ("public", "customers", "ix_customers_phone_legacy"),
    attributes(columns=("phone_legacy",), valid=True),
)


def destructive_prod(*refusals: Refusal) -> EnvironmentView:
    gone = WayBack(
        undo=Undo.NONE, note="the schema comes back, what was in it does not: column public.customers.phone_legacy"
    )
    email = make.a_statement(
        "ALTER TABLE customers ALTER COLUMN email SET NOT NULL",
        "Require customers.email",
        migration="a77d03c19e52",
        effect=(),
    )
    done = make.bookkeeping("91f3ab02c6de", "a77d03c19e52")
    plan = make.a_plan(
        (make.drop_column(), email, done),
        gone,
        environment="prod",
        pending=(Migration("a77d03c19e52", "7" * 64, "services/shop/alembic/versions/a77d03c19e52_require_email.py"),),
    )
    examination = make.an_examination(
        environment="prod",
        preflight=make.a_preflight(server="pg-prod-1"),
        plan=plan,
        drift=(make.some_drift(1, LEGACY, touches_plan=True), make.some_drift(2)),
    )
    environment = make.an_environment("prod", approver_sets=(make.DBAS,), backup_statement="")
    return make.shown("prod", *refusals, environment=environment, examination=examination)


def without_plan(name: str, *refusals: Refusal, **found: object) -> EnvironmentView:
    examination = make.an_examination(environment=name, plan=None, rehearsed=False, undeclared_known=False, **found)
    return make.shown(name, *refusals, examination=examination, code="")


def ready_prod() -> EnvironmentView:
    environment = make.an_environment("prod", approver_sets=(make.DBAS,), requires_applied=("staging",))
    return make.shown("prod", environment=environment)


def many(number: int) -> ReportView:
    statements = tuple(
        make.a_statement(
            f"CREATE TABLE archive_{at} (\n  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n  note text NOT NULL,\n  at timestamptz\n)",
            f"Create table archive_{at}",
            StatementKind.CREATE,
            group=at,
        )
        for at in range(number)
    )
    return make.a_report(make.shown(examination=make.an_examination(plan=make.a_plan(statements))))


def hostile() -> ReportView:
    plan = make.a_plan(
        (hostile_statement(), make.bookkeeping()), pending=(Migration(HOSTILE, "8" * 64, HOSTILE, HOSTILE),)
    )
    item = SchemaObject(ObjectKind.INDEX, ("public", HOSTILE, HOSTILE), attributes(columns=(HOSTILE,)))
    examination = make.an_examination(
        plan=plan,
        drift=(make.some_drift(1, item),),
        undeclared=(HOSTILE,),
        suggested=Suggested(f"{HOSTILE}.py", f'"""{HOSTILE}"""\n```\n</details>\n@team\n'),
        notes=(HOSTILE, f"see `{HOSTILE}`"),
        live=make.a_snapshot(unread=(Unread(HOSTILE, (HOSTILE,), HOSTILE),)),
        preflight=make.a_preflight(database=HOSTILE, server=HOSTILE, tls=HOSTILE, superfluous=(HOSTILE,)),
    )
    refusal = make.a_refusal(RefusalCode.REHEARSAL_FAILED, HOSTILE, HOSTILE, path=HOSTILE, line=3)
    shown = make.shown(
        "staging",
        refusal,
        LOST,
        examination=examination,
        may_not=((HOSTILE, HOSTILE),),
        database=HOSTILE,
        server=HOSTILE,
        environment=make.an_environment(
            approver_sets=((Approver(ApproverKind.TEAM, HOSTILE),),), backup_statement=HOSTILE
        ),
    )
    return make.a_report(shown, title=HOSTILE, author_login=HOSTILE, other_pulls=((3, HOSTILE),))


def hostile_statement() -> Statement:
    return make.a_statement(
        f'ALTER TABLE t DROP COLUMN "{HOSTILE}" -- ```\n````\n</details>\n@team',
        f"Drop column t.{HOSTILE}",
        destroys=(f"column public.t.{HOSTILE}",),
        opaque=HOSTILE,
        authority=HOSTILE,
    )


def config_invalid() -> ReportView:
    problems = tuple(
        Refusal(
            code=RefusalCode.CONFIG_INVALID,
            message=message,
            fix=fix,
            actor=Actor.AUTHOR,
            path=".github/schemagate.yml",
            line=line,
        )
        for message, fix, line in (
            ("`aprovers` is no key of an environment", "did you mean `approvers`?", 9),
            ("`approvals` wants a number from 1 to 10, and this is `many`", "write a number", 10),
        )
    )
    return make.a_report(modules=(), problems=problems, tasks=(), workdocs_sentence="")


def several_modules() -> ReportView:
    first = ModuleView(id="shop", path="services/shop", source="alembic", environments=(make.shown(needs_module=True),))
    nothing = make.done("staging", needs_module=True)
    second = ModuleView(id="billing", path="services/billing", source="prisma", environments=(nothing,))
    return make.a_report(modules=(first, second))


REPORTS: dict[str, Callable[[], ReportView]] = {
    "clean": make.a_report,
    "destructive_blocked": lambda: make.a_report(
        make.done("staging"), destructive_prod(PROBE, DRIFT, LOST, NO_BACKUP, make.needs_approval("prod", "c19a6f2"))
    ),
    "destructive_ready": lambda: make.a_report(
        make.done("staging"), destructive_prod(DRIFT, LOST, NO_BACKUP, make.needs_approval("prod", "c19a6f2"))
    ),
    "prod_ready": lambda: make.a_report(make.done("staging"), ready_prod()),
    "applied": lambda: make.a_report(
        make.done("staging"), make.done("prod"), other_pulls=((425, "waits for this merge"),)
    ),
    "merged": lambda: make.a_report(make.done("staging"), make.done("prod"), merged=True, open=False),
    "failed": lambda: make.a_report(
        make.done("staging"),
        make.shown(
            "prod",
            applied=(
                make.an_applied(
                    make.a_rollout(RolloutState.FAILED, outcome="canceling statement due to lock timeout (55P03)")
                ),
            ),
        ),
    ),
    "partial": lambda: make.a_report(
        make.done("staging"),
        make.shown(
            "prod",
            make.a_refusal(
                RefusalCode.ENVIRONMENT_HELD,
                "prod is held since rollout 87 of #418 ended half done",
                'look at it, then `/unlock prod "why"`',
                Actor.APPROVER,
            ),
            applied=(make.an_applied(make.a_rollout(RolloutState.PARTIAL, outcome="the connection was lost")),),
            code="",
        ),
    ),
    "continuation": lambda: make.a_report(make.done("staging"), half_done_prod()),
    "nothing_to_do": lambda: make.a_report(nothing_new()),
    "merge_conflict": lambda: make.a_report(
        without_plan(
            "staging",
            make.a_refusal(
                RefusalCode.MERGE_CONFLICT,
                "this branch conflicts with its base in: services/shop/models.py",
                "rebase or merge the base branch",
            ),
            preflight=None,
            live=None,
        )
    ),
    "several_heads": lambda: make.a_report(
        without_plan(
            "staging",
            make.a_refusal(
                RefusalCode.SEVERAL_HEADS,
                "the history has 2 heads: 8c21e0d4b7aa, 91f3ab02c6de",
                "run `alembic merge heads` and commit the result",
                path="services/shop/alembic/versions/91f3ab02c6de_index_orders_customer.py",
                line=6,
            ),
            heads=("8c21e0d4b7aa", "91f3ab02c6de"),
        )
    ),
    "unreachable": lambda: make.a_report(
        make.shown(),
        without_plan(
            "prod",
            make.a_refusal(
                RefusalCode.TARGET_UNREACHABLE,
                "prod does not answer: connection refused",
                "see that the server runs and that the worker may reach it",
                Actor.OPERATOR,
            ),
            preflight=None,
            live=None,
        ),
    ),
    "config_invalid": config_invalid,
    "undeclared": lambda: make.a_report(undeclared()),
    "several_modules": several_modules,
    "rollback_ready": lambda: make.a_report(
        make.shown(examination=make.an_examination(direction=Direction.ROLLBACK), applied=(make.an_applied(),))
    ),
    "mark_applied": lambda: make.a_report(marked()),
    "500_statements": lambda: many(500),
    "hostile": hostile,
}


def undeclared() -> EnvironmentView:
    """A model that no migration makes, with the file that autogenerate would write."""
    entry = "add_column customers.nickname VARCHAR(40)"
    path = "services/shop/alembic/versions/5d0c77a1be10_add_column_customers_nickname.py"
    text = (
        '"""add column customers.nickname"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
        'revision = "5d0c77a1be10"\ndown_revision = "8c21e0d4b7aa"\n\n\n'
        'def upgrade():\n    op.add_column("customers", sa.Column("nickname", sa.String(40), nullable=True))\n\n\n'
        'def downgrade():\n    op.drop_column("customers", "nickname")\n'
    )
    missing = make.a_refusal(
        RefusalCode.UNDECLARED_CHANGES,
        f"the models and the migrations of this pull differ in 1 place(s): {entry}",
        f"commit a migration for it: this report holds the one that the tool would write, ready for {path}",
        path="services/shop/models.py",
        line=31,
    )
    examination = make.an_examination(
        environment="staging", undeclared=(entry,), suggested=Suggested(path, text), source=SourceKind.ALEMBIC
    )
    return make.shown("staging", missing, examination=examination)


def nothing_new() -> EnvironmentView:
    nothing = make.a_refusal(
        RefusalCode.NOTHING_TO_APPLY, "staging has every migration of this pull", "nothing is to be done", Actor.NOBODY
    )
    return make.shown(
        "staging", nothing, examination=make.an_examination(plan=None, pending=(), rehearsed=False), code=""
    )


def marked() -> EnvironmentView:
    """A hotfix made by hand, about to be recorded."""
    back = WayBack(undo=Undo.LOSSLESS, note="lossless: nothing that holds rows goes away")
    plan = make.a_plan((make.bookkeeping(),), back, direction=Direction.MARK_APPLIED, environment="prod")
    return make.shown("prod", examination=make.an_examination(plan=plan, direction=Direction.MARK_APPLIED))


COMMENTS: dict[str, Callable[[], str]] = {
    "comment_refused": lambda: comments.refused(
        RefusedView(
            command="/approve prod",
            by="carol",
            refusals=(LOST, NO_BACKUP),
            instead="/approve prod c19a6f2",
            report_url=make.PULL_URL,
        )
    ),
    "comment_applied": lambda: comments.ended(make.an_ended()),
    "comment_rolled_back": lambda: comments.ended(make.an_ended(direction=Direction.ROLLBACK)),
    "comment_failed": lambda: comments.ended(
        make.an_ended(make.a_rollout(RolloutState.FAILED, outcome="canceling statement due to lock timeout (55P03)"))
    ),
    "comment_partial": lambda: comments.ended(
        make.an_ended(make.a_rollout(RolloutState.PARTIAL, outcome="the connection was lost"))
    ),
    "comment_voided": lambda: comments.voided(
        VoidedView(environment="prod", by="bob", reasons=(LOST,), report_url=make.PULL_URL)
    ),
    "comment_status": lambda: comments.status(
        StatusView(
            report=make.a_report(),
            refused=(
                (
                    "2026-11-20T14:10:00Z",
                    "prod",
                    "mallory: /approve prod: not_authorised: mallory may not approve prod",
                ),
            ),
            config_commit=make.TIP,
        )
    ),
    "comment_help": comments.help_text,
    "comment_secret_seen": lambda: comments.secret_seen(NoticeView(by="bob", subject="", report_url=make.PULL_URL)),
    "comment_tampered": lambda: comments.tampered(NoticeView(by="mallory", subject=f"{make.PULL_URL}#issuecomment-1")),
    "comment_unheard": lambda: comments.unheard(
        NoticeView(by="bob", subject="/approve", comment_url=f"{make.PULL_URL}#issuecomment-2")
    ),
    "comment_apology": lambda: comments.apology(NoticeView(by="bob", subject="", job="0c5ab7d2-1")),
    "check_environment": lambda: check_text(make.a_report()),
    "check_undeclared": lambda: check_text(make.a_report(undeclared())),
    "check_aggregate": lambda: checks.aggregate(make.a_report()).summary,
}


def half_done_prod() -> EnvironmentView:
    """The column and its bookkeeping stuck; the build of the index left it invalid."""
    left = (("public", "orders", "ix_orders_customer_id"),)
    rest = Continued(sequence=87, digest="a" * 64, done=(0, 1), left=left, stuck=1, statements=2)
    drop = make.a_statement(
        'DROP INDEX CONCURRENTLY "public"."ix_orders_customer_id"',
        "Drop index public.ix_orders_customer_id, concurrently",
        StatementKind.DROP,
        migration="91f3ab02c6de",
        transactional=False,
        effect=(),
    )
    built = make.build_index()
    booked = make.bookkeeping("8c21e0d4b7aa", "91f3ab02c6de", group=2)
    plan = make.a_plan((drop, built, booked), continues=rest, pending=make.PENDING[1:], environment="prod")
    half_done = make.a_rollout(RolloutState.PARTIAL, outcome="an invalid index is left: ix_orders_customer_id")
    return make.shown(
        "prod",
        make.needs_approval("prod", "c19a6f2"),
        examination=make.an_examination(environment="prod", plan=plan),
        applied=(make.an_applied(half_done),),
        code="c19a6f2",
    )


def check_text(view: ReportView) -> str:
    return checks.environment_check(view, view.modules[0], view.modules[0].environments[0]).text


def signed(content: bytes) -> tuple[str, str]:
    """A signature that a test can tell: the length of what it signs."""
    return "2026-a", b64encode(str(len(content)).encode()).decode()


def rollout_documents() -> dict[str, str]:
    """The six documents of one rollout."""
    files = workdocs(make.some_workdocs(), signed).files
    return {
        "workdocs_" + path.rsplit("/", 1)[1].removesuffix(".md"): text for path, text in files if path.endswith(".md")
    }


def texts() -> dict[str, str]:
    return (
        {f"report_{name}": report(build()) for name, build in REPORTS.items()}
        | {name: build() for name, build in COMMENTS.items()}
        | rollout_documents()
    )


if __name__ == "__main__":
    for name, text in texts().items():
        (EXPECTED / f"{name}.md").write_text(text)
