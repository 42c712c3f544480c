"""Secrets do not survive `redact`, and ordinary prose does."""

from __future__ import annotations

import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.core.redact import MASK, holds_secret, redact

CANARY = "c4nary-P4ss"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl"

LEAKS = {
    "url": f"cannot reach postgresql://app:{CANARY}@db.internal:5432/shop",
    "url with driver": f"mysql+pymysql://app:{CANARY}@db/shop",
    "url without user": f"redis://:{CANARY}@127.0.0.1:6379/0",
    "url with at and slash": f"postgresql://app:a@b/{CANARY}@db/shop",
    "token in url": f"https://x-access-token:ghs_{CANARY}@github.com/acme/shop",
    "installation token": f"token ghs_12345_{CANARY}.{JWT} expired",
    "personal token": f"ghp_{CANARY}",
    "fine grained token": f"github_pat_11AA_{CANARY}",
    "jwt": f"Bearer {JWT}{CANARY}",
    "header": f"Authorization: Basic {CANARY}==",
    "conninfo": f"host=db password={CANARY} dbname=shop",
    "conninfo quoted": f"host=db password='two {CANARY} words' dbname=shop",
    "query": f"postgresql://db/shop?user=a&password={CANARY}&sslmode=require",
    "environment": f"PGPASSWORD={CANARY} psql",
    "environment quoted": f'PGPASSWORD="{CANARY} x" psql',
    "json": f'{{"db_password": "{CANARY}"}}',
    "role": f"ALTER ROLE app PASSWORD '{CANARY}'",
    "mysql role": f"CREATE USER app IDENTIFIED BY '{CANARY}'",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
    "private key cut off": f"-----BEGIN PRIVATE KEY-----\\n{CANARY}",
}
HARMLESS = (
    "the column `password` is dropped",
    "password: String",
    "postgresql://db.internal:5432/shop",
    "sqlite:////var/lib/shop.db",
    "http://127.0.0.1:4001/api/v3?author=me@example.com",
    "see https://example.com/a@b",
    "use url: env:SHOP_PROD_URL",
    "PGPASSWORD=$SHOP_PASSWORD psql",
    'password=os.environ["X"]',
    "postgresql://app:***@db/shop",
    "postgresql://user:password@host/db",
    "a token begins with ghs_ or ghp_xxxx",
    "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
)


@pytest.mark.parametrize("text", LEAKS.values(), ids=LEAKS.keys())
def test_what_looks_like_a_secret_is_masked_and_noticed(text: str) -> None:
    assert CANARY not in redact(text)
    assert MASK in redact(text)
    assert holds_secret(text)


@pytest.mark.parametrize("text", LEAKS.values(), ids=LEAKS.keys())
def test_a_redacted_text_holds_no_secret_and_stays_as_it_is(text: str) -> None:
    assert redact(redact(text)) == redact(text)
    assert not holds_secret(redact(text))


@pytest.mark.parametrize("text", HARMLESS)
def test_prose_names_and_placeholders_are_no_secrets(text: str) -> None:
    assert not holds_secret(text)


def test_a_connection_stays_readable_without_its_password() -> None:
    assert redact(f"postgresql://app:{CANARY}@db:5432/shop") == "postgresql://app:***@db:5432/shop"


@pytest.mark.parametrize(
    "spelling", ["p@ss/w rd%", quote("p@ss/w rd%", safe=""), quote("p@ss/w rd%"), "p%40ss%2Fw+rd%25"]
)
def test_a_known_secret_is_masked_in_every_spelling(spelling: str) -> None:
    assert redact(f"<{spelling}>", ("p@ss/w rd%",)) == "<***>"


def test_the_password_of_a_known_url_is_masked_where_it_stands_alone() -> None:
    assert (
        redact("authentication of p@ss1 failed", ("postgresql://app:p%40ss1@db/shop",))
        == "authentication of *** failed"
    )


def test_a_known_secret_with_quotes_is_masked_inside_json() -> None:
    assert redact(r'{"x": "a\"bcd"}', ('a"bcd',)) == '{"x": "***"}'


def test_an_empty_secret_masks_nothing() -> None:
    assert redact("abc", ("", "a")) == "abc"


@given(st.text(min_size=4, max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_a_known_secret_never_survives(secret: str, before: str, after: str) -> None:
    assert secret in MASK or secret not in redact(before + secret + after, (secret,)).replace(MASK, "\0")


@pytest.mark.parametrize(
    "piece", ["a", "://a:", "eyJaaaaaaaa-", '"password', "password ", "-----BEGIN PRIVATE KEY-", "://a:b@"]
)
def test_a_hostile_comment_costs_no_time(piece: str) -> None:
    started = time.monotonic()
    redact(piece * (65_536 // len(piece)))
    assert time.monotonic() - started < 5
