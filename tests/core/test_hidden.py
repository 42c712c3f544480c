"""A value that nobody may read is told by a keyed hash: that it differs shows, what it is does not."""

from __future__ import annotations

from workers.core.hidden import Hiding

HIDING = Hiding(b"one key")


def test_the_same_value_gives_the_same_text_under_one_key_alone():
    assert HIDING.value("sesame") == HIDING.value("sesame") != HIDING.value("sesam")
    assert HIDING.value("sesame") != Hiding(b"another key").value("sesame")
    assert "sesame" not in HIDING.value("sesame")


def test_the_name_of_an_option_stays():
    assert HIDING.option("password=sesame") == f"password={HIDING.value('sesame')}"
    assert HIDING.option("sesame") == HIDING.value("sesame")


def test_a_text_without_secrets_stays_and_one_with_a_secret_keeps_its_difference():
    assert HIDING.text("the password is asked for") == "the password is asked for"
    one, other = (HIDING.text(f"connect 'host=h password={word}'") for word in ("sesame-one", "sesame-two"))
    assert one != other
    assert one.startswith("connect 'host=h password=***'")


def test_the_key_is_never_shown():
    assert "one key" not in repr(HIDING)
