"""Who may approve, and what an approval does."""

from __future__ import annotations

import pytest

from tests.story.ground import OpenShop
from tests.story.shop import add_column, drop_column, insert_row, shop_config
from workers.messages import ApplyPlan


def test_the_offered_line_runs_exactly_that_plan_and_a_second_time_it_is_refused(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    line, before = house.offered(pull), shop.prod.text()
    assert "Ready for prod" in house.report(pull).splitlines()[0]
    assert house.check(pull).conclusion == "action_required"
    asked = house.say(pull, "bob", line)
    assert house.reactions(asked)
    assert shop.prod.columns() == ["id", "customer_id", "note", "delivery"]
    assert shop.prod.text() != before
    (answer,) = house.answers(pull)
    assert answer.startswith("✅ **prod applied and verified**")
    assert "approved by bob" in answer
    assert "Applied on prod" in house.report(pull).splitlines()[0]
    assert house.check(pull).conclusion == "success"
    after = shop.prod.text()
    house.say(pull, "bob", line)
    assert "already_applied" in house.answers(pull)[-1]
    assert shop.prod.text() == after
    assert house.jobs().count("ApplyPlan") == 1


def test_a_plain_approval_counts_where_one_plan_was_shown_and_it_only_adds(open_shop: OpenShop):
    shop = open_shop()
    pull = shop.house.open_pull(add_column())
    shop.house.say(pull, "bob", "/approve prod")
    assert "delivery" in shop.prod.columns()
    assert "applied and verified" in shop.house.answers(pull)[-1]


def test_a_plain_approval_wants_the_code_where_the_plan_does_more_than_add(open_shop: OpenShop):
    shop = open_shop()
    pull, before = shop.house.open_pull(insert_row()), shop.prod.text()
    shop.house.say(pull, "bob", "/approve prod")
    (answer,) = shop.house.answers(pull)
    assert "plan_code_required" in answer
    assert shop.house.offered(pull) in answer
    assert shop.prod.text() == before
    shop.house.say(pull, "bob", shop.house.offered(pull))
    assert "house@example.com" in shop.prod.text()


@pytest.mark.acceptance
def test_two_approvals_are_two_people(open_shop: OpenShop):
    shop = open_shop(shop_config(prod="approvals: 2"))
    house = shop.house
    pull, before = house.open_pull(add_column()), shop.prod.text()
    line = house.offered(pull)
    house.say(pull, "bob", line)
    assert "1 approval given, 1 to go. Paste:" in house.report(pull)
    house.say(pull, "bob", line)
    assert "1 approval given, 1 to go. Paste:" in house.report(pull)
    assert house.answers(pull) == []
    assert shop.prod.text() == before
    house.say(pull, "grace", line)
    assert "approved by bob and grace" in house.answers(pull)[-1]
    assert "delivery" in shop.prod.columns()


@pytest.mark.acceptance
def test_a_clean_merge_excludes_nobody_and_one_that_holds_more_its_author(open_shop: OpenShop):
    shop = open_shop()
    house, world = shop.house, shop.house.world
    pull = house.open_pull(add_column())
    world.push(house.repo, house.people["carol"], "main", {"README.md": "# more\n"})
    world.merge_branch(house.repo, house.people["bob"], "change", "main")
    house.settle()
    assert "bob" not in house.report(pull).split("May not approve")[1].splitlines()[0]
    world.push(house.repo, house.people["carol"], "main", {"README.md": "# even more\n"})
    alice, grace = house.people["alice"], house.people["grace"]
    world.merge_branch(house.repo, alice, "change", "main", dict(add_column("parcel")), author=grace)
    house.settle()
    refused = house.report(pull).split("May not approve")[1].splitlines()[0]
    assert "grace" in refused
    assert "bob" not in refused
    comment = house.say(pull, "grace", house.offered(pull))
    assert house.reactions(comment) == ["-1"]
    house.say(pull, "bob", house.offered(pull))
    assert shop.prod.columns()[-1] == "parcel"


@pytest.mark.acceptance
def test_an_approval_that_is_too_old_counts_no_more_and_the_others_stay(open_shop: OpenShop):
    shop = open_shop(shop_config(prod="approvals: 2, approval_expires: 1h"))
    house = shop.house
    pull, before = house.open_pull(add_column()), shop.prod.text()
    line = house.offered(pull)
    house.say(pull, "bob", line)
    house.clock.moved += 7200
    house.say(pull, "dave", "/status")
    assert "approval_expired" in house.answers(pull)[-1]
    house.say(pull, "grace", line)
    assert "1 approval given, 1 to go. Paste:" in house.report(pull)
    assert shop.prod.text() == before
    house.say(pull, "bob", line)
    assert "applied and verified" in house.answers(pull)[-1]


@pytest.mark.acceptance
def test_an_apply_that_starts_too_late_is_void(open_shop: OpenShop):
    shop = open_shop(shop_config(prod="approval_expires: 1h"))
    house = shop.house
    pull, before = house.open_pull(add_column()), shop.prod.text()
    house.say(pull, "bob", house.offered(pull), until=ApplyPlan)
    house.clock.moved += 7200
    house.settle()
    assert "approval_expired" in house.answers(pull)[-1]
    assert shop.prod.text() == before


def test_outside_its_hours_nothing_is_applied_and_nothing_fires_later(open_shop: OpenShop):
    shop = open_shop(shop_config(prod='apply_hours: "Mon-Fri 09:00-16:00 Europe/Berlin"'))
    house = shop.house
    pull, before = house.open_pull(add_column()), shop.prod.text()
    line = f"/approve prod {house.any_code(pull)}"
    house.wait_until("2027-03-06T12:00:00+01:00")  # a Saturday
    house.say(pull, "bob", line)
    assert "outside_hours" in house.answers(pull)[-1]
    house.wait_until("2027-03-08T12:00:00+01:00")
    house.say(pull, "bob", "/plan")
    assert shop.prod.text() == before
    house.say(pull, "bob", line)
    assert "applied and verified" in house.answers(pull)[-1]


def test_a_solo_developer_gets_to_production_and_the_evidence_says_so(open_shop: OpenShop):
    shop = open_shop(shop_config(prod='approvers: ["@alice"], author_may_approve: true'))
    house = shop.house
    pull = house.open_pull(add_column())
    house.say(pull, "alice", house.offered(pull))
    assert "delivery" in shop.prod.columns()
    log = house.evidence(pull, "03-execution-log.md")
    assert "approved by its author" in log
    assert "alice" in log


def test_a_team_approves_by_its_members_and_not_by_those_who_were_only_invited(open_shop: OpenShop):
    shop = open_shop(shop_config(prod='approvers: ["acme/dba"]'))
    house, world = shop.house, shop.house.world
    team = world.create_team(house.people["acme"], "dba", members=[house.people["grace"]])
    world.add_team_member(team, house.people["bob"], state="pending")
    pull, before = house.open_pull(add_column()), shop.prod.text()
    line = house.offered(pull)
    house.say(pull, "bob", line)
    assert house.answers(pull) == []
    assert shop.prod.text() == before
    house.say(pull, "bob", "/status")
    assert "bob: /approve prod" in house.answers(pull)[-1]
    assert "not_authorised" in house.answers(pull)[-1]
    house.say(pull, "grace", line)
    assert "approved by grace" in house.answers(pull)[-1]
    assert "delivery" in shop.prod.columns()


@pytest.mark.acceptance
def test_a_role_approves_by_everybody_who_has_it_or_a_stronger_one(open_shop: OpenShop):
    shop = open_shop(shop_config(prod='approvers: ["role:maintain"]'))
    house = shop.house
    pull, before = house.open_pull(add_column()), shop.prod.text()
    line = house.offered(pull)
    house.say(pull, "grace", line)
    assert house.answers(pull) == []
    assert shop.prod.text() == before
    house.say(pull, "carol", line)
    assert "approved by carol" in house.answers(pull)[-1]


def test_what_destroys_needs_its_own_words(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    shop.prod.run("INSERT INTO customers VALUES (1, 'a@example.com'); INSERT INTO orders VALUES (1, 1, 'ring twice')")
    pull, before = house.open_pull(drop_column()), shop.prod.text()
    code = house.code(pull)
    assert house.offered(pull) == f'/approve prod {code} --allow-destructive --backup "…"'
    for words, missing in (
        ("", {"destructive_not_allowed", "backup_not_confirmed"}),
        (" --allow-destructive", {"backup_not_confirmed"}),
        (' --backup "nightly of 22 November"', {"destructive_not_allowed"}),
    ):
        house.say(pull, "bob", f"/approve prod {code}{words}")
        answer = house.answers(pull)[-1]
        assert {item for item in ("destructive_not_allowed", "backup_not_confirmed") if item in answer} == missing
        assert f"/approve prod {code} --allow-destructive" in answer
    house.say(pull, "bob", house.offered(pull))
    assert "command_malformed" in house.answers(pull)[-1]
    assert shop.prod.text() == before
    house.say(pull, "bob", f'/approve prod {code} --allow-destructive --accept-risk "notes were moved to the CRM"')
    assert "applied and verified" in house.answers(pull)[-1]
    assert "note" not in shop.prod.columns()
    assert "notes were moved to the CRM" in house.evidence(pull, "03-execution-log.md")


@pytest.mark.acceptance
def test_two_people_approve_what_destroys_after_one_of_them_forgot_the_words(open_shop: OpenShop):
    shop = open_shop(shop_config(prod="approvals: 2"))
    house = shop.house
    pull = house.open_pull(drop_column())
    code = house.code(pull)
    house.say(pull, "bob", f"/approve prod {code}")
    assert "destructive_not_allowed" in house.answers(pull)[-1]
    house.say(pull, "bob", f'/approve prod {code} --allow-destructive --backup "nightly"')
    assert len(house.answers(pull)) == 1
    house.say(pull, "grace", f'/approve prod {code} --allow-destructive --backup "nightly"')
    assert "applied and verified" in house.answers(pull)[-1]


def test_where_the_config_refuses_destruction_no_word_helps(open_shop: OpenShop):
    shop = open_shop(shop_config(prod="destructive: refuse"))
    house = shop.house
    pull, before = house.open_pull(drop_column()), shop.prod.text()
    assert "blocked" in house.report(pull).splitlines()[0]
    assert "/approve prod" not in house.report(pull)
    house.say(pull, "bob", f'/approve prod {house.any_code(pull)} --allow-destructive --backup "nightly"')
    assert "unknown_plan_code" in house.answers(pull)[-1]
    house.say(pull, "bob", '/approve prod --allow-destructive --backup "nightly"')
    assert "destructive_not_allowed" in house.answers(pull)[-1]
    assert "the config refuses that" in house.answers(pull)[-1]
    assert shop.prod.text() == before


@pytest.mark.acceptance
def test_drift_on_what_a_pull_touches_blocks_until_it_is_accepted_by_number(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    shop.prod.run("CREATE INDEX ix_hand ON orders (note)")
    pull, before = house.open_pull(add_column()), shop.prod.text()
    assert "ix_hand" in house.report(pull)
    assert "drift_present" in house.report(pull)
    code = house.code(pull)
    assert house.offered(pull) == f"/approve prod {code} --accept drift-1"
    house.say(pull, "bob", f"/approve prod {code}")
    assert "drift_present" in house.answers(pull)[-1]
    assert f"/approve prod {code} --accept drift-1" in house.answers(pull)[-1]
    house.say(pull, "bob", f"/approve prod {code} --accept drift-2")
    assert "drift_present" in house.answers(pull)[-1]
    assert shop.prod.text() == before
    house.say(pull, "bob", house.offered(pull))
    assert "applied and verified" in house.answers(pull)[-1]
    assert "ix_hand" in shop.prod.text()


@pytest.mark.acceptance
@pytest.mark.parametrize(
    ("rule", "table", "blocks"),
    [("touched", "customers", False), ("any", "customers", True), ("never", "orders", False)],
)
def test_where_drift_blocks_is_what_the_config_says(open_shop: OpenShop, rule: str, table: str, blocks: bool):
    shop = open_shop(shop_config(prod=f"block_on_drift: {rule}"))
    house = shop.house
    shop.prod.run(f"CREATE INDEX ix_hand ON {table} (id)")
    pull = house.open_pull(add_column())
    assert "ix_hand" in house.report(pull)
    house.say(pull, "bob", f"/approve prod {house.code(pull)}")
    assert ("drift_present" in house.answers(pull)[-1]) is blocks
    assert ("delivery" in shop.prod.columns()) is not blocks


@pytest.mark.acceptance
def test_what_was_rolled_back_is_applied_again_by_approvals_of_its_own(open_shop: OpenShop):
    shop = open_shop(shop_config(prod="approvals: 2"))
    house = shop.house
    pull = house.open_pull(add_column())
    line = house.offered(pull)
    for who in ("bob", "grace"):
        house.say(pull, who, line)
    assert "delivery" in shop.prod.columns()
    house.say(pull, "bob", "/rollback prod")
    for who in ("bob", "grace"):
        house.say(pull, who, f"/approve prod {house.code(pull)} --allow-destructive --accept-risk empty")
    assert "rolled back" in house.answers(pull)[-1]
    assert "delivery" not in shop.prod.columns()
    house.say(pull, "bob", house.offered(pull))
    assert "1 approval given, 1 to go" in house.report(pull)
    assert "delivery" not in shop.prod.columns()
    house.say(pull, "grace", house.offered(pull))
    assert "delivery" in shop.prod.columns()


@pytest.mark.acceptance
def test_on_postgresql_what_destroys_waits_for_its_words_and_drift_for_its_number(open_shop: OpenShop, pg_url: str):
    shop = open_shop(postgres=pg_url)
    house = shop.house
    shop.prod.run("CREATE INDEX ix_hand ON orders (customer_id)")
    pull, before = house.open_pull(drop_column()), shop.prod.text()
    code = house.code(pull)
    assert house.offered(pull) == f'/approve prod {code} --allow-destructive --backup "…" --accept drift-1'
    house.say(pull, "bob", f"/approve prod {code}")
    for refusal in ("destructive_not_allowed", "backup_not_confirmed", "drift_present"):
        assert refusal in house.answers(pull)[-1]
    assert shop.prod.text() == before
    house.say(pull, "bob", f'/approve prod {code} --allow-destructive --backup "nightly" --accept drift-1')
    assert "applied and verified" in house.answers(pull)[-1]
    assert shop.prod.columns() == ["id", "customer_id"]
    assert "ix_hand" in shop.prod.text()
