"""A URL is taken apart without showing what is secret in it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from workers.core.errors import ExpectedError
from workers.databases.postgresql.address import address

URL = (
    "postgresql+psycopg2://shop%20writer:p%3Aa%5Css%40@db.example:6432/shop?sslmode=require&options=-csearch_path%3Dapp"
)


def test_a_sqlalchemy_url_is_read_whatever_driver_it_names():
    found = address(URL)
    assert (found.role, found.database, found.place) == ("shop writer", "shop", "db.example:6432")
    assert found.secrets == ("p:a\\ss@",)
    assert address("postgres://u@/d?host=/run/x").place == "/run/x:5432"


def test_what_is_shown_holds_no_password():
    found = address(URL)
    assert found.shown == "postgresql://shop writer:***@db.example:6432/shop?sslmode=require"
    assert "ss@" not in repr(found) + str(found)


def test_a_program_gets_the_password_in_a_file_that_only_we_read_and_that_goes_away():
    with address(URL).environment("the-test") as environment:
        file = Path(environment["PGPASSFILE"])
        assert file.read_text() == "*:*:*:*:p\\:a\\\\ss@\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "ss@" not in "".join(environment.values())
        wanted = {
            "PGHOST": "db.example",
            "PGPORT": "6432",
            "PGUSER": "shop writer",
            "PGDATABASE": "shop",
            "PGSSLMODE": "require",
        }
        assert wanted.items() <= environment.items()
        assert "PGPASSWORD" not in environment
    assert not file.exists()


def test_the_operator_s_own_password_file_is_left_to_him():
    with address("postgresql://u@h/d?passfile=/secrets/pgpass").environment("the-test") as environment:
        assert environment["PGPASSFILE"] == "/secrets/pgpass"


@pytest.mark.parametrize(
    "url",
    ["", "postgresql:/x", "mysql://u:p@h/d", "postgresql://h:port/d", "postgresql://h/d", "postgresql://u@h/d?x=y"],
)
def test_what_cannot_be_read_is_refused_with_the_form_to_write(url):
    with pytest.raises(ExpectedError) as refused:
        address(url)
    assert "postgresql://user:password@host" in refused.value.advice
