"""Judges a run by the driver's history, the platform's record of calls and plain SQL; imports nothing of the product."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.faults.driver import Driver
from tests.faults.plan import GROUPS, OPTIONS, Said
from tests.faults.town import Town

Row = dict[str, Any]
MIDST = 0.001  # stamps of the database are cut to the microsecond


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
            if row["state"] == "dead" and "45047" in (row["error"] or ""):  # the 公众号 may write to nobody six times
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


class Ballots:
    """Every ballot once, the last one sent counts, and each frozen tally is what a recount from the plan gives."""

    def __init__(self, checker: Checker):
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


class Posts:
    """Each result in each group once; twice only where the outbox itself says that it could not know."""

    def __init__(self, checker: Checker):
        self.checker, self.town, self.verdict = checker, checker.town, checker.verdict
        lines = [json.loads(line) for line in self.town.calls.read_text("utf-8").splitlines()] if self.town.calls.exists() else []
        self.calls = [each for each in lines if each["errcode"] == 0]
        self.doubtful = {row["key"]: row["doubtful"] for row in self.town.rows("SELECT key, doubtful FROM outbox")}

    def check(self) -> None:
        """Words, pictures and reminders."""
        groups = {row["id"]: row["name"] for row in self.town.rows("SELECT id, name FROM chat")}
        keys = {f"{g + 1}号群": f"faults-key-{g}" for g in range(GROUPS)}
        where: defaultdict[str, list[int]] = defaultdict(list)
        for row in self.town.rows("SELECT p.id, c.chat_id FROM poll p JOIN poll_chat c ON c.poll_id = p.id"):
            where[keys[groups[row["chat_id"]]]].append(row["id"])
            self._result(row["id"], row["chat_id"], keys[groups[row["chat_id"]]])
        for key, polls in where.items():
            self._pictures(key, polls, {chat: keys[name] for chat, name in groups.items()})
        self._private()

    def _sent(self, key: str) -> list[Row]:
        return [each for each in self.calls if each["endpoint"] == "webhook" and each.get("key") == key]

    def _result(self, poll_id: int, chat_id: int, key: str) -> None:
        said = next((s for s in self.checker.said if s.poll and s.kind == "poll"
                     and s.poll.number == self._number(poll_id)), None)
        if said is None:
            self.verdict.wrong("unknown", f"poll {poll_id}")
            return
        news = Counter(each["body"]["text"]["content"] for each in self._sent(key)
                       if each["body"].get("msgtype") == "text" and said.word in each["body"]["text"]["content"])
        wanted = {"result"} if said.chat is not None else {"open", "result"}
        if len(news) != len(wanted):
            self.verdict.wrong("post", f"poll {poll_id} in {key}: {len(news)} kinds of news instead of {len(wanted)}")
        self.verdict.counts["posts"] += sum(news.values())
        self._at_most(news, [f"poll:{poll_id}:{what}:chat:{chat_id}" for what in wanted], f"poll {poll_id} in {key}")

    def _number(self, poll_id: int) -> int:
        return int(self.town.rows("SELECT number FROM poll WHERE id = :id", id=poll_id)[0]["number"])

    def _pictures(self, key: str, polls: list[int], chats: dict[int, str]) -> None:
        seen = Counter(each["body"]["image"]["md5"] for each in self._sent(key) if each["body"].get("msgtype") == "image")
        if len(seen) != len(polls):
            self.verdict.wrong("post", f"{len(seen)} different pictures for {len(polls)} polls in {key}")
        rows = [row for row in self.doubtful if row.endswith(":chart") and chats[int(row.split(":")[-2])] == key]
        self.verdict.counts["pictures"] += sum(seen.values())
        self._at_most(seen, rows, f"pictures in {key}")

    def _private(self) -> None:
        """Each private post once: a reminder to a voter, a late answer to a parked message."""
        sent = Counter(each["body"]["text"]["content"] for each in self.calls if each["endpoint"] == "custom_send")
        rows = self.town.rows("SELECT key, text FROM outbox WHERE channel = 'mp' AND state = 'sent'")
        decided = Counter(row["text"] for row in rows)
        self.verdict.counts["private"] = sum(sent.values())
        allowed = sum(max(1, self.town.caught[row["key"]]) for row in rows if self.doubtful[row["key"]])
        if decided - sent:
            self.verdict.wrong("post", f"private posts are missing: {decided - sent}")
        if (sent - decided).total() > allowed:
            self.verdict.wrong("posted twice", f"private posts: {sent - decided}, {allowed} allowed")

    def _at_most(self, seen: Counter[Any], rows: list[str], what: str) -> None:
        """A post comes again only when its sender died over it, once for each death, and the outbox says so."""
        doubtful = [row for row in rows if self.doubtful.get(row)]
        repeats = sum(times - 1 for times in seen.values())
        allowed = sum(max(1, self.town.caught[row]) for row in doubtful)
        self.verdict.counts["posts.repeated"] += repeats
        self.verdict.counts["posts.doubtful"] += len(doubtful)
        if repeats > allowed or sum(times > 1 for times in seen.values()) > len(doubtful):
            self.verdict.wrong("posted twice", f"{what}: {repeats} repeats, {allowed} allowed, {len(doubtful)} marked doubtful")


def instant(value: Any) -> datetime:
    """A time of either database."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
