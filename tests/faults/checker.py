"""Judges a run by the driver's history, the platform's record of calls and plain SQL; imports nothing of the product."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.ballots import Ballots
from tests.faults.driver import Driver
from tests.faults.plan import Said
from tests.faults.posts import Posts
from tests.faults.town import Town

Row = dict[str, Any]


@dataclass(slots=True)
class Verdict:
    """What is wrong, by kind, and how much was looked at."""

    problems: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def wrong(self, kind: str, text: str) -> None:
        """Writes down one thing that must never happen."""
        self.counts[f"wrong.{kind}"] += 1
        self.problems.append(f"{kind}: {text}")

    def kinds(self) -> set[str]:
        """The kinds of things that went wrong."""
        return {problem.partition(":")[0] for problem in self.problems}


class Checker:
    """One look at everything after the dust has settled."""

    def __init__(self, town: Town, driver: Driver):
        self.town, self.driver, self.verdict = town, driver, Verdict()
        self.said = [each for each in driver.plan.all if not each.forge and driver.history[each.n]]
        self.message = {(row["channel"], row["external_id"]): row for row in town.rows(
            "SELECT id, channel, external_id, state, reply FROM message")}
        self.people = {row["external_id"]: row["person_id"] for row in town.rows("SELECT external_id, person_id FROM identity")}
        self.homes = {row["label"]: row["id"] for row in town.rows("SELECT id, label FROM home")}

    def judge(self) -> Verdict:
        """Everything, in the order of a message's life."""
        self._answers()
        self._forged()
        self._issues()
        self._supports()
        self._supplements()
        Ballots(self).check()
        Posts(self).check()
        self._records()
        return self.verdict

    def row_of(self, said: Said) -> Row | None:
        """The row of a logical message."""
        return self.message.get((said.channel, said.msgid))

    def person(self, said: Said) -> int:
        """Who said it, in the database."""
        return int(self.people[said.who.userid])

    def once(self, said: Said, found: int, what: str) -> None:
        """An acknowledged message has its effect exactly once; any other at most once."""
        if found == 0 and self.driver.acked(said):
            self.verdict.wrong("lost", f"{what} of message {said.n} ({said.msgid}) is missing")
        if found > 1:
            self.verdict.wrong("doubled", f"{what} of message {said.n} ({said.msgid}) came {found} times")

    def _answers(self) -> None:
        """Every acknowledged message is on record, was understood, and got the same words each time."""
        parked = {int(row["key"].split(":")[1]) for row in self.town.rows(
            "SELECT key FROM outbox WHERE key LIKE :late", late="message:%:reply")}
        for said in self.said:
            answers, row = self.driver.acked(said), self.row_of(said)
            self.verdict.counts["messages"] += 1
            self.verdict.counts["tries"] += len(self.driver.history[said.n])
            self.verdict.counts["acknowledged"] += bool(answers)
            self.verdict.counts["duplicated"] += said.copies > 1
            self.verdict.counts["late"] += said.behind > 0
            if not answers:
                continue
            if row is None:
                self.verdict.wrong("lost", f"message {said.n} ({said.msgid}) was acknowledged and has no row")
                continue
            words = {each.words for each in answers}
            if row["id"] in parked:
                self.verdict.counts["parked"] += 1
                words.discard("")
                self._late(said, f"message:{row['id']}:reply")
            elif "" in words or row["state"] == "parked":
                self.verdict.wrong("silent", f"message {said.n} got no answer")
            if len(words) > 1 or any(each.broken for each in answers):
                self.verdict.wrong("answers", f"message {said.n} was answered differently: {words}")
            if row["state"] == "failed":
                self.verdict.wrong("failed", f"message {said.n} ran into a defect")
        known = {(said.channel, said.msgid) for said in self.said}
        for key in set(self.message) - known:
            self.verdict.wrong("unknown", f"a message on record that nobody sent: {key}")

    def _late(self, said: Said, key: str) -> None:
        """A parked message of the group bot is answered later: once, and again only if the sender died over it."""
        times = self.town.road.late[said.msgid]
        if said.channel == "aibot" and not 1 <= times <= 1 + self.town.caught[key]:
            self.verdict.wrong("silent" if not times else "posted twice", f"message {said.n} got {times} late answers")

    def _forged(self) -> None:
        """No forged request was answered with 200 or left a trace."""
        for said in self.driver.plan.all:
            if not said.forge:
                continue
            self.verdict.counts["forged"] += bool(self.driver.history[said.n])
            if self.driver.acked(said) or self.row_of(said) is not None:
                self.verdict.wrong("forged", f"message {said.n} ({said.forge}) was believed")

    def _issues(self) -> None:
        rows = self.town.rows("SELECT number, text FROM issue")
        for said in self.said:
            if said.kind == "issue":
                self.once(said, sum(said.word in row["text"] for row in rows), "the issue")
        numbers = Counter(row["number"] for row in rows if row["number"] is not None)
        if numbers and max(numbers.values()) > 1:
            self.verdict.wrong("doubled", "two issues have one number")
        words = [said.word for said in self.said if said.kind == "issue"]
        if sum(any(word in row["text"] for word in words) for row in rows) != len(rows):
            self.verdict.wrong("unknown", "an issue that nobody reported")
        self.verdict.counts["issues"] = len(rows)

    def _supports(self) -> None:
        rows = Counter((row["number"], row["person_id"]) for row in self.town.rows(
            "SELECT i.number, s.person_id FROM supporter s JOIN issue i ON i.id = s.issue_id"))
        events = Counter((row["number"], row["actor_id"]) for row in self.town.rows(
            "SELECT i.number, e.actor_id FROM issue_event e JOIN issue i ON i.id = e.issue_id WHERE e.act = 'support'"))
        mine = [said for said in self.said if said.kind == "support" and said.about]
        for said in mine:
            assert said.about is not None
            self.once(said, rows[said.about.number, self.person(said)], "the support")
            self.once(said, events[said.about.number, self.person(said)], "the event of the support")
        if set(rows) - {(said.about.number, self.person(said)) for said in mine if said.about}:
            self.verdict.wrong("unknown", "a supporter who never said so")
        self.verdict.counts["supporters"] = sum(rows.values())

    def _supplements(self) -> None:
        rows = self.town.rows("SELECT text FROM issue_event WHERE act = 'supplement'")
        for said in self.said:
            if said.kind == "supplement":
                self.once(said, sum(said.word in row["text"] for row in rows), "the supplement")
        self.verdict.counts["supplements"] = len(rows)

    def _records(self) -> None:
        """The outbox is empty, nothing is dead, and each ballot and issue is in the audit log once."""
        for row in self.town.rows("SELECT id, key, state, error FROM outbox WHERE state <> 'sent'"):
            if row["state"] == "dead" and any(why in (row["error"] or "") for why in (
                    "45047", "too late for this road")):  # the 公众号 may write to nobody six times; refused there or foreseen here
                self.verdict.counts["over quota"] += 1
                continue
            self.verdict.wrong("outbox", f"{row['key']} is {row['state']} ({row['error']})")
        noted = Counter((row["action"], row["object"]) for row in self.town.rows(
            "SELECT action, object FROM audit WHERE action IN ('poll.open', 'poll.close', 'issue.register')"))
        for key, times in noted.items():
            if times > 1:
                self.verdict.wrong("doubled", f"{key} is {times} times in the audit log")
        casts = Counter(json.loads(row["detail"])["message"] for row in self.town.rows(
            "SELECT detail FROM audit WHERE action = 'ballot.cast'"))
        logged = {row["message_id"] for row in self.town.rows("SELECT message_id FROM ballot_log")}
        if set(casts) != logged or (casts and max(casts.values()) > 1):
            self.verdict.wrong("audit", "ballots and their notes in the audit log differ")
