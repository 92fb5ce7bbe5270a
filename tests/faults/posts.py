"""Posts: each result in each group once; twice only where the outbox itself says that it could not know."""

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from tests.faults.plan import GROUPS

if TYPE_CHECKING:
    from tests.faults.checker import Checker

Row = dict[str, Any]


class Posts:
    """Each result in each group once; twice only where the outbox itself says that it could not know."""

    def __init__(self, checker: "Checker"):
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
        rows = self.town.rows("SELECT key, text, doubtful FROM outbox WHERE channel = 'mp' AND state = 'sent'")
        replies = {row["id"]: row["reply"] for row in self.town.rows("SELECT id, reply FROM message")}
        decided = Counter(row["text"] or replies[int(row["key"].split(":")[1])] for row in rows)  # an answer leaves no words behind
        self.verdict.counts["private"] = sum(sent.values())
        allowed = sum(max(1, self.town.caught[row["key"]]) for row in rows if row["doubtful"])
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
