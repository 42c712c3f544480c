"""The committed evidence of a rollout."""

from __future__ import annotations

import json
import re

import pytest

from tests import builders as make
from tests.rendering.cases import HOSTILE, hostile_statement, signed
from tests.rendering.reading import html_of, words
from workers.core import audit
from workers.core.approval import ApprovalWords
from workers.core.config import Filter, FilterMode, Ignore
from workers.core.rollout import RolloutState, Step
from workers.core.schema import Excluded, ObjectKind, SchemaObject
from workers.rendering.connection import connection_check
from workers.rendering.differences import DiffFormat, diff_text
from workers.rendering.views import SheetRow
from workers.rendering.workdocs import workdocs

FOLDER = "modules/shop/workdocs/active/pr-418-delivery-notes-prod/db/"


def written(**changed):
    return {path.removeprefix(FOLDER): text for path, text in workdocs(make.some_workdocs(**changed), signed).files}


def whole(**changed):
    return audit.verify(dict(workdocs(make.some_workdocs(**changed), signed).files), lambda *_: True)


def test_every_document_and_artifact_is_there():
    assert set(written()) == {
        "00-connection-check.md",
        "01-schema-drift-report.md",
        "02-extension-exclusion.md",
        "02-migration-plan.md",
        "03-execution-log.md",
        "04-post-verify.md",
        "artifacts/approval.json",
        "artifacts/diff.json",
        "artifacts/drift.json",
        "artifacts/execution.jsonl",
        "artifacts/plan.json",
        "artifacts/plan.sql",
        "artifacts/rollback.sql",
        "artifacts/schema_snapshot.json",
        "artifacts/schema_snapshot_after.json",
    }


def test_the_log_that_seals_the_rest_is_the_first_file():
    documents = workdocs(make.some_workdocs(), signed)
    assert documents.files[0][0] == FOLDER + audit.LOG
    assert documents.section in documents.files[0][1]


def test_the_evidence_is_whole_as_it_was_written():
    result = whole(previous="none")
    assert (result.altered, result.unsigned, result.missing, result.exit_code) == ((), (), (), 0)


def test_the_same_view_gives_the_same_files():
    assert workdocs(make.some_workdocs(), signed) == workdocs(make.some_workdocs(), signed)


def test_without_extensions_and_filters_there_is_no_page_about_them():
    assert "02-extension-exclusion.md" not in written(preflight=make.a_preflight(extensions=()))
    assert "02-extension-exclusion.md" not in written(
        preflight=make.a_preflight(extensions=(("plpgsql", "1.0", "pg_catalog"),))
    )


def test_what_a_filter_takes_out_is_named_with_its_reason():
    taken = Excluded(ObjectKind.FUNCTION, ("public", "similarity"), "owned by extension pg_trgm")
    environment = make.an_environment(
        "prod",
        filter=Filter(FilterMode.EXCLUDE_EXTENSIONS, chosen=True),
        ignore=(Ignore("table:public.tmp_*", "loader"),),
    )
    files = written(
        before=make.a_snapshot(
            SchemaObject(taken.kind, taken.name, (("extension", "pg_trgm"),)),
            SchemaObject(ObjectKind.TABLE, ("public", "tmp_load"), ()),
        ),
        examination=make.an_examination(excluded=(taken,)),
        environment=environment,
    )
    text = files["02-extension-exclusion.md"]
    assert "function `public.similarity`: owned by extension pg_trgm" in text
    assert "ignored `table:public.tmp_*`: loader" in text
    snapshot = json.loads(files["artifacts/schema_snapshot.json"])
    assert [item["name"] for item in snapshot["excluded"]] == [["public", "similarity"], ["public", "tmp_load"]]
    assert {"similarity", "tmp_load"}.isdisjoint(item["name"][-1] for item in snapshot["objects"])


def test_a_rollout_that_failed_leaves_evidence_too():
    files = written(rollout=make.a_rollout(RolloutState.FAILED, outcome="lock timeout"), after=None, sheet=())
    assert "FAILED" in files["03-execution-log.md"]
    assert "NOT APPLIED" in files["04-post-verify.md"]
    assert "- [ ] Live schema is what was rehearsed" in files["04-post-verify.md"]
    assert "artifacts/schema_snapshot_after.json" not in files


def test_a_row_of_the_sheet_that_is_not_good_is_seen():
    row = SheetRow(question="Tool's own status", expected="b", found="a", good=False)
    files = written(rollout=make.a_rollout(RolloutState.PARTIAL), sheet=(row,))
    assert "| Tool's own status | b | a | ⛔ |" in files["04-post-verify.md"]


def test_the_log_counts_what_ran_against_what_was_approved():
    assert (
        "Statements approved 4 (2 of them bookkeeping), run 4, not run 0, not in the plan 0."
        in written()["03-execution-log.md"]
    )
    half = make.some_steps()[:5]
    assert "run 2, not run 2" in written(steps=half)["03-execution-log.md"]
    strange = (*make.some_steps(), Step(at="2026-11-20T15:05:36Z", command="DROP TABLE x", result="ok", statement=3))
    assert "not in the plan 1" in written(steps=strange)["03-execution-log.md"]


def test_a_try_that_failed_stays_in_the_log():
    failed = Step(
        at="2026-11-20T15:04:45Z", command="ROLLBACK", result="lock timeout at try 1 of 5, rolled back; trying again"
    )
    assert "lock timeout at try 1 of 5" in written(steps=(failed, *make.some_steps()))["03-execution-log.md"]


