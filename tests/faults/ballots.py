"""Ballots: once each, the last sent counts, and frozen tallies equal a recount from the plan."""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.faults.plan import OPTIONS, Said

if TYPE_CHECKING:
    from tests.faults.checker import Checker

Row = dict[str, Any]
MIDST = 0.001  # stamps of the database are cut to the microsecond


class Ballots:
    """Every ballot once, the last one sent counts, and each frozen tally is what a recount from the plan gives."""

    def __init__(self, checker: "Checker"):
        self.checker, self.town, self.verdict = checker, checker.town, checker.verdict
        self.log: defaultdict[int, list[Row]] = defaultdict(list)
        for row in self.town.rows("SELECT id, poll_id, voter, choice, message_id FROM ballot_log ORDER BY id"):
            self.log[row["message_id"]].append(row)
        self.polls = {row["number"]: row for row in self.town.rows(
            "SELECT id, number, state, result, closes_at, closed_at FROM poll")}
        self.counted: defaultdict[tuple[int, str], list[Said]] = defaultdict(list)

    def check(self) -> None:
        """All polls of the plan."""
        votes = [said for said in self.checker.said if said.kind == "vote"]
        for said in votes:
            self._one(said)
        for said in votes:
            self._refused(said)
        kept = {(row["poll_id"], row["voter"]): row for row in self.town.rows(
            "SELECT poll_id, voter, choice FROM ballot WHERE choice <> ''")}
        last = {key: max(each, key=lambda s: s.sent) for key, each in self.counted.items()}
        for key in kept.keys() | last.keys():
            if key not in kept or key not in last or kept[key]["choice"] != str(last[key].option):
                sent = last[key].n if key in last else None
                self.verdict.wrong("ballot", f"{key} is {kept.get(key)}, last sent was message {sent}")
        opened = [said for said in self.checker.said if said.kind == "poll"]
        if len(self.polls) > len(opened):
            self.verdict.wrong("doubled", f"{len(self.polls)} polls from {len(opened)} messages")
        for said in opened:
            self._poll(said, last)
        self.verdict.counts["ballots"] = len(kept)
        self.verdict.counts["ballots.log"] = sum(map(len, self.log.values()))

    def _one(self, said: Said) -> None:
        row, poll = self.checker.row_of(said), said.poll
        found = self.log.get(row["id"], []) if row else []
        if row is None or poll is None or not found:
            return
        if len(found) > 1:
            self.verdict.wrong("doubled", f"the ballot of message {said.n} was logged {len(found)} times")
        voter = f"home:{self.checker.homes[said.who.home]}" if poll.household else f"person:{self.checker.person(said)}"
        where = self.polls[poll.number]["id"]
        if (found[0]["poll_id"], found[0]["voter"], found[0]["choice"]) != (where, voter, str(said.option)):
            self.verdict.wrong("ballot", f"message {said.n} was recorded as {found[0]}")
        self.counted[where, voter].append(said)
        began = min(each.began for each in self.checker.driver.history[said.n])
        if began > poll.closes_at + MIDST:
            self.verdict.wrong("deadline", f"message {said.n} counted, first sent {began - poll.closes_at:.3f} s after closing")

    def _refused(self, said: Said) -> None:
        """An acknowledged ballot that was not recorded came too late, or a later one was there already."""
        row, poll, answers = self.checker.row_of(said), said.poll, self.checker.driver.acked(said)
        if not answers or poll is None or row is None or self.log.get(row["id"]):
            return
        late = min(each.ended for each in answers) >= poll.closes_at - MIDST
        voter = f"home:{self.checker.homes[said.who.home]}" if poll.household else f"person:{self.checker.person(said)}"
        where = self.polls[poll.number]["id"] if poll.number in self.polls else 0
        older = any(each.sent > said.sent for each in self.counted.get((where, voter), []))
        self.verdict.counts["ballots.late"] += late
        self.verdict.counts["ballots.older"] += older and not late
        if not late and not older:
            self.verdict.wrong("lost", f"the ballot of message {said.n} came in time and was not counted: {answers[0].words}")

    def _poll(self, said: Said, last: dict[tuple[int, str], Said]) -> None:
        row = self.polls.get(said.poll.number) if said.poll else None
        if row is None:
            if self.checker.driver.acked(said):
                self.verdict.wrong("lost", f"the poll of message {said.n}")
            return
        if row["state"] != "closed":
            self.verdict.wrong("open", f"P{row['number']} is still {row['state']}")
            return
        self.verdict.counts["polls"] += 1
        result = json.loads(row["result"]) if isinstance(row["result"], str) else row["result"]
        marks = Counter(each.option for (poll_id, _), each in last.items() if poll_id == row["id"])
        if result["marks"] != [marks[o] for o in range(len(OPTIONS))] or result["ballots"] != sum(marks.values()):
            self.verdict.wrong("tally", f"P{row['number']} says {result}, a recount says {dict(marks)}")
        if instant(row["closed_at"]) < instant(row["closes_at"]):
            self.verdict.wrong("deadline", f"P{row['number']} closed before its time")


def instant(value: Any) -> datetime:
    """A time of either database."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
