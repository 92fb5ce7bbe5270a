"""Prints what was measured: ratios beside every absolute number."""

from bench.measure import Seen, middle
from bench.stages import Stages
from bench.world import Record


def closed_table(seen: dict[str, Seen], memory: dict[str, float], *, e: str) -> None:
    """Closed loop, 16 connections; E is the floor."""
    floor = seen[e]
    print(f"\nClosed loop, 16 connections, one worker on one core; E = {e}")
    print(f"{'':28}{'req/s':>8}{'of E':>7}{'p50 ms':>8}{'p99 ms':>8}{'p99/E':>7}{'CPU µs':>8}{'PSS MiB':>9}{'bad':>5}")
    for name, one in seen.items():
        print(f"{name:28}{one.rate:8.0f}{one.rate / floor.rate:7.2f}{one.p50:8.1f}{one.p99:8.1f}{one.p99 / floor.p99:7.2f}"
              f"{one.cpu_us:8.0f}{memory[name]:9.0f}{one.refused + one.broken:5}")
    for kind in ("gunicorn", "granian"):
        ours, peers = seen.get(f"product / {kind}"), [s for n, s in seen.items() if n.endswith(kind) and "echo" in n]
        if ours and peers:
            both = "  ".join(f"{n.split(' ')[0]} {ours.rate / s.rate:.2f}" for n, s in seen.items() if s in peers)
            print(f"like for like on {kind}: product is this part of each echo: {both}")


def spreads(seen: dict[str, list[Seen]]) -> None:
    """How far the rounds were apart: what the ratios are worth."""
    worst = max((max(r.rate for r in rounds) / min(r.rate for r in rounds) - 1, name) for name, rounds in seen.items())
    print(f"rounds differ by up to {worst[0] * 100:.0f} % ({worst[1]})")


def open_line(rate: float, seen: Seen) -> None:
    """Half of the own maximum."""
    print(f"\nOpen loop at {rate:.0f}/s (half of own maximum), from the due time: p50 {seen.p50:.1f} ms, p99 {seen.p99:.1f} ms, "
          f"worst {seen.worst:.0f} ms; {seen.answered} answered, {seen.refused} refused, {seen.unsent + seen.broken} lost")


def record(found: Record) -> None:
    """What the database holds, so that the numbers are numbers of real work."""
    intents = ", ".join(f"{name} {count}" for name, count in sorted(found.intents.items(), key=lambda i: -i[1]))
    print(f"on record: {found.messages} messages ({found.failed} failed), {found.ballots} ballots; audit chain {found.chain}\n"
          f"understood as: {intents}")


def broken_chain(found: Record) -> None:
    """Speaks only when something is wrong."""
    if not found.chain.startswith("intact") or found.failed:
        print(f"WRONG: {found.failed} failed messages, audit chain {found.chain}")


def shim_table(seen: dict[str, Seen]) -> None:
    """What a slow disk costs."""
    fast = seen["fast disk"]
    print("\nSlow disk: every fsync takes 4 ms longer")
    for name, one in seen.items():
        print(f"{name:28}{one.rate:8.0f} req/s{one.rate / fast.rate:7.2f} of fast   p50 {one.p50:.1f} ms  p99 {one.p99:.1f} ms")
    print(f"one commit per message would allow at most {1000 / 4.2:.0f}/s here")


def overload(most: float, seen: Seen, accepted: set[str], stored: list[str], found: Record, waited: float) -> None:
    """What became of everything that was accepted."""
    lost, twice = accepted - set(stored), len(stored) - len(set(stored))
    print(f"\nOverload: {most * 2.5:.0f}/s offered, 2.5 times the {most:.0f}/s of its closed loop")
    print(f"accepted {seen.answered} ({seen.rate:.0f}/s; {seen.spoken} answered at once, {seen.answered - seen.spoken} put on record and "
          f"answered later), refused with 503 {seen.refused}, no connection or cut {seen.broken + seen.unsent}")
    print(f"slowest answer {seen.worst / 1000:.2f} s, p50 {seen.p50:.0f} ms, p99 {seen.p99:.0f} ms; later than 4.5 s: {seen.late}")
    print(f"accepted and lost: {len(lost)}; stored twice: {twice}; failed: {found.failed}; still parked after {waited:.0f} s: "
          f"{found.parked}; replies through the outbox: {found.late_replies}; audit chain {found.chain}")


def stages(found: Stages) -> None:
    """Where the time goes."""
    print(f"\nOne thread, one commit per message: {found.whole:.0f} µs a message, {found.statements:.1f} SQL statements "
          f"({found.sql:.0f} µs of it)")
    for name, spent in found.steps:
        print(f"  {name:40}{spent:7.0f} µs {spent / found.whole * 100:5.0f} %")
    print("  by kind: " + ", ".join(f"{name} {us:.0f} µs" for name, _, us in found.kinds))


def postgres_table(rows: list[tuple[str, list[tuple[Seen, float]], str, float]]) -> None:
    """PostgreSQL by workers, with what bounds it."""
    print("\nPostgreSQL (embedded, synchronous_commit on), closed loop, 16 connections; load and database share the other core")
    print(f"{'':22}{'req/s':>8}{'of 1':>6}{'p50 ms':>8}{'p99 ms':>8}{'app µs':>8}{'PG µs':>7}{'PSS MiB':>9}{'503':>5}")
    first = middle([s for s, _ in rows[0][1]]).rate
    for name, rounds, waits, memory in rows:
        one = middle([s for s, _ in rounds])
        pg_us = sorted(us for _, us in rounds)[len(rounds) // 2]
        print(f"{name:22}{one.rate:8.0f}{one.rate / first:6.2f}{one.p50:8.1f}{one.p99:8.1f}{one.cpu_us:8.0f}{pg_us:7.0f}{memory:9.0f}"
              f"{one.refused:5}\n{'':22}busy sessions: {waits}")