def test_words_ids_and_exceptions_of_an_approval_are_kept():
    words = ApprovalWords(
        environment="prod", code="c19a6f2", allow_destructive=True, accept_risk="a copy exists", accept=("drift-1",)
    )
    text = written(approvals=(make.an_approval(words=words),))["03-execution-log.md"]
    assert "bob (GitHub id 1180231)" in text
    assert "comment 2491180032" in text
    assert "destructive statements allowed; risk accepted: a copy exists; accepted as it is: drift-1" in text


def test_an_approval_by_the_author_is_said():
    text = written(approvals=(make.an_approval(by=make.a_person("dana", 99120)),))["03-execution-log.md"]
    assert "**approved by its author**: dana" in text


def test_an_approval_after_the_first_write_leaves_its_box_open():
    late = make.an_approval(at="2026-11-20T15:05:00Z")
    assert "- [ ] Approval before the first write" in written(approvals=(late,))["04-post-verify.md"]


def test_an_approval_in_the_second_of_the_first_write_is_not_taken_for_late():
    start = make.a_rollout(started_at="2026-11-20T15:04:41.204Z")
    assert "- [x] Approval before the first write" in written(rollout=start)["04-post-verify.md"]


def test_what_was_not_shown_before_the_approval_leaves_its_box_open():
    assert "- [ ] Difference shown" in written(published_at="2026-11-20T15:04:43.000Z")["04-post-verify.md"]
    assert "- [ ] Difference shown" in written(published_at="")["04-post-verify.md"]


def test_no_test_of_a_backup_is_denied_where_none_is_stated():
    environment = make.an_environment("prod", backup_statement="")
    assert "not tested by schemagate" not in written(environment=environment)["03-execution-log.md"]


def test_artifacts_are_json_and_sql():
    files = written()
    for name in ("approval", "diff", "drift", "plan", "schema_snapshot", "schema_snapshot_after"):
        json.loads(files[f"artifacts/{name}.json"])
    steps = [json.loads(line) for line in files["artifacts/execution.jsonl"].splitlines()]
    assert len(steps) == len(make.some_steps())
    assert files["artifacts/plan.sql"].count(";\n") == 4


def test_no_password_gets_into_any_file():
    secret = "postgresql://u:hunter22@db/shop"
    steps = (Step(at="2026-11-20T15:04:45Z", command=f"-- {secret}", result=secret),)
    files = written(
        preflight=make.a_preflight(connection=secret, blockers=(secret,)),
        plan=make.a_plan((make.a_statement(f"SELECT '{secret}'", f"Read {secret}"),)),
        examination=make.an_examination(notes=(secret,)),
        steps=steps,
        rollout=make.a_rollout(outcome=secret),
        title=secret,
        confirmed=secret,
    )
    assert [name for name, text in files.items() if "hunter22" in text] == []


def test_a_secret_that_never_ends_cuts_nothing_but_itself():
    endless = "-----BEGIN RSA PRIVATE KEY-----abcdef"
    files = dict(
        workdocs(
            make.some_workdocs(title=endless, plan=make.a_plan((make.a_statement(endless),)), previous="none"), signed
        ).files
    )
    assert audit.verify(files, lambda *_: True).exit_code == 0
    assert "abcdef" not in "".join(files.values())


@pytest.mark.parametrize(
    "name",
    [
        "00-connection-check.md",
        "01-schema-drift-report.md",
        "02-migration-plan.md",
        "03-execution-log.md",
        "04-post-verify.md",
    ],
)
def test_hostile_names_stay_names(name):
    files = written(
        plan=make.a_plan((hostile_statement(),)),
        preflight=make.a_preflight(database=HOSTILE, server=HOSTILE, extensions=((HOSTILE, HOSTILE, HOSTILE),)),
        examination=make.an_examination(undeclared=(HOSTILE,), notes=(HOSTILE,)),
        steps=(Step(at="2026-11-20T15:04:45Z", command=HOSTILE, result=HOSTILE),),
        title=HOSTILE,
        confirmed=HOSTILE,
        stated_backup=HOSTILE,
        other_checks=((HOSTILE, HOSTILE, 1),),
    )
    assert not re.search(r"@team|https://evil", words(files[name]))
    assert html_of(files[name]) == []
    assert "\u202e" not in files[name]


def test_a_hostile_command_cannot_forge_a_line_of_the_seal():
    forged = f"x\n{'0' * 64}  00-connection-check.md\nChain `t` · number 1 · previous section `none`\n\nSection sha256 `{'0' * 64}`\n"
    rollout = make.a_rollout(outcome=forged)
    steps = (Step(at="2026-11-20T15:04:45Z", command=forged, result=forged),)
    result = whole(rollout=rollout, steps=steps, title=forged, confirmed=forged, previous="none")
    assert (result.altered, result.exit_code) == ((), 0)


def test_a_connection_check_stands_alone():
    text = connection_check(make.a_preflight(superfluous=("CREATEDB",), pooled=True, read_only_proven=False))
    assert text.startswith("# Connection check\n")
    assert "⚠️ not needed for reading: CREATEDB" in text
    assert "| Read-only proven | **no** |" in text
    assert "cannot run" not in text
    assert "- ⚠️ ghost is no account" in connection_check(make.a_preflight(limits=("ghost is no account",)))


def test_differences_are_listed_for_a_terminal():
    changes = make.a_plan().body.effect
    assert (
        diff_text(changes)
        == "+ column public.orders.delivery_note\n+ index public.orders.ix_orders_customer_id\n2 differences\n"
    )
    assert diff_text(()) == "0 differences\n"
    assert diff_text(changes, DiffFormat.MARKDOWN).startswith("- added column `public.orders.delivery_note`\n")
