"""The living report: what it must say whatever it is about, and that it always fits."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from tests import builders as make
from tests.rendering.cases import HOSTILE, LOST, NO_BACKUP, PROBE, REPORTS, destructive_prod, hostile, many, ready_prod
from tests.rendering.reading import PARSER, html_of, words
from workers.core.config import Approver, ApproverKind, Mode
from workers.core.examination import Suggested
from workers.core.plan import Migration
from workers.core.refusals import Actor, RefusalCode
from workers.core.schema import Unread
from workers.rendering.report import LONGEST, MARKER, report

ALL = sorted(REPORTS)


def pasteable(text: str) -> list[str]:
    return [token.content.strip() for token in PARSER.parse(text) if token.type == "fence" and not token.info]


@pytest.mark.parametrize("name", ALL)
def test_the_verdict_is_the_first_line_and_the_marker_the_last(name):
    lines = report(REPORTS[name]()).rstrip("\n").split("\n")
    assert re.match(r"### [✅⛔🔴⚠🟠⏳👀⚪]", lines[0])
    assert lines[-1] == MARKER


@pytest.mark.parametrize("name", ALL)
def test_there_is_at_most_one_line_to_paste(name):
    assert len(pasteable(report(REPORTS[name]()))) <= 1


@pytest.mark.parametrize("name", ALL)
def test_no_html_but_ours_comes_out(name):
    ours = re.compile(r"(?:</?details>|</?summary>|</?sub>|<br>|<!-- schemagate:report:1 -->|[^<>])*")
    assert [text for text in html_of(report(REPORTS[name]())) if not ours.fullmatch(text)] == []


@pytest.mark.parametrize("name", ALL)
def test_nobody_is_mentioned(name):
    assert not re.search(r"@\w", words(report(REPORTS[name]())))


@pytest.mark.parametrize("name", ALL)
def test_what_is_not_compared_is_always_said_where_a_database_is_concerned(name):
    view = REPORTS[name]()
    assert report(view).count("not compared:") >= sum(len(module.environments) for module in view.modules)


@pytest.mark.parametrize("name", ALL)
def test_folds_are_closed_and_fences_are_whole(name):
    text = report(REPORTS[name]())
    assert text.count("<details>") == text.count("</details>") or name == "hostile"
    assert PARSER.parse(text)[-1].content.strip() == MARKER


def test_the_marker_of_a_stranger_is_not_the_last_line():
    text = report(hostile())
    assert text.rstrip().endswith(MARKER)
    assert [item for item in html_of(text) if MARKER in item] == [MARKER + "\n"] or html_of(text)[-1].strip() == MARKER


def test_the_same_view_gives_the_same_report():
    assert report(make.a_report()) == report(make.a_report())


def test_without_the_time_of_the_check_nothing_tells_two_runs_apart():
    early, late = (make.a_report(checked_at=at) for at in ("2026-11-20T14:02:07Z", "2026-11-21T09:00:00Z"))
    assert report(early) != report(late)
    assert report(replace(early, checked_at="")) == report(replace(late, checked_at=""))


def test_the_line_names_the_code_even_where_plain_would_count():
    assert pasteable(report(make.a_report())) == ["/approve staging 4be01d7"]


def test_prod_is_not_offered_before_staging():
    assert "/approve prod" not in report(make.a_report())


def test_a_destructive_line_leaves_the_backup_to_the_person():
    text = report(make.a_report(destructive_prod(LOST, NO_BACKUP, make.needs_approval("prod", "c19a6f2"))))
    assert pasteable(text) == ['/approve prod c19a6f2 --allow-destructive --backup "…"']
    assert text.startswith("### 🔴 Ready for prod, deletes column public.customers.phone_legacy")


def test_what_needs_a_fix_offers_no_approval():
    text = report(make.a_report(destructive_prod(PROBE, LOST, NO_BACKUP)))
    assert pasteable(text) == ["/plan prod"]


def test_the_same_reason_on_two_environments_is_told_once():
    conflict = make.a_refusal(RefusalCode.MERGE_CONFLICT, "this branch conflicts with its base", "rebase")
    text = report(make.a_report(make.shown("staging", conflict), make.shown("prod", conflict)))
    assert text.startswith("### ⛔ staging and prod are blocked: 1 thing to fix\n")
    assert text.count("merge_conflict") == 1


def test_reasons_of_different_environments_name_them():
    one, two = (make.a_refusal(RefusalCode.PROBE_FAILED, f"probe {word} failed", "mend it") for word in ("one", "two"))
    text = report(make.a_report(make.shown("staging", one), make.shown("prod", two)))
    assert "**staging: probe one failed.**" in text
    assert "**prod: probe two failed.**" in text


def test_different_sql_on_two_environments_is_shown_twice():
    prod = make.shown("prod", examination=make.an_examination(plan=make.a_plan((make.a_statement(),))))
    text = report(make.a_report(make.shown(), prod))
    assert "#### What runs on staging" in text
    assert "#### What runs on prod" in text


def test_a_statement_that_its_text_does_not_bound_is_shown_with_its_sql_outside_of_every_fold():
    quiet = tuple(make.a_statement(f"CREATE TABLE t{at} ()", f"Create table t{at}") for at in range(30))
    opaque = make.a_statement("DO $$ BEGIN END $$", "Run a block", opaque="a DO block runs what it likes")
    view = make.a_report(make.shown(examination=make.an_examination(plan=make.a_plan((*quiet, opaque)))))
    unfolded = re.sub(r"<details>.*?</details>", "", report(view), flags=re.DOTALL)
    assert "🟠 **Statement 31** can do more than its text says" in unfolded
    assert "DO $$ BEGIN END $$" in unfolded


def test_short_sql_is_not_folded_and_long_sql_is():
    unfolded = re.sub(r"<details>.*?</details>", "", report(make.a_report()), flags=re.DOTALL)
    assert "ALTER TABLE orders ADD COLUMN" in unfolded
    assert "<details><summary>The SQL: 61 lines</summary>" in report(many(12))


def test_an_approval_that_was_given_is_counted():
    given = (make.an_approval(),)
    text = report(make.a_report(make.shown("staging", approvals=given, needed=1)))
    assert "1 approval given, 1 to go. Paste:" in text
    assert "2 with write access; so far bob" in text


def test_an_environment_in_every_list_says_so():
    lists = ((Approver(ApproverKind.USER, "alice"),), make.DBAS)
    text = report(make.a_report(make.shown(environment=make.an_environment(approver_sets=lists))))
    assert "1 of: alice, bob, team acme/dba (in every list)" in text


def test_an_apply_that_runs_is_said():
    running = make.a_refusal(
        RefusalCode.APPLY_IN_PROGRESS, "an apply is running on prod", "wait for it to end", Actor.NOBODY
    )
    assert report(make.a_report(make.shown("prod", running))).startswith("### ⏳ Applying on prod\n")


def test_three_environments_in_a_row_are_drawn():
    qa = make.shown("qa", environment=make.an_environment("qa", requires_applied=("staging",)))
    text = report(make.a_report(make.shown(), qa, ready_prod()))
    assert "```mermaid" in text
    assert "e0 --> e1" in text


def test_a_module_is_named_in_the_line_where_the_environment_is_in_several():
    assert pasteable(report(make.a_report(make.shown(needs_module=True)))) == ["/approve staging 4be01d7 --module shop"]


def test_a_secret_in_one_statement_hides_nothing_but_itself():
    first = make.a_statement("SELECT '-----BEGIN RSA PRIVATE KEY-----abcdef'", "Read rows")
    view = make.a_report(make.shown(examination=make.an_examination(plan=make.a_plan((first, make.build_index())))))
    text = report(view)
    assert "abcdef" not in text
    assert "CREATE INDEX CONCURRENTLY" in text
    assert text.rstrip().endswith(MARKER)


def test_a_password_in_a_message_is_masked():
    refusal = make.a_refusal(RefusalCode.TARGET_UNREACHABLE, "cannot reach postgresql://u:hunter22@db/x", "look")
    assert "hunter22" not in report(make.a_report(make.shown("staging", refusal)))


def giant() -> list[tuple[str, object]]:
    long = "x" * 700
    wide = tuple(
        make.a_statement(
            f"ALTER TABLE {long} DROP COLUMN c{at}",
            f"Drop column {long}.c{at}",
            destroys=(f"column {long}.c{at}",),
            opaque=long,
        )
        for at in range(200)
    )
    drift = tuple(make.some_drift(at) for at in range(120))
    base = make.an_examination(
        plan=make.a_plan(wide, pending=tuple(Migration(f"{at:012x}", "1" * 64, long) for at in range(300))),
        drift=drift,
        undeclared=(long,) * 100,
        notes=(long,) * 100,
        live=make.a_snapshot(unread=tuple(Unread(f"{long}{at}", (long,), long) for at in range(300))),
    )
    refusals = tuple(make.a_refusal(RefusalCode.PROBE_FAILED, f"{long} {at}", long) for at in range(120))
    problems = tuple(
        make.a_refusal(RefusalCode.CONFIG_INVALID, f"{long}{at}", long, path=long, line=at) for at in range(300)
    )
    many_places = tuple(make.shown(f"env{at}", *refusals, examination=base, code="4be01d7") for at in range(12))
    return [
        ("statements", make.a_report(make.shown(examination=base))),
        ("refusals", make.a_report(make.shown("staging", *refusals, examination=base))),
        ("problems", make.a_report(modules=(), problems=problems, tasks=())),
        ("environments", make.a_report(*many_places)),
    ]


@pytest.mark.parametrize(("name", "view"), giant())
def test_the_longest_report_fits_and_keeps_verdict_and_marker(name, view):
    text = report(view)
    assert len(text) <= LONGEST, name
    assert text.startswith("### ")
    assert text.rstrip().endswith(MARKER)
    assert PARSER.parse(text)[-1].content.strip() == MARKER


def test_500_statements_are_cut_between_statements_with_a_pointer():
    text = report(many(500))
    assert "the check run has every byte" in text
    assert "and 100 more" in text or "more, each in the check run" in text


def test_300_statements_are_rendered_at_once():
    view = many(300)
    report(make.a_report())
    times = []
    for _ in range(3):
        started = time.perf_counter()
        report(view)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.1


def test_hostile_names_stand_where_they_were_put():
    text = report(hostile())
    assert "<script>" not in "".join(html_of(text))
    assert HOSTILE not in text


def test_a_second_environment_that_is_ready_has_its_line_in_its_fold():
    text = report(make.a_report(make.shown(), ready_prod()))
    assert text.startswith("### ✅ Ready for staging and prod\n")
    assert pasteable(text) == ["/approve staging 4be01d7"]
    assert "code for prod is **c19a6f2**; its line: `/approve prod c19a6f2`" in text


@pytest.mark.parametrize(
    "code",
    [
        RefusalCode.ENVIRONMENT_ORDER,
        RefusalCode.OUTSIDE_HOURS,
        RefusalCode.ENVIRONMENT_HELD,
        RefusalCode.BASELINE_NEEDED,
        RefusalCode.APPROVAL_REVOKED,
    ],
)
def test_every_code_that_waits_for_a_person_is_shown(code):
    refusal = make.a_refusal(code, "not now", "later", Actor.APPROVER)
    assert "c19a6f2" in report(make.a_report(make.shown("prod", refusal)))


def test_an_environment_outside_its_hours_waits_for_them():
    late = make.a_refusal(RefusalCode.OUTSIDE_HOURS, "prod is applied only Mon-Thu", "comment then", Actor.APPROVER)
    text = report(make.a_report(make.shown("prod", late, make.needs_approval("prod", "c19a6f2"))))
    assert text.startswith("### ⏳ prod waits for its hours\n")
    assert pasteable(text) == []


def test_an_environment_that_another_pipeline_applies_is_watched():
    watched = make.a_refusal(RefusalCode.COMMAND_NOT_ALLOWED, "only watched here", "apply there", Actor.OPERATOR)
    environment = make.an_environment("prod", mode=Mode.REPORT)
    text = report(make.a_report(make.shown("prod", watched, environment=environment)))
    assert text.startswith("### 👀 prod is only watched here\n")
    assert "To fix" not in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n" * 700, "701 lines are too many"),
        ("url = 'postgresql://shop:hunter22@db/shop'\n", "looks like a secret"),
    ],
)
def test_a_migration_to_commit_is_shown_whole_or_not_at_all(text, said):
    suggested = Suggested("alembic/versions/a.py", text)
    shown = report(make.a_report(make.shown(examination=make.an_examination(suggested=suggested))))
    assert said in shown
    assert "x = 1" not in shown
    assert "hunter22" not in shown
