"""What is refused, with which words, and that nothing of it writes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deploy.demo.github.records import Comment, Pull
from tests.story.ground import OpenShop, Shop
from tests.story.shop import CONFIG, add_column, insert_row, shop_config
from workers.messages import ApplyPlan, RevokeApproval

Change = Callable[[Shop, Comment], None]


def refused(shop: Shop, pull: Pull, who: str, text: str) -> str:
    """Say it, see one answer and nothing written, and return the answer."""
    before, answers = shop.prod.text(), len(shop.house.answers(pull))
    comment = shop.house.say(pull, who, text)
    found = shop.house.answers(pull)[answers:]
    assert len(found) == 1, found
    assert shop.house.reactions(comment)
    assert shop.prod.text() == before
    return found[0]


def test_people_without_the_right_get_one_reaction_and_their_code_stands_in_the_status(open_shop: OpenShop):
    shop = open_shop()
    house, world = shop.house, shop.house.world
    pull = house.open_pull(add_column())
    house.push("change", {"README.md": "# more\n"}, by="grace")
    house.push("change", {"README.md": "# even more\n"}, by="alice", author="frank")
    world.add_collaborator(house.repo, house.people["grace"], "maintain")
    robot = world.create_app(house.people["acme"], "robot").bot
    house.people["robot"] = robot
    line, before = house.offered(pull), shop.prod.text()
    wrong = {"alice": "author_may_not_approve", "grace": "author_may_not_approve"}
    denied = ("alice", "grace", "frank", "eve", "dave", "carol", "robot")
    for who in denied:
        comment = house.say(pull, who, line)
        assert len(house.reactions(comment)) == 1, who
    assert house.answers(pull) == []
    assert shop.prod.text() == before
    assert "ApplyPlan" not in house.jobs()
    house.say(pull, "dave", "/status")
    (status,) = house.answers(pull)
    for who in denied:
        (told,) = [item for item in status.splitlines() if f"Z prod: {who}" in item]
        assert wrong.get(who, "not_authorised") in told


def test_whoever_a_commit_names_may_not_approve_it(open_shop: OpenShop):
    shop = open_shop(shop_config(prod='approvers: ["@bob", "@frank"]'))
    house = shop.house
    pull = house.open_pull({"README.md": "# first\n"})
    house.push("change", add_column(), author="frank")
    before = shop.prod.text()
    assert "frank" in house.report(pull)
    house.say(pull, "frank", house.offered(pull))
    assert shop.prod.text() == before
    house.say(pull, "dave", "/status")
    assert "author_may_not_approve" in house.answers(pull)[-1]


@pytest.mark.acceptance
def test_an_old_code_is_refused_after_a_push_changed_the_plan(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    old = house.offered(pull)
    house.push("change", add_column("parcel"))
    new = house.offered(pull)
    assert new != old
    answer = refused(shop, pull, "bob", old)
    assert "plan_changed" in answer
    assert "the pending migrations" in answer
    assert new in answer
    assert "plan_code_required" in refused(shop, pull, "bob", "/approve prod")
    house.say(pull, "bob", new)
    assert shop.prod.columns()[-1] == "parcel"


def test_a_target_changed_by_hand_is_refused_and_the_fresh_report_shows_the_drift(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    old = house.offered(pull)
    shop.prod.run("CREATE INDEX ix_hand ON orders (note)")
    assert "target_changed" in refused(shop, pull, "bob", old)
    assert "ix_hand" in house.report(pull)
    assert house.offered(pull).endswith("--accept drift-1")


def test_a_target_changed_between_approval_and_apply_voids_the_approval(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    house.say(pull, "bob", house.offered(pull), until=ApplyPlan)
    shop.prod.run("CREATE INDEX ix_hand ON orders (note)")
    before = shop.prod.text()
    house.settle()
    assert shop.prod.text() == before
    answer = house.answers(pull)[-1]
    assert "The approval of prod by bob no longer counts" in answer
    assert "target_changed" in answer
    assert "ix_hand" in house.report(pull)


@pytest.mark.parametrize("change", ["edited", pytest.param("deleted", marks=pytest.mark.acceptance)])
@pytest.mark.parametrize("first", ["apply", pytest.param("edit", marks=pytest.mark.acceptance)])
def test_a_comment_changed_before_the_apply_starts_takes_its_approval_back(
    open_shop: OpenShop, change: str, first: str
):
    shop = open_shop()
    house, bob = shop.house, shop.house.people["bob"]
    pull, before = house.open_pull(add_column()), shop.prod.text()
    comment = house.say(pull, "bob", house.offered(pull), until=ApplyPlan)
    if change == "edited":
        house.world.edit_comment(comment, bob, "never mind")
    else:
        house.world.delete_comment(comment, bob)
    if first == "edit":
        house.settle(until=ApplyPlan)
        house.queue.waiting.rotate(-1)
        assert isinstance(house.queue.waiting[0][1], RevokeApproval)
    house.settle()
    assert shop.prod.text() == before
    assert "approval_revoked" in house.answers(pull)[-1]
    assert len(house.answers(pull)) == 1
    assert "needs" not in house.report(pull).splitlines()[0]


@pytest.mark.acceptance
def test_editing_a_comment_after_the_apply_changes_nothing(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    comment = house.say(pull, "bob", house.offered(pull))
    house.world.edit_comment(comment, house.people["bob"], "I never said that")
    house.settle()
    assert len(house.answers(pull)) == 1
    assert "approved by bob" in house.answers(pull)[0]
    assert "| bob |" in house.report(pull)


def test_a_report_edited_by_somebody_else_loses_its_codes_and_is_written_again(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    old = house.offered(pull)
    (report,) = house.reports(pull)
    house.world.edit_comment(report, house.people["carol"], report.body.replace("delivery", "parcel"))
    house.settle()
    withdrawn, notice = house.answers(pull)
    assert "withdrawn" in withdrawn
    assert notice.startswith("⚠️ **carol edited the report.**")
    assert house.offered(pull) != old
    assert "unknown_plan_code" in refused(shop, pull, "bob", old)
    house.say(pull, "bob", house.offered(pull))
    assert "delivery" in shop.prod.columns()


def test_an_approval_that_meets_an_edited_report_is_refused(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    old, before = house.offered(pull), shop.prod.text()
    (report,) = house.reports(pull)
    house.github.faults.arm(lose_unlogged=1)
    house.world.edit_comment(report, house.people["carol"], report.body.replace("delivery", "parcel"))
    house.say(pull, "bob", old)
    assert any("comment_tampered" in item for item in house.answers(pull))
    assert shop.prod.text() == before
    assert house.offered(pull) != old


@pytest.mark.acceptance
def test_what_is_no_clean_command_is_refused_with_the_way_to_write_it(open_shop: OpenShop):
    shop = open_shop(shop_config(prod=""))
    house = shop.house
    pull = house.open_pull(add_column())
    line = house.offered(pull)
    code = house.code(pull)
    for text, refusal, advice in (
        (f"Looks good!\n{line}", "command_not_alone", "a comment of their own"),
        (f"> why?\n{line}\n\n{line}", "command_not_alone", "an empty line between a quote and the command"),
        ("/approve prod CODE", "command_malformed", "left in"),
        (f'{line} --allow-destructive --backup "…"', "command_malformed", "left in"),
        (f"/aprove prod {code}", "command_malformed", "did you mean `/approve`"),
        (f"/approve prod {code} --acept drift-1", "command_malformed", "did you mean `--accept`"),
        (f"/approve pr\u200bod {code}", "command_malformed", "U+200B"),
        ("\n".join([line] * 6), "command_malformed", "at most 5"),
        (f"/approve prd {code}", "unknown_environment", "did you mean `prod`"),
        ("/approve prod zzzzzzz", "unknown_plan_code", "/plan prod"),
        ("/unlock prod", "command_malformed", "reason"),
        ('/unlock prod "looked at it"', "command_not_allowed", "not held"),
        ("/rollback prod", "nothing_to_apply", ""),
    ):
        answer = refused(shop, pull, "bob", text)
        assert refusal in answer, (text, answer)
        assert advice in answer, (text, answer)
    assert "ApplyPlan" not in house.jobs()
    house.say(pull, "bob", house.offered(pull))
    assert "delivery" in shop.prod.columns()


def test_what_nobody_meant_as_a_command_gets_no_answer(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(add_column())
    line, before, jobs = house.offered(pull), shop.prod.text(), house.jobs()
    for text in (
        f"> {line}",
        f"> Paste this:\n{line}",
        f"```\n{line}\n```",
        f"    {line}",
        f"<!-- {line} -->",
        f"I would write `{line}` tomorrow",
        "/approve is the word to use when you like what you see in the report",
        "Nice work",
    ):
        comment = house.say(pull, "bob", text)
        assert house.reactions(comment) == [], text
    comment = house.say(pull, "bob", "Nice work")
    house.world.edit_comment(comment, house.people["bob"], line)
    house.settle()
    assert house.reactions(comment) == []
    assert house.answers(pull) == []
    assert shop.prod.text() == before
    assert set(house.jobs()[len(jobs) :]) <= {"RevokeApproval"}


@pytest.mark.acceptance
def test_a_branch_with_weaker_rules_does_not_help(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    weak = shop_config(branches="main, weak", prod='approvers: ["@alice"], author_may_approve: true')
    house.push("weak", {CONFIG: weak}, by="alice")
    pull = house.open_pull(add_column())
    old = house.offered(pull)
    house.world.edit_pull(pull, house.people["alice"], base="weak")
    house.settle()
    assert "base_not_allowed" in house.report(pull)
    assert "/approve" not in house.report(pull).replace("<code>/approve", "")
    before = shop.prod.text()
    house.say(pull, "alice", old)
    assert shop.prod.text() == before
    refused(shop, pull, "bob", old)
    assert "base_not_allowed" in refused(shop, pull, "bob", "/approve prod")
    house.world.edit_pull(pull, house.people["alice"], base="main")
    house.settle()
    house.say(pull, "bob", house.offered(pull))
    assert "delivery" in shop.prod.columns()


@pytest.mark.acceptance
def test_a_rejected_pull_stays_so_until_somebody_plans_it_again(open_shop: OpenShop):
    shop = open_shop()
    house = shop.house
    pull = house.open_pull(insert_row())
    line = house.offered(pull)
    quiet = house.say(pull, "eve", "/reject prod")
    assert len(house.reactions(quiet)) == 1
    assert house.offered(pull) == line
    house.say(pull, "bob", '/reject prod "not on a Friday"')
    assert "rejected" in house.report(pull)
    assert "not on a Friday" in house.report(pull)
    assert "rejected" in refused(shop, pull, "bob", line)
    house.say(pull, "bob", "/plan prod")
    house.say(pull, "bob", house.offered(pull))
    assert "house@example.com" in shop.prod.text()


@pytest.mark.acceptance
def test_a_rejection_stops_one_environment_and_nothing_else(open_shop: OpenShop):
    shop = open_shop(shop_config(staging="", prod=""), environments=("staging", "prod"))
    house = shop.house
    pull, before = house.open_pull(add_column()), shop.prod.text()
    line = f"/approve prod {house.any_code(pull, 'prod')}"
    house.say(pull, "bob", line, until=ApplyPlan)
    late = house.queue.waiting.popleft()
    house.say(pull, "alice", '/reject prod "not on a Friday"')
    house.queue.waiting.append(late)
    house.settle()
    assert shop.prod.text() == before
    house.say(pull, "bob", f"/approve staging {house.any_code(pull, 'staging')}")
    assert shop.targets["staging"].columns()[-1] == "delivery"
    house.say(pull, "bob", line)
    assert "not on a Friday" in house.answers(pull)[-1]
    house.say(pull, "bob", "/plan staging")
    assert "not on a Friday" in house.report(pull)
    house.say(pull, "bob", "/plan prod")
    assert shop.prod.text() == before
    house.say(pull, "bob", line)
    assert shop.prod.columns()[-1] == "delivery"


@pytest.mark.acceptance
def test_on_postgresql_a_target_changed_between_approval_and_apply_voids_the_approval(open_shop: OpenShop, pg_url: str):
    shop = open_shop(postgres=pg_url)
    house = shop.house
    pull = house.open_pull(add_column())
    house.say(pull, "bob", "/approve prod", until=ApplyPlan)
    shop.prod.run("CREATE INDEX ix_hand ON orders (note)")
    before = shop.prod.text()
    house.settle()
    assert shop.prod.text() == before
    assert "target_changed" in house.answers(pull)[-1]
    assert "ix_hand" in house.report(pull)
