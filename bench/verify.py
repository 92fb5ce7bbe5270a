"""`python -m bench.verify`: 100,000 ballots exported, proved and verified, for kinds cheap and dear to count. Prints numbers only."""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain import export, merkle, receipts
from verify import linyi_verify

BALLOTS = 100_000
OPENS = datetime(2026, 3, 1, tzinfo=UTC)
VERIFIER = Path(__file__).parents[1] / "verify" / "linyi_verify.py"
OWNERS = {"name": "owner_special", "preset": "mfd_2021", "quorum": ["2/3", "at_least"], "pass": ["3/4", "at_least"]}


def marks(chance: random.Random, n: int) -> str:
    """Some of n options."""
    return ",".join(map(str, sorted(chance.sample(range(n), chance.randint(1, min(n, 10))))))


def ranking(chance: random.Random, n: int) -> str:
    """Some of n candidates, from best to worst."""
    return ">".join(map(str, chance.sample(range(n), chance.randint(1, n))))


CASES: dict[str, tuple[str, int, dict[str, Any], Callable[[random.Random], str]]] = {
    "owner vote": ("stance", 3, {}, lambda c: str(c.choice([0, 0, 0, 0, 1, 2]))),
    "approval of 10": ("approval", 10, {}, lambda c: marks(c, 10)),
    "instant runoff of 13": ("ranked", 13, {"method": "irv", "lot": list(range(13))}, lambda c: ranking(c, 13)),
    "schulze of 13": ("ranked", 13, {"method": "schulze", "lot": list(range(13))}, lambda c: ranking(c, 13)),
    "stv of 13 for 5 seats": ("ranked", 13, {"method": "stv", "seats": 5, "lot": list(range(13))}, lambda c: ranking(c, 13)),
    "equal shares of 60": ("budget", 60, {"method": "equal_shares", "limit": 100_000_000, "lot": list(range(60)), "costs": [
        1_000_000 + 137_911 * i for i in range(60)]}, lambda c: marks(c, 60)),
    "times, 20": ("times", 20, {}, lambda c: marks(c, 20)),
}


def main() -> None:
    """One line per kind."""
    for name, (kind, n, rules, choose) in CASES.items():
        chance = random.Random(name)
        owners = kind == "stance"
        poll = export.Poll("小区", 1, "题目", "说明", [f"选项{i}" for i in range(n)], kind, rules, OWNERS if owners else {"name": "straw"},
                           "staff", OPENS, OPENS + timedelta(days=7), OPENS + timedelta(days=7),
                           export.Electorate(BALLOTS, BALLOTS, BALLOTS * 9000))
        codes = chance.sample(range(1 << receipts.BITS), BALLOTS)
        ballots = [export.Ballot(receipts.code(code), choose(chance), "counted", f"p{i}", f"{code:x}", head=f"h{i}" if owners else None,
                                 area=9000 if owners else None) for i, code in enumerate(codes)]
        log = [export.Row(OPENS, "opened"), *(export.Row(OPENS + timedelta(seconds=i), "cast", receipts.commitment(b.receipt, b.choice, b.salt))
                                              for i, b in enumerate(ballots)), export.Row(OPENS + timedelta(days=7), "closed")]
        facts = [{"receipt": b.receipt, "choice": b.choice, "state": b.state} | ({"head": b.head, "area": b.area} if owners else {}) for b in ballots]
        described = export.poll_file(poll)
        begun = time.perf_counter()
        result = linyi_verify.recount(facts, described)
        counted = time.perf_counter() - begun
        result["class"] = linyi_verify.recount_class(facts, described, {}, linyi_verify.Findings())
        begun = time.perf_counter()
        files = export.build(poll, ballots, log, result, audit_head="")
        built = time.perf_counter() - begun
        data = export.zipped(files)
        zipped = time.perf_counter() - begun - built
        lines = files["ballots.jsonl"].splitlines()
        begun = time.perf_counter()
        tree = merkle.tree(lines)
        rooted = time.perf_counter() - begun
        tree.path(77_777)
        proved = time.perf_counter() - begun - rooted
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "export.zip").write_bytes(data)
            begun = time.perf_counter()
            done = subprocess.run([sys.executable, "-I", "-S", VERIFIER, "export.zip"], cwd=folder, capture_output=True, check=False)
            verified = time.perf_counter() - begun
        print(f"{name}: built {built:.2f} s, zipped {zipped:.2f} s ({len(data) / 1e6:.1f} MB), root {rooted:.2f} s, proof {proved * 1e6:.0f} µs, "
              f"verifier's count {counted:.2f} s, verified alone {verified:.2f} s ({'right' if done.returncode == 0 else 'WRONG'})", flush=True)


if __name__ == "__main__":
    main()
