"""Every clock has somebody who minds it in each process that lets clocks fire."""

import subprocess
import sys

import pytest

from domain.timers import LIVES, Timer

_LOOK = "from services.timers import _does; print(*sorted(_does))"


@pytest.mark.parametrize("process", ["scheduler.sweeps", "tests.chat_script"])
def test_a_process_that_lets_clocks_fire_knows_what_each_of_them_does(process: str) -> None:
    """A clock without a handler would be tried again for ever; a fresh process has only what it imports itself."""
    run = subprocess.run([sys.executable, "-c", f"import {process}; {_LOOK}"], capture_output=True, text=True, check=True)
    assert run.stdout.split() == sorted(Timer)


def test_only_what_is_promised_and_nothing_of_an_issue_outlives_its_states() -> None:
    """A clock that is in no state's list runs in all of them: that is meant for promises alone."""
    assert set(Timer) - set(LIVES) == {Timer.PROMISE}
