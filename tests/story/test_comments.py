"""What people read: one living report, short answers, checks; and which events cost nothing."""

from __future__ import annotations

import pytest

from tests.story.ground import OpenShop
from tests.story.shop import CONFIG, add_column, shop_config

SECRET = "postgresql://admin:hunter2-hunter2@db.example.com/shop"


@pytest.mark.acceptance
def test_ten_pushes_leave_one_report_of_the_last_one(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    (first,) = house.reports(pull)
    for number in range(9):
        house.world.push(house.repo, house.people["alice"], "change", dict(add_column(f"column_{number}")))
    house.settle()
    house.push("change", dict(add_column("parcel")))
    (last,) = house.reports(pull)
    assert last.id == first.id
    assert "orders.parcel" in last.body
    assert house.answers(pull) == []
    assert house.jobs().count("PlanPull") <= 4
    house.say(pull, "bob", house.offered(pull))
    assert shop.prod.columns()[-1] == "parcel"


@pytest.mark.acceptance
def test_a_readme_push_and_our_own_commit_void_nothing(open_shop: OpenShop):
    shop = open_shop(environments=("staging", "prod"), config=shop_config(staging="", prod=""))
    house = shop.house
    pull = house.open_pull(add_column())
    codes = {name: house.any_code(pull, name) for name in ("staging", "prod")}
    body = house.report(pull)
    house.push("change", {"README.md": "# more\n"}, by="bob")
    assert {name: house.any_code(pull, name) for name in codes} == codes
    house.say(pull, "grace", f"/approve staging {codes['staging']}")
    assert "staging applied and verified" in house.answers(pull)[-1]
    assert house.evidence(pull, "03-execution-log.md")
    assert house.any_code(pull, "prod") == codes["prod"]
    house.say(pull, "grace", f"/approve prod {codes['prod']}")
    assert "prod applied and verified" in house.answers(pull)[-1]
    assert body != house.report(pull)
    assert len(house.answers(pull)) == 2


def test_a_pull_that_touches_nothing_of_ours_costs_one_look(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull({"README.md": "# more\n"})
    assert house.jobs() == ["Triage"]
    assert house.check(pull).conclusion == "success"
    assert house.comments(pull) == []


def test_a_repository_without_a_config_is_green(open_shop: OpenShop):
    shop = open_shop(files={"README.md": "# shop\n", "alembic/env.py": ""})
    house = shop.house
    pull = house.open_pull({"alembic/env.py": "pass\n"})
    assert house.jobs() == ["Triage"]
    assert house.check(pull).conclusion == "success"
    assert house.comments(pull) == []


def test_a_config_that_is_wrong_in_a_pull_gets_notes_on_its_lines(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull({CONFIG: shop_config(prod="aprovals: 2")})
    run = house.check(pull)
    assert run.conclusion == "failure"
    (note,) = run.annotations
    assert (note["path"], note["start_line"], note["title"]) == (CONFIG, 6, "config_invalid")
    assert "aprovals" in note["message"]
    assert "config_invalid" in house.report(pull)
    house.push("change", {CONFIG: shop_config(prod="approvals: 2")})
    assert house.check(pull).conclusion == "success"


def test_a_merge_group_and_a_rerun_are_answered(open_shop: OpenShop):
    shop = open_shop()
    house, bob = shop.house, shop.house.people["bob"]
    pull = house.open_pull(add_column())
    head = house.world.enqueue(pull, bob)
    house.settle()
    (run,) = house.world.check_runs(house.repo, head)
    assert (run.name, run.conclusion) == ("schemagate", "failure")
    assert "1 migration" in (run.summary or "")
    before = len(house.jobs())
    house.world.rerequest_run(house.check(pull), bob)
    house.settle()
    assert "PlanPull" in house.jobs()[before:]
    assert house.check(pull).conclusion == "action_required"
    house.world.dequeue(pull, head, bob, merged=False)
    house.settle()
    house.say(pull, "bob", house.offered(pull))
    head = house.world.enqueue(pull, bob)
    house.settle()
    (run,) = house.world.check_runs(house.repo, head)
    assert (run.name, run.conclusion) == ("schemagate", "success")
    house.world.rerequest_suite(run.suite, bob)
    house.settle()
    assert house.world.check_runs(house.repo, head)[-1].conclusion == "success"


@pytest.mark.acceptance
def test_a_draft_is_planned_and_not_applied(open_shop: OpenShop):
    shop = open_shop()
    house, alice = shop.house, shop.house.people["alice"]
    house.world.push(house.repo, alice, "change", dict(add_column()))
    pull = house.world.open_pull(house.repo, alice, head="change", title="Change", draft=True)
    house.settle()
    before = shop.prod.text()
    assert "draft_pull" in house.report(pull)
    house.say(pull, "bob", "/approve prod")
    assert "draft_pull" in house.answers(pull)[-1]
    assert shop.prod.text() == before
    house.world.set_draft(pull, alice, draft=False)
    house.settle()
    house.say(pull, "bob", house.offered(pull))
    assert "delivery" in shop.prod.columns()


def test_a_fork_is_only_read_until_a_maintainer_asks_for_a_plan(open_shop: OpenShop):
    shop = open_shop()
    house, eve = shop.house, shop.house.people["eve"]
    fork = house.world.fork(house.repo, eve)
    house.world.push(fork, eve, "change", dict(add_column()))
    pull = house.world.open_pull(house.repo, eve, head="change", title="Change", head_repo=fork)
    house.settle()
    before = shop.prod.text()
    assert "its code was read, not run" in house.report(pull)
    assert "fork_pull" in house.report(pull)
    house.say(pull, "grace", "/plan")
    assert "its code was read, not run" in house.report(pull)
    house.say(pull, "bob", "/plan")
    assert "ALTER TABLE orders ADD COLUMN delivery" in house.report(pull)
    assert "/approve prod" not in house.report(pull)
    house.say(pull, "bob", f"/approve prod {house.any_code(pull)}")
    assert "unknown_plan_code" in house.answers(pull)[-1]
    house.say(pull, "bob", "/approve prod")
    assert "fork_pull" in house.answers(pull)[-1]
    assert shop.prod.text() == before


def test_an_environment_that_is_only_watched_blocks_no_merge(open_shop: OpenShop):
    shop = open_shop(server_rules="approvers: from_repository, mode: report")
    house = shop.house
    pull, before = house.open_pull(add_column()), shop.prod.text()
    assert house.report(pull).startswith("### 👀 prod is only watched here")
    assert (house.check(pull).conclusion, house.check(pull, "schemagate: shop/prod").conclusion) == (
        "success",
        "success",
    )
    house.say(pull, "bob", f"/approve prod {house.any_code(pull)}")
    assert house.answers(pull)
    assert shop.prod.text() == before
    house.push("change", {"alembic/versions/2b00000000bb_change.py": "def upgrade(:\n"})
    assert house.check(pull).conclusion == "failure"


@pytest.mark.acceptance
def test_a_report_names_the_other_pulls_that_want_the_same_environment(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    first = house.open_pull(add_column())
    assert "Effect on other pulls" not in house.report(first)
    second = house.open_pull(add_column("parcel", revision="2c00000000cc"), branch="other", by="grace")
    assert f"- #{first.number}: prod: has a plan too" in house.report(second)
    house.world.close(first, house.people["alice"])
    house.settle()
    house.say(second, "grace", "/plan")
    assert "Effect on other pulls" not in house.report(second)


def test_a_closed_pull_applies_nothing(open_shop: OpenShop):
    shop = open_shop()
    house, alice = shop.house, shop.house.people["alice"]
    pull, before = house.open_pull(add_column()), shop.prod.text()
    line = house.offered(pull)
    house.world.close(pull, alice)
    house.settle()
    house.say(pull, "bob", line)
    assert "pull_closed" in house.answers(pull)[-1]
    assert shop.prod.text() == before
    house.world.reopen(pull, alice)
    house.settle()
    house.say(pull, "bob", house.offered(pull))
    assert "delivery" in shop.prod.columns()


def test_status_and_help_are_for_everybody_who_can_read(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    house.say(pull, "dave", "/status prod")
    status = house.answers(pull)[-1]
    assert "Ready for prod" in status
    assert house.code(pull) in status
    assert "`approvers`: .github/schemagate.yml line 6" in status
    house.say(pull, "eve", "/help")
    assert "/approve" in house.answers(pull)[-1]
    assert "--allow-destructive" in house.answers(pull)[-1]
    comment = house.say(pull, "dave", "/plan")
    assert len(house.reactions(comment)) == 1
    assert len(house.answers(pull)) == 2


@pytest.mark.parametrize(
    "text", [f"/approve prod --backup {SECRET}", f"it is at {SECRET}"], ids=["in a command", "in a sentence"]
)
def test_a_pasted_secret_is_answered_with_a_warning_and_never_repeated(open_shop: OpenShop, text: str):
    shop = open_shop()
    house = shop.house
    pull, before = house.open_pull(add_column()), shop.prod.text()
    comment = house.say(pull, "bob", text)
    (answer,) = house.answers(pull)
    assert "Rotate it now" in answer
    assert shop.prod.text() == before
    house.say(pull, "bob", "/status")
    house.world.delete_comment(comment, house.people["bob"])
    house.settle()
    assert all("hunter2" not in item for item in house.comments(pull))
    for path in sorted(house.settings.data_dir.rglob("*")):
        assert not path.is_file() or b"hunter2" not in path.read_bytes(), path
