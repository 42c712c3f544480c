"""What a Queue does; a test module gives the fixtures `queue` and `waits` (the messages that wait, by job id)."""

from __future__ import annotations

import pytest

from workers.messages import PlanPull, Reconcile, Triage

TRIAGE = Triage(repository=7, pull=3, head="a" * 40, delivery="guid-1")


class QueueContract:
    def test_a_message_waits_under_its_job_id(self, queue, waits):
        queue.send(TRIAGE, "guid-1-0")
        assert waits() == {"guid-1-0": TRIAGE}

    def test_the_same_job_id_is_queued_once(self, queue, waits):
        for message in (TRIAGE, TRIAGE, Reconcile()):
            queue.send(message, "guid-1-0")
        assert waits() == {"guid-1-0": TRIAGE}

    def test_without_a_job_id_the_same_message_waits_once(self, queue, waits):
        for pull in (3, 3, 4):
            queue.send(PlanPull(repository=7, pull=pull))
        assert sorted(message.pull for message in waits().values()) == [3, 4]

    def test_a_job_id_sends_what_waits_without_one_as_well(self, queue, waits):
        queue.send(TRIAGE)
        queue.send(TRIAGE, "guid-1-0")
        assert list(waits().values()) == [TRIAGE, TRIAGE]

    def test_a_delayed_message_does_not_wait_yet(self, queue, waits):
        queue.send(TRIAGE, "guid-1-0", delay=60)
        queue.send(TRIAGE, delay=60)
        assert waits() == {}

    def test_nothing_is_rescued_where_nobody_died(self, queue):
        queue.send(TRIAGE, "guid-1-0")
        assert queue.rescue() == 0

    def test_it_says_that_it_is_there(self, queue):
        assert queue.ready()

    @pytest.mark.parametrize("job_id", ["a b", "../x", "a:b", "ü"])
    def test_an_odd_job_id_is_a_bug(self, queue, job_id):
        with pytest.raises(ValueError, match="ID"):
            queue.send(TRIAGE, job_id)
