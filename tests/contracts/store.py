"""What a Store does, wherever it keeps its rows.

A test module gives the fixtures `clock`, `store`, `another` (opens the same state once more) and `heard_push`."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.fakes.store import a_key, a_plan
from workers.core.approval import Approval, ApprovalWords, Person, Role
from workers.core.errors import ExpectedError
from workers.core.refusals import RefusalCode
from workers.core.rollout import RolloutState, Step, advance
from workers.ports import Evidence, PullMemory, Rejection, Repository, SeenPush

TARGET = "postgresql:server-1:shop"


def an_approval(digest: str, comment: int = 50, **fields) -> Approval:
    defaults = Approval(
        digest=digest,
        by=Person(id=11, login="alice", role=Role.WRITE, teams=("acme/dba",), looked_up="2026-11-20T10:00:00Z"),
        words=ApprovalWords(environment="prod", code="c000001", accept=("drift-1",)),
        comment=comment,
        body_hash="h",
        text="/approve prod c000001",
        at="2026-11-20T10:00:00Z",
    )
    return replace(defaults, **fields)


def _within(seconds: float, true: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.01)
    return true()


class StoreContract:
    # pulls

    def test_how_far_comments_were_read_is_remembered_of_a_known_repository(self, store, another):
        shop = Repository(id=7, full_name="acme/shop", default_branch="main", installation=1)
        assert store.comments_read(7) == ""
        store.remember_repository(shop)
        store.note_comments_read(7, "2026-11-20T10:00:00Z")
        store.remember_repository(replace(shop, full_name="acme/store"))
        assert another().comments_read(7) == "2026-11-20T10:00:00Z"

    def test_wishes_to_plan_are_counted(self, store):
        assert [store.want_plan(7, 3), store.want_plan(7, 3), store.want_plan(7, 4)] == [1, 2, 1]

    def test_one_job_at_a_time_plans_a_pull(self, store):
        store.want_plan(7, 3)
        with store.take_plan(7, 3, "job-1", 60) as first, store.take_plan(7, 3, "job-2", 60) as second:
            assert (first, second) == (1, None)
        with store.take_plan(7, 3, "job-2", 60) as counter:
            assert counter == 1

    def test_a_lease_is_given_back_even_when_the_work_fails(self, store):
        with pytest.raises(RuntimeError), store.take_plan(7, 3, "job-1", 60):
            raise RuntimeError
        with store.take_plan(7, 3, "job-2", 60) as counter:
            assert counter == 0

    def test_the_lease_of_a_dead_job_runs_out(self, store, clock):
        lease = store.take_plan(7, 3, "job-1", 60)
        lease.__enter__()
        clock.go_on(61)
        with store.take_plan(7, 3, "job-2", 60) as counter:
            assert counter == 0
            lease.__exit__(None, None, None)
            with store.take_plan(7, 3, "job-3", 60) as third:
                assert third is None

    def test_a_living_job_renews_its_lease(self, store, another, clock):
        store.want_plan(7, 3)
        watching = another()
        with store.take_plan(7, 3, "job-1", 0.3):
            for _ in range(2):
                clock.go_on(10)
                assert _within(10, lambda: watching.unplanned(7) == ())
        assert watching.unplanned(7) == (3,)

    def test_what_was_wanted_while_planning_is_noticed(self, store):
        first = store.want_plan(7, 3)
        store.want_plan(7, 3)
        assert not store.planned(7, 3, first)
        assert store.planned(7, 3, first + 1)

    def test_wishes_that_nobody_is_at_work_on_are_found(self, store, clock):
        for number in (3, 4, 5, 6):
            store.want_plan(7, number)
        store.planned(7, 4, 1)
        store.remember_pull(PullMemory(repository=7, number=5, closed=True))
        with store.take_plan(7, 6, "job-1", 60):
            assert store.unplanned(7) == (3,)
            clock.go_on(61)
            assert store.unplanned(7) == (3, 6)

    def test_a_pull_is_remembered(self, store):
        assert store.pull(7, 3) == PullMemory(repository=7, number=3)
        rejection = Rejection(module="shop", environment="prod", by="bob", why="größer")
        memory = PullMemory(repository=7, number=3, report_comment=9, report_hash="h", rejections=(rejection,))
        store.want_plan(7, 3)
        store.remember_pull(memory)
        assert store.pull(7, 3) == memory
        assert store.want_plan(7, 3) == 2

    def test_closed_pulls_are_not_listed(self, store):
        for number in (4, 3, 5):
            store.remember_pull(PullMemory(repository=7, number=number, closed=number == 5))
        store.want_plan(7, 6)
        assert [memory.number for memory in store.pulls(7)] == [3, 4]

    def test_a_repository_is_pinned_by_its_id(self, store):
        shop = Repository(id=7, full_name="acme/shop", default_branch="main")
        store.remember_repository(shop)
        store.remember_repository(shop)
        store.remember_repository(replace(shop, full_name="acme/store"))
        store.remember_repository(replace(shop, id=8))
        with pytest.raises(ExpectedError) as caught:
            store.remember_repository(replace(shop, id=9))
        assert caught.value.code is RefusalCode.REPOSITORY_CHANGED
        assert store.repositories() == (7, 8)

    def test_commits_of_ours_are_known(self, store):
        store.remember_commit(7, "c" * 40)
        store.remember_commit(7, "c" * 40)
        assert store.our_commit(7, "c" * 40)
        assert not store.our_commit(8, "c" * 40)

    def test_the_latest_report_is_kept(self, store):
        assert store.view(7, 3, "shop", "prod") is None
        store.keep_view(7, 3, "shop", "prod", "{}")
        store.keep_view(7, 3, "shop", "prod", '{"a": 1}')
        assert store.view(7, 3, "shop", "prod") == '{"a": 1}'

    def test_nobody_pushed_where_nothing_was_heard(self, store):
        assert store.pushes(7, "refs/heads/feature") == ()

    def test_pushes_are_known_by_their_branch(self, store, heard_push):
        heard_push("guid-1", "refs/heads/feature", "1" * 40, "2" * 40, 12)
        heard_push("guid-2", "refs/heads/other", "1" * 40, "3" * 40, 12)
        heard_push("guid-3", "refs/heads/feature", "2" * 40, "4" * 40, 11)
        assert store.pushes(7, "refs/heads/feature") == (
            SeenPush(sha="2" * 40, before="1" * 40, sender=12, sender_login="user12"),
            SeenPush(sha="4" * 40, before="2" * 40, sender=11, sender_login="user11"),
        )

    def test_a_push_that_two_events_tell_of_is_one(self, store, heard_push):
        for guid in ("guid-1", "guid-2"):
            heard_push(guid, "refs/heads/feature", "1" * 40, "2" * 40, 12)
        assert len(store.pushes(7, "refs/heads/feature")) == 1

    # plans

    def test_a_plan_comes_back_as_it_was(self, store, clock):
        plan = a_plan()
        stored = store.keep_plan(plan, clock.code)
        assert stored.plan == plan
        assert (stored.code, stored.shown, stored.retired) == ("c000001", False, False)
        assert store.plan(plan.digest) == stored == store.find_plan(plan.key)

    def test_an_unknown_plan_is_none(self, store):
        assert store.plan("0" * 64) is None
        assert store.find_plan(a_key()) is None

    def test_the_same_digest_keeps_its_code_and_takes_the_new_commits(self, store, clock):
        store.keep_plan(a_plan(), clock.code)
        again = store.keep_plan(a_plan(head="e" * 40), clock.code)
        assert (again.code, again.plan.head) == ("c000001", "e" * 40)
        assert store.plan(again.plan.digest).plan.head == "e" * 40

    def test_a_code_is_never_given_twice_in_a_pull(self, store):
        drawn = iter(["same000", "same000", "same000", "other00"])
        first = store.keep_plan(a_plan(), lambda: next(drawn))
        second = store.keep_plan(a_plan(live="moved"), lambda: next(drawn))
        assert (first.code, second.code) == ("same000", "other00")

    def test_another_pull_may_draw_the_same_code(self, store):
        codes = [store.keep_plan(a_plan(pull=pull), lambda: "same000").code for pull in (3, 4)]
        assert codes == ["same000", "same000"]

    def test_plans_of_an_environment_come_newest_first(self, store, clock):
        for live in ("one", "two"):
            store.keep_plan(a_plan(live=live), clock.code)
        store.keep_plan(a_plan(environment="staging"), clock.code)
        assert [item.plan.key.live for item in store.plans(7, 3, "shop", "prod")] == ["two", "one"]

    def test_shown_codes_are_counted_once_each(self, store, clock):
        first, second = (store.keep_plan(a_plan(live=live), clock.code).plan.digest for live in ("one", "two"))
        assert store.codes_shown(7, 3, "prod") == 0
        for digest in (first, first, second):
            store.mark_shown(digest)
        assert store.codes_shown(7, 3, "prod") == 2
        assert store.codes_shown(7, 3, "staging") == 0
        assert store.plan(first).shown

    def test_retired_codes_count_no_more_and_are_followed_by_new_ones(self, store, clock):
        plan = a_plan()
        store.keep_plan(plan, clock.code)
        store.mark_shown(plan.digest)
        store.retire_codes(7, 3)
        assert store.plan(plan.digest).retired
        renewed = store.keep_plan(plan, clock.code)
        assert (renewed.code, renewed.shown, renewed.retired) == ("c000002", False, False)
        assert [item.code for item in store.plans(7, 3, "shop", "prod")] == ["c000002"]
        store.mark_shown(plan.digest)
        assert store.codes_shown(7, 3, "prod") == 2

    def test_codes_of_another_pull_are_not_retired(self, store, clock):
        plan = store.keep_plan(a_plan(pull=4), clock.code).plan
        store.retire_codes(7, 3)
        assert not store.plan(plan.digest).retired

    # approvals

    def test_a_command_line_counts_once_ever(self, store):
        assert store.count_command(5, 1, "guid-1")
        assert not store.count_command(5, 1, "guid-2")
        assert store.count_command(5, 2, "guid-2")

    def test_the_job_of_a_counted_command_may_run_again(self, store):
        assert store.count_command(5, 1, "guid-1")
        assert store.count_command(5, 1, "guid-1")

    def test_an_approval_comes_back_as_it_was(self, store):
        approval = an_approval("d" * 64)
        store.keep_approval(7, 3, approval)
        assert store.approvals("d" * 64) == (approval,) == store.approvals_by_comment(50)
        assert store.approvals("e" * 64) == ()

    def test_approvals_come_oldest_first_with_the_revoked_ones(self, store):
        for comment in (51, 50):
            store.keep_approval(7, 3, an_approval("d" * 64, comment))
        store.revoke("d" * 64, 51, "the comment was edited")
        assert [(item.comment, item.revoked) for item in store.approvals("d" * 64)] == [
            (51, "the comment was edited"),
            (50, ""),
        ]

    def test_a_revoked_approval_stays_revoked_for_its_first_reason(self, store):
        store.keep_approval(7, 3, an_approval("d" * 64))
        store.revoke("d" * 64, 50, "edited")
        store.revoke("d" * 64, 50, "deleted")
        store.keep_approval(7, 3, an_approval("d" * 64))
        assert [item.revoked for item in store.approvals("d" * 64)] == ["edited"]

    def test_quiet_refusals_come_newest_first(self, store, clock):
        for text in ("one", "two"):
            store.note_refusal(7, 3, "prod", text)
            clock.go_on(1)
        assert [(environment, text) for _, environment, text in store.refusals(7, 3)] == [
            ("prod", "two"),
            ("prod", "one"),
        ]
        assert store.refusals(7, 4) == ()

    # rollouts

    def started(self, store, clock, **fields):
        return store.start_rollout(store.keep_plan(a_plan(**fields), clock.code).plan.digest, TARGET)

    def test_rollouts_of_a_database_are_numbered(self, store, clock):
        first, second = (self.started(store, clock, live=live) for live in ("one", "two"))
        other = store.start_rollout(store.keep_plan(a_plan(live="three"), clock.code).plan.digest, "elsewhere")
        assert [first.sequence, second.sequence, other.sequence] == [1, 2, 1]
        assert (first.state, first.environment, first.pull) == (RolloutState.APPROVED, "prod", 3)
        assert store.rollout(first.id) == first
        assert store.rollouts(7, 3) == (first, second, other)
        assert store.rollout(999) is None

    def test_a_plan_has_one_open_rollout(self, store, clock):
        rollout = self.started(store, clock)
        with pytest.raises(ExpectedError) as caught:
            store.start_rollout(rollout.digest, TARGET)
        assert caught.value.code is RefusalCode.APPLY_IN_PROGRESS
        store.save_rollout(advance(rollout, RolloutState.FAILED))
        assert store.start_rollout(rollout.digest, TARGET).sequence == 2

    def test_a_rollout_without_a_plan_is_a_bug(self, store):
        with pytest.raises(LookupError):
            store.start_rollout("0" * 64, TARGET)

    def test_of_two_workers_that_start_the_same_rollout_one_wins(self, store, clock, another):
        digest = store.keep_plan(a_plan(), clock.code).plan.digest

        def start(_):
            try:
                return another().start_rollout(digest, TARGET).sequence
            except ExpectedError as error:
                return error.code

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(start, range(4)))
        assert sorted(map(str, results)) == ["1", *["apply_in_progress"] * 3]

    def test_workers_that_start_different_rollouts_of_a_database_get_a_number_each(self, store, clock, another):
        digests = [store.keep_plan(a_plan(live=str(number)), clock.code).plan.digest for number in range(4)]
        with ThreadPoolExecutor(4) as pool:
            numbers = list(pool.map(lambda digest: another().start_rollout(digest, TARGET).sequence, digests))
        assert sorted(numbers) == [1, 2, 3, 4]

    def test_a_rollout_follows_the_table_of_states(self, store, clock):
        rollout = self.started(store, clock)
        applying = replace(advance(rollout, RolloutState.APPLYING), fence=4, started_at="now")
        store.save_rollout(applying)
        store.save_rollout(replace(applying, outcome="going on"))
        assert store.rollout(rollout.id) == replace(applying, outcome="going on")
        with pytest.raises(ValueError, match="cannot become"):
            store.save_rollout(replace(applying, state=RolloutState.APPROVED))

    def test_a_worker_whose_hold_was_taken_over_saves_nothing(self, store, clock):
        rollout = self.started(store, clock)
        store.save_rollout(replace(rollout, fence=2))
        with pytest.raises(ValueError, match="newer holder"):
            store.save_rollout(replace(rollout, fence=1, outcome="late"))

    def test_unfinished_are_open_rollouts_and_those_whose_end_was_not_told(self, store, clock):
        opened, failed, committed, dropped, told = (self.started(store, clock, live=live) for live in "abcde")
        store.save_rollout(advance(failed, RolloutState.FAILED))
        store.save_rollout(replace(advance(committed, RolloutState.FAILED), workdocs_commit="c" * 40))
        store.save_rollout(advance(dropped, RolloutState.SUPERSEDED))
        store.save_rollout(replace(advance(told, RolloutState.FAILED), workdocs_commit="d" * 40))
        store.keep_document(told.id, "told", "2026-11-20T10:00:00Z")
        assert [item.id for item in store.unfinished()] == [opened.id, failed.id, committed.id]

    def test_the_open_pulls_with_a_plan_that_was_not_applied_are_known(self, store, clock):
        self.started(store, clock, pull=3)
        for pull, live in ((4, "d"), (5, "e")):
            store.keep_plan(a_plan(pull=pull, live=live), clock.code)
        store.remember_pull(PullMemory(repository=7, number=5, closed=True))
        assert store.pulls_with_plans(7, "shop", "prod") == (3, 4)
        assert store.pulls_with_plans(7, "shop", "staging") == ()
        applied = self.started(store, clock, pull=4, live="f")
        for state in (RolloutState.APPLYING, RolloutState.VERIFYING, RolloutState.APPLIED):
            applied = advance(applied, state)
            store.save_rollout(applied)
        assert store.pulls_with_plans(7, "shop", "prod") == (3,)

    def test_rollouts_of_a_database_are_found_by_state(self, store, clock):
        first, second = (self.started(store, clock, live=live) for live in "ab")
        store.save_rollout(advance(first, RolloutState.FAILED))
        assert [item.id for item in store.rollouts_of_target(TARGET, RolloutState.APPROVED)] == [second.id]
        assert store.rollouts_of_target("elsewhere", RolloutState.APPROVED) == ()

    def test_the_journal_keeps_its_order(self, store, clock, another):
        rollout = self.started(store, clock)
        written = (
            Step(at="1", command="BEGIN", result="ok"),
            Step(at="2", command="ALTER TABLE größer", result="ok", statement=0, seconds=0.25),
        )
        for step in written:
            store.journal(rollout.id, step)
            assert another().steps(rollout.id)[-1] == step
        assert store.steps(rollout.id) == written

    # holds

    def test_a_target_has_one_holder(self, store):
        hold = store.take_hold(TARGET, 1, 3, "applying")
        assert (hold.rollout, hold.pull, hold.reason) == (1, 3, "applying")
        assert store.take_hold(TARGET, 2, 4, "applying") is None
        assert store.hold(TARGET) == hold
        assert store.take_hold("elsewhere", 2, 4, "applying") is not None
        taken_over = store.take_hold(TARGET, 2, 4, "its continuation", instead_of=1)
        assert (taken_over.rollout, taken_over.fence) == (2, hold.fence + 1)
        assert store.take_hold(TARGET, 1, 3, "applying", instead_of=7) is None

    def test_every_claim_raises_the_fence(self, store):
        first = store.take_hold(TARGET, 1, 3, "applying")
        again = store.take_hold(TARGET, 1, 3, "after a crash")
        store.release_hold(TARGET, again.fence)
        later = store.take_hold(TARGET, 2, 4, "applying")
        assert first.fence < again.fence < later.fence

    def test_a_released_target_is_free(self, store):
        store.release_hold(TARGET, store.take_hold(TARGET, 1, 3, "applying").fence)
        assert store.hold(TARGET) is None
        assert store.take_hold(TARGET, 2, 4, "applying") is not None

    def test_a_late_release_leaves_the_newer_holder_alone(self, store):
        old = store.take_hold(TARGET, 1, 3, "applying")
        new = store.take_hold(TARGET, 1, 3, "after a crash")
        store.release_hold(TARGET, old.fence)
        assert store.hold(TARGET) == new

    def test_of_many_workers_one_gets_the_target(self, store, another):
        with ThreadPoolExecutor(4) as pool:
            holds = list(pool.map(lambda rollout: another().take_hold(TARGET, rollout, 3, "r"), range(1, 5)))
        assert len([hold for hold in holds if hold]) == 1

    # evidence

    def link(self, sequence: int, previous: str, section: str) -> Evidence:
        return Evidence(target=TARGET, sequence=sequence, rollout=sequence, section=section, previous=previous)

    def test_evidence_is_a_chain(self, store):
        assert store.last_evidence(TARGET) is None
        store.append_evidence(self.link(1, "", "s1"))
        store.append_evidence(self.link(3, "s1", "s3"))
        assert store.last_evidence(TARGET) == self.link(3, "s1", "s3")

    def test_the_same_link_again_changes_nothing(self, store):
        for _ in range(2):
            store.append_evidence(self.link(1, "", "s1"))
        assert store.last_evidence(TARGET) == self.link(1, "", "s1")

    @pytest.mark.parametrize(("sequence", "previous"), [(2, "other"), (1, "s1"), (1, "")])
    def test_a_link_that_does_not_follow_is_refused(self, store, sequence, previous):
        store.append_evidence(self.link(1, "", "s1"))
        with pytest.raises(ValueError, match="does not follow"):
            store.append_evidence(self.link(sequence, previous, "sx"))

    def test_documents_wait_for_their_commit(self, store, clock):
        rollout = self.started(store, clock)
        for text in ("old", "new"):
            store.keep_document(rollout.id, "plan.json", text)
        store.keep_document(rollout.id, "a.md", "größer")
        assert store.documents(rollout.id) == (("a.md", "größer"), ("plan.json", "new"))
