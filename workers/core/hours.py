"""The hours in which an environment may be changed: `Mon-Thu 09:00-16:00 Europe/Berlin`, read and judged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(
    r"(?P<days>\S+) +(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d) +(?P<zone>[A-Za-z][\w+-]*(?:/[A-Za-z][\w+-]*){0,2})"
)
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A weekly window: weekdays from Monday 0, minutes of the day in a time zone. An end at or before the start lies on the next day."""

    days: tuple[int, ...]
    start: int
    end: int
    zone: str


def parse(text: str) -> Hours:
    """Read one window. Raises ValueError with what is wrong."""
    match = _WINDOW.fullmatch(text.strip())
    if match is None:
        raise ValueError("it must read like `Mon-Thu 09:00-16:00 Europe/Berlin`")
    try:
        ZoneInfo(match["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"`{match['zone']}` is no time zone known here") from None
    return Hours(
        days=_days(match["days"]), start=_minutes(match["start"]), end=_minutes(match["end"]), zone=match["zone"]
    )


def within(windows: tuple[str, ...], now: float) -> bool | None:
    """Whether `now` (seconds since the epoch) lies in every window; None where there is none."""
    return all(_inside(parse(text), now) for text in windows) if windows else None


def _inside(hours: Hours, now: float) -> bool:
    local = datetime.fromtimestamp(now, ZoneInfo(hours.zone))
    minute, yesterday = local.hour * 60 + local.minute, (local - timedelta(days=1)).weekday()
    if hours.start < hours.end:
        return local.weekday() in hours.days and hours.start <= minute < hours.end
    return (local.weekday() in hours.days and minute >= hours.start) or (yesterday in hours.days and minute < hours.end)


def _days(text: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in DAYS or last not in DAYS:
            raise ValueError(f"`{part}` is no day or span of days; days are {' '.join(DAYS)}")
        begin, end = DAYS.index(first), DAYS.index(last)
        found.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return tuple(sorted(found))


def _minutes(text: str) -> int:
    hour, minute = int(text[:2]), int(text[3:])
    if minute > 59 or hour * 60 + minute > _DAY_MINUTES:
        raise ValueError(f"`{text}` is no time of day")
    return hour * 60 + minute
