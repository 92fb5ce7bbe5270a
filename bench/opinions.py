"""A round of 100,000 people and 1,000 statements, a tenth of them seen: the whole computation, its memory, and one live vote."""

import multiprocessing
import os
import resource
import time

import numpy as np

from bench.parts import Plan
from opinions.live import Live
from opinions.matrix import from_arrays
from opinions.rounds import analyse


def run(plan: Plan) -> None:
    """In a process of its own, so that the peak of memory is this part's."""
    people, statements = (10_000, 300) if plan.quick else (100_000, 1_000)
    print(f"\nOpinions: {people:,} people × {statements:,} statements, 10 % seen (aims at 100,000 × 1,000: 10 s, 1 GB; a live vote 1 ms)")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        build, first, again, cpu, peak, vote = pool.apply(measure, (people, statements))
    print(f"  table {build:5.2f} s   first analysis {first:5.2f} s   next one {again:5.2f} s   CPU of table and first {cpu:5.2f} s   peak RSS {peak:,.0f} MB   "
          f"live vote {vote * 1000:.3f} ms (99th of 100)")


def planted(people: int, statements: int, seed: int = 1, share: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and values of votes of three camps that differ on half of the statements; and the camps."""
    rng = np.random.default_rng(seed)
    camp = rng.integers(0, 3, people).astype(np.int8)
    lean = np.where(np.arange(statements) % 2, rng.choice([0.15, 0.85], (3, statements)), 0.6).astype(np.float32)
    size = int(people * statements * share)
    rows = rng.integers(0, people, size, dtype=np.int32)
    columns = rng.integers(0, statements, size, dtype=np.int32)
    values = np.where(rng.random(size, np.float32) < lean[camp[rows], columns], 1, -1).astype(np.int8)
    values[rng.random(size, np.float32) < 0.1] = 0
    return rows, columns, values, camp


def measure(people: int, statements: int) -> tuple[float, float, float, float, float, float]:
    """Seconds for the table, the first and the second analysis, CPU seconds (on a busy machine these tell), megabytes, seconds of a live vote."""
    os.sched_setaffinity(0, range(os.cpu_count() or 1))  # all cores, not the load's alone
    rows, columns, values, camp = planted(people, statements)
    busy = time.process_time()
    begun = time.perf_counter()
    votes = from_arrays(rows, columns, values, people=range(people), statements=range(statements))
    built = time.perf_counter()
    found = analyse(votes)
    found.representative(), found.consensus(), found.group_informed(), found.priorities()
    first, busy = time.perf_counter(), time.process_time() - busy
    again = analyse(votes, found.state)
    second = time.perf_counter()
    assert found.state.groups == again.state.groups == 3 and (found.group == again.group).mean() > 0.999
    assert all(np.bincount(found.group[camp == n]).max() > 0.9 * (camp == n).sum() for n in range(3)), "the camps were not found"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return built - begun, first - built, second - first, busy, peak, _live(statements)


def _live(statements: int) -> float:
    live, rng = Live(range(statements)), np.random.default_rng(2)
    times = []
    for _ in range(10_000):
        person, statement, value = int(rng.integers(500)), int(rng.integers(statements)), int(rng.integers(-1, 2))
        begun = time.perf_counter()
        live.vote(person, statement, value)
        times.append(time.perf_counter() - begun)
    return float(np.quantile(times, 0.99))
