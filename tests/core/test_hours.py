"""Windows in which an environment may be changed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from workers.core.hours import parse, within


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("window", "moment", "inside"),
    [
        ("Mon-Thu 09:00-16:00 Europe/Berlin", "2026-11-23T09:00", True),
        ("Mon-Thu 09:00-16:00 Europe/Berlin", "2026-11-23T08:59", False),
        ("Mon-Thu 09:00-16:00 Europe/Berlin", "2026-11-23T16:00", False),
        ("Mon-Thu 09:00-16:00 Europe/Berlin", "2026-11-27T10:00", False),
        ("Mon-Thu 09:00-16:00 Europe/Berlin", "2026-07-06T15:59", True),
        ("Mon-Thu 09:00-16:00 UTC", "2026-07-06T10:30", False),
        ("Fri-Mon 00:00-24:00 Europe/Berlin", "2026-11-22T23:59", True),
        ("Fri-Mon 00:00-24:00 Europe/Berlin", "2026-11-24T00:00", False),
        ("Sat,Sun 10:00-12:00 Europe/Berlin", "2026-11-22T11:00", True),
        ("Fri 22:00-04:00 Europe/Berlin", "2026-11-27T23:00", True),
        ("Fri 22:00-04:00 Europe/Berlin", "2026-11-28T03:59", True),
        ("Fri 22:00-04:00 Europe/Berlin", "2026-11-27T03:00", False),
        ("Fri 22:00-04:00 Europe/Berlin", "2026-11-28T22:30", False),
    ],
)
def test_a_moment_lies_inside_or_outside_by_the_clock_of_the_zone(window: str, moment: str, inside: bool) -> None:
    assert within((window,), at(moment)) is inside


def test_every_window_must_hold() -> None:
    windows = ("Mon-Fri 09:00-16:00 UTC", "Mon 12:00-20:00 UTC")
    assert within(windows, at("2026-11-23T13:00", "UTC")) is True
    assert within(windows, at("2026-11-23T10:00", "UTC")) is False


def test_without_a_window_there_is_no_answer() -> None:
    assert within((), 0.0) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "always",
        "Mon 9:00-16:00 UTC",
        "Mon- 09:00-16:00 UTC",
        "Mon 09:00-16:60 UTC",
        "Mon 09:00-24:01 UTC",
        "Mon 09:00-16:00",
        "Mon 09:00-16:00 ../../etc/passwd",
        "Mon 09:00-16:00 UTC x",
    ],
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"`"):
        parse(text)
