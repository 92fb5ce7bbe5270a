"""The clocks of what is talked about: which deliberation or session a clock is about stands in its `about`."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from domain.timers import Timer
from models.base import Tx
from services import deliberation, round_voice, rounds, session_turns, sessions, timers

_PHASE = re.compile(r"d(\d+):(\d+)")
_TURN = re.compile(r"s(\d+):t(\d+)")
_ROUND = re.compile(r"r(\d+):(half|end)")


@timers.on(Timer.NOTICE)
def _begins(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """What was announced begins: d5 is a deliberation, s3 a session."""
    if clock.about[0] == "s":
        sessions.begin(tx, int(clock.about[1:]), now)
        return
    assert row is not None
    deliberation.begin(tx, int(clock.about[1:]), row, now)


@timers.on(Timer.DISCUSSION)
def _over(tx: Tx, clock: Row[Any], row: Row[Any] | None, now: datetime) -> None:
    """A phase (d5:0), a turn to speak (s3:t7), half of an opinion round (r2:half) or all of it (r2:end) is over."""
    gathers = _ROUND.fullmatch(clock.about)
    if gathers is not None:
        (rounds.time_over if gathers[2] == "end" else round_voice.half_time)(tx, int(gathers[1]), now)
        return
    turn = _TURN.fullmatch(clock.about)
    if turn is not None:
        session_turns.time_over(tx, int(turn[1]), int(turn[2]), now)
        return
    phase = _PHASE.fullmatch(clock.about)
    assert phase is not None and row is not None
    deliberation.over(tx, int(phase[1]), int(phase[2]), clock, row, now)
