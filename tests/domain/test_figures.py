"""The figures by their formulas: every edge of a denominator, and the same from the lines of the course."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.figures import Case, Figure, Line, Rate, counts, meets, rates, replay, silent

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
H = timedelta(hours=1)


def _in(figure: Figure, **facts: Any) -> tuple[bool, bool]:
    case = Case(**facts)
    return counts(figure, case, NOW), meets(figure, case, NOW)


@pytest.mark.parametrize(("figure", "facts", "expected"), [
    (Figure.RESPONSE, {}, (False, False)),
    (Figure.RESPONSE, {"contact_due": NOW + H}, (False, False)),  # there is still time
    (Figure.RESPONSE, {"contact_due": NOW}, (False, False)),  # the last moment is in time
    (Figure.RESPONSE, {"contact_due": NOW - H}, (True, False)),
    (Figure.RESPONSE, {"contact_due": NOW - H, "contacted_at": NOW - H}, (True, True)),
    (Figure.RESPONSE, {"contact_due": NOW - H, "contacted_at": NOW}, (True, False)),
    (Figure.SOLVED, {"solved": None, "state": "closed", "resolved_at": NOW}, (False, False)),  # silence
    (Figure.SOLVED, {"solved": True}, (True, True)),
    (Figure.SOLVED, {"solved": False}, (True, False)),
    (Figure.SATISFIED, {"rating": None}, (False, False)),
    (Figure.SATISFIED, {"rating": "fair"}, (True, True)),
    (Figure.SATISFIED, {"rating": "dissatisfied"}, (True, False)),
    (Figure.ON_TIME, {"state": "in_progress", "resolved_at": NOW, "due_at": NOW}, (False, False)),  # opened again: not done
    (Figure.ON_TIME, {"state": "resolved", "resolved_at": NOW, "due_at": NOW}, (True, True)),
    (Figure.ON_TIME, {"state": "closed", "resolved_at": NOW, "due_at": NOW - H}, (True, False)),
    (Figure.ON_TIME, {"state": "closed", "resolved_at": NOW}, (True, True)),  # nothing was promised, nothing is late
    (Figure.ON_TIME, {"state": "closed"}, (False, False)),  # a vote that failed was no work
    (Figure.RETURNED, {"returned": 0}, (False, False)),
    (Figure.RETURNED, {"assigned_at": NOW, "returned": 2}, (True, True)),
    (Figure.RETURNED, {"returned": 1}, (True, True)),  # sent back, and nobody has it yet
    (Figure.REOPENED, {"closed_at": NOW, "reopened": 0}, (True, False)),
    (Figure.SOLVED, {"solved": False, "excused": True}, (False, False)),
])
def test_who_counts(figure: Figure, facts: dict[str, Any], expected: tuple[bool, bool]) -> None:
    assert _in(figure, **facts) == expected


def test_a_share_of_nothing_is_a_dash_and_shares_are_never_rounded_up() -> None:
    assert [str(Rate(*r)) for r in ((0, 0), (0, 3), (2, 3), (3, 3), (19999, 20000))] == ["—", "0.00%", "66.66%", "100.00%", "99.99%"]
    assert all(str(r) == "—" for r in rates([], NOW).values())


def test_silence_is_reported_beside_the_figures() -> None:
    closed = Case(state="closed", resolved_at=NOW)
    assert silent(closed)
    assert not any(silent(c) for c in (Case(state="closed"), Case(state="closed", resolved_at=NOW, solved=True),
                                       Case(state="resolved", resolved_at=NOW), Case(state="closed", resolved_at=NOW, excused=True)))


def test_the_course_alone_tells_the_issue() -> None:
    """What every act of a kind means, unless its line says otherwise; a course without a beginning is none."""
    def line(hour: int, act: str, to: str | None, **facts: Any) -> Line:
        return Line(NOW + hour * H, act, to, facts or None)
    course = [line(0, "submit", "submitted"), line(1, "accept", "accepted"),
              line(2, "assign", "assigned", party_id=4, due_at=(NOW + 9 * H).isoformat(), contact_due=(NOW + 5 * H).isoformat()),
              Line(NOW + 3 * H, "return", "accepted", None, 4),
              line(4, "assign", "assigned", party_id=5, contact_due=(NOW + 8 * H).isoformat()), line(5, "take_on", "in_progress"),
              line(6, "contact", "in_progress"), line(7, "contact", "in_progress"), line(8, "resolve", "resolved"),
              line(9, "confirm", "closed", solved=True, rating="fair"), line(10, "reopen", "in_progress"), line(11, "support", None)]
    assert replay(course) == Case(
        state="in_progress", raised_at=NOW, party_id=5, assigned_at=NOW + 4 * H, contact_due=NOW + 8 * H, contacted_at=NOW + 6 * H,
        due_at=NOW + 9 * H, resolved_at=NOW + 8 * H, closed_at=NOW + 9 * H, solved=True, rating="fair", returned=1, reopened=1,
        sent_to=frozenset({4, 5}), back_from=frozenset({4}))
    assert replay(course[1:]) is None
