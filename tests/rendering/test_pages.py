"""Every byte that a digest covers can be read in the check runs, and put together again."""

from __future__ import annotations

import pytest

from tests import builders as make
from tests.rendering.cases import HOSTILE, hostile_statement
from workers.core.codec import sha256
from workers.core.plan import Plan
from workers.rendering.pages import LONGEST, canonical_from_pages, plan_pages


def big(number: int) -> Plan:
    return make.a_plan(
        tuple(
            make.a_statement(f"CREATE TABLE t{at} (note text DEFAULT '{'ü' * 400}')", f"Create table t{at}")
            for at in range(number)
        )
    )


@pytest.mark.parametrize(
    "plan",
    [
        make.a_plan(),
        make.a_plan((hostile_statement(),)),
        make.a_plan((make.a_statement("-- `````\n```\r\n\x00\u2028=key\n+x"),)),
        make.a_plan(
            (make.a_statement("\n=key\n+x\n>y\n\n#z\n\ta \\u202e \\\\ b \n" + "ü" * 400), make.a_statement(""))
        ),
        big(300),
    ],
    ids=["clean", "hostile", "fences", "marks", "big"],
)
def test_the_pages_give_the_bytes_of_the_digest_back(plan):
    assert sha256(canonical_from_pages(plan_pages(plan))) == plan.digest


def test_a_page_fits_into_a_check_run():
    pages = plan_pages(big(300))
    assert len(pages) > 3
    assert max(len(page.encode()) for page in pages) <= LONGEST


def test_each_page_says_the_digest_and_its_place():
    plan = big(200)
    pages = plan_pages(plan)
    for number, page in enumerate(pages, 1):
        assert page.startswith(f"sha256 `{plan.digest}` · page {number} of {len(pages)} ")


def test_the_sql_stands_in_lines_of_its_own_before_the_json():
    page = plan_pages(make.a_plan())[0]
    assert " CREATE INDEX CONCURRENTLY ix_orders_customer_id\n   ON orders (customer_id)" in page
    assert page.index("CREATE INDEX") < page.index("=key")


def test_sql_that_can_be_seen_stands_there_once():
    pages = "".join(plan_pages(make.a_plan()))
    for item in make.a_plan().body.statements:
        assert pages.count(item.sql.splitlines()[0]) == 1


def test_what_turns_the_direction_of_reading_is_spelled_out():
    page = plan_pages(make.a_plan((make.a_statement(f"SELECT '{HOSTILE}'"),)))[0]
    assert "\u202e" not in page
    assert "\\u202e" in page


def test_a_missing_page_is_noticed():
    pages = plan_pages(big(300))
    with pytest.raises(ValueError, match="is not here"):
        canonical_from_pages(pages[:2] + pages[3:])


def test_a_changed_statement_changes_the_digest_of_the_pages():
    plan = make.a_plan()
    pages = tuple(
        page.replace("ADD COLUMN delivery_note TEXT", "ADD COLUMN delivery_note JSON") for page in plan_pages(plan)
    )
    assert sha256(canonical_from_pages(pages)) != plan.digest
