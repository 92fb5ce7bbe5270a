"""The hours in which nobody is disturbed."""

from datetime import UTC, datetime, time

import pytest

from domain.clock import SHANGHAI, QuietHours


def at(text: str) -> datetime:
    """A moment in Shanghai, as UTC."""
    return datetime.strptime(f"2026-03-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(("moment", "allowed", "closing"), [
    ("02 20:59", "02 20:59", "02 20:59"), ("02 21:00", "03 08:00", "03 09:00"), ("03 00:00", "03 08:00", "03 09:00"),
    ("03 07:59", "03 08:00", "03 09:00"), ("03 08:00", "03 08:00", "03 08:00")])
def test_quiet_hours(moment: str, allowed: str, closing: str) -> None:
    """From nine in the evening to eight in the morning; a deadline in between moves to nine."""
    quiet = QuietHours()
    assert quiet.next_allowed(at(moment)) == at(allowed)
    assert quiet.closing(at(moment)) == at(closing)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    """A pause at noon, and an empty interval."""
    noon = QuietHours(time(12), time(14))
    assert noon.next_allowed(at("02 13:00")) == at("02 14:00")
    assert not QuietHours(time(0), time(0)).cover(at("02 00:00"))
