"""The console's pages over all logs: one search box, the story of a thing, the newest as it comes, the state of the chain."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, g, make_response, render_template, request, url_for

from domain.clock import SHANGHAI
from domain.roles import Where
from models import secret
from models.base import Database, Tx
from services import anchors, audit, browse, journal, paging, searching, sight, story
from services.paging import Filter
from texts.say import day
from web.lists import LISTS
from web.policy import POLLING
from web.words import visible, word

LONGEST = 100  # characters of a query
LIVE = 30  # lines of the live page
LOGS = ("messages", "readings", "outbox", "deliveries", "sweeps", "logins", "reveals", "audit")  # one page each, side by side
EACH = 20  # of each kind
PIECE = 100_000  # rows of the audit chain in one answer: a second or two
HOUR_S = 3600
WORDS = 120  # characters of a live line
_LIVE = (("messages", "message", "who", "said", "understood"), ("deliveries", "try", "to", "content", "result"),
         ("audit", "audit", "who", "object", "did"))  # list, kind, and the columns that a line shows
_FOR_SEARCH = {name: replace(listing, deeds=False, columns=tuple(c for c in listing.columns if c.name not in ("detail", "hash")))
               for name, listing in LISTS.items()}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the live page; the key tells the script which lines are there already."""

    key: str
    at: datetime
    kind: str
    who: str
    text: str
    chip: str
    story: tuple[str, int] | None


class LogPages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime]):
        self.db, self.clock = db, clock

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/search", "search", self.search)
        for kind in story.KINDS:  # an address each, so that each can be opened to other roles
            console.add_url_rule(f"/story/{kind}/<int:key>", f"story_{kind}", self.story_view(kind))
        console.add_url_rule("/live", "live", self.live)
        console.add_url_rule("/live/rows", "live_rows", self.live_rows)
        console.add_url_rule("/audit/verify", "verify", self.verify, methods=["GET", "POST"])

    def search(self) -> Any:
        """Everything that fits what stands in the box; the address holds it, so that it can be passed on."""
        said = request.args.get("q", "").replace("\0", "").strip()[:LONGEST]
        asked = searching.read(said, self.clock())
        with self.db.read() as tx:
            found = searching.find(tx, g.login.actor, asked, _where()) if said else None
            called = {} if isinstance(_where(), int) else browse.communities(tx)
            names = {name: LISTS[name].names(tx, page.rows) for name, page in found.lists.items()} if found else {}
        links = {name: _all_of(name, found) for name in found.lists} if found else {}
        return render_template("console/search.html", said=said, found=found, lists=_FOR_SEARCH, names=names, links=links,
                               called=called, read_as=_read_as(asked))

    def story_view(self, kind: str) -> Callable[[int], Any]:
        """What led to a thing of this kind and what came of it."""
        def view(key: int) -> Any:
            with self.db.read() as tx:
                found = story.of(tx, g.login.actor, kind, key) if key <= paging.LARGEST else None
            if found is None:
                abort(404)
            return render_template("console/story.html", story=found, kind=kind, key=key)
        return view

    def live(self) -> Any:
        """The newest lines of all logs; a script asks for more, nothing is held open."""
        g.policy = POLLING
        with self.db.read() as tx:
            lines = _newest(tx)
        return render_template("console/live.html", lines=lines)

    def live_rows(self) -> Any:
        """The newest lines alone. All of them each time: of two writers the slower may come in below the faster."""
        with self.db.read() as tx:
            return render_template("console/_live.html", lines=_newest(tx))

    def verify(self) -> Any:
        """Walks the audit chain piece by piece: each answer comes within seconds, says how far it is, and leads on by itself."""
        now = int(self.clock().timestamp())
        begun, since = (now, audit.BEGINNING) if request.method == "POST" else _came_to(request.args.get("at", ""), now)
        with self.db.read() as tx:
            total = audit.length(tx)
            verdict = audit.verify(tx, since=since, most=PIECE) if since is not None else None
            lost = list(anchors.lost(tx)) if verdict is not None and not verdict.more else []
        onward = url_for("console.verify", at=_milestone(begun, verdict)) if verdict is not None and verdict.more else None
        answer = make_response(render_template("console/verify.html", verdict=verdict, total=total, onward=onward, lost=lost))
        if onward:
            answer.headers["Refresh"] = f"1; url={onward}"
        return answer


def _milestone(begun: int, so_far: audit.Verdict) -> str:
    """How far the walk that began then has come; only we can write one, so that nobody begins in the middle."""
    parts = (str(begun), str(so_far.rows), so_far.head)
    return "-".join((*parts, secret.fingerprint("audit.verify", *parts)))


def _came_to(said: str, now: int) -> tuple[int, audit.Verdict | None]:
    """The milestone of a walk that began within the hour; none for anything else."""
    begun, rows, head, *_ = (*said.split("-"), "", "", "")
    if not (begun.isdecimal() and rows.isdecimal() and 0 <= now - int(begun) <= HOUR_S):
        return now, None
    reached = audit.Verdict(int(rows), head)
    return (int(begun), reached) if compare_digest(said.encode(), _milestone(int(begun), reached).encode()) else (now, None)


def chain_state(tx: Tx) -> journal.Chain:
    """The state of the chain for the account that looks."""
    return journal.chain(tx, _where())


def _where() -> Where:
    where: Where = g.login.where
    return where


def _read_as(asked: searching.Asked) -> list[str]:
    """How the query was understood, in words."""
    found = [f"{kind}{number}" for kind, number in asked.numbers]
    found += [asked.home] if asked.home else []
    if asked.since and asked.until:
        last = day(asked.until - timedelta(microseconds=1))
        first = day(asked.since)
        found.append(first if first == last else f"{first} – {last}")
    return found + ([word("search.text", text=visible(asked.words))] if asked.words else [])


def _all_of(name: str, found: searching.Results) -> str:
    """The parts of the address under which a list shows everything that was found."""
    asked = found.asked
    days = {"since": asked.since, "until": asked.until - timedelta(microseconds=1) if asked.until else None}
    given = {n: f"{at.astimezone(SHANGHAI):%Y-%m-%d}" for n, at in days.items() if at is not None}
    return urlencode(given | {n: v for n, v in (("person", found.person), ("text", found.text if name != "audit" else "")) if v})


def _newest(tx: Tx) -> list[Line]:
    """Messages, tries to send and deeds, the newest first, each shown as its own list shows it."""
    found: list[Line] = []
    for name, kind, who, text, chip in _LIVE:
        if not sight.reads(g.login.actor, name):
            continue
        listing = LISTS[name]
        rows = listing.rows(tx, Filter(_where(), limit=EACH)).rows
        names = listing.names(tx, rows)
        cells = {c.name: c for c in listing.columns}
        for row in rows:
            if kind == "audit" and row.action.startswith("outbox."):  # the try to send says it
                continue
            at, key = cells["time"].cell(row, names), getattr(row, listing.key)
            told = listing.tells(row)
            says = {name: cells[name].cell(row, names) or "" for name in (who, text, chip)}
            found.append(Line(f"{kind}-{key}", at, kind, says[who], _short(says[text]), says[chip],
                              (listing.story, told) if told is not None else None))
    return sorted(found, key=lambda line: (line.at, line.key), reverse=True)[:LIVE]


def _short(words: str) -> str:
    """One line of it."""
    line = " ".join(words.split())
    return line if len(line) <= WORDS else f"{line[:WORDS]}…"
