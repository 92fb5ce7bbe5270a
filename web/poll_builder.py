"""A poll as a form: what is filled in becomes the same draft as in chat, is really opened for a look and undone, then published.

The preview is no imitation: the poll is opened by the chat's own verb in a transaction that is rolled back.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy import select

from bot import inbox, orders
from bot.message import Message
from domain.card import Card
from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.kinds import KINDS
from models.base import Tx
from models.tables import chat, poll, poll_chat
from services import audit, browse, cards, electorate, pages, polls, quiet, staff
from services.polls import Draft
from texts.draft import PollDraft
from texts.draft_kinds import STANCES, costs
from texts.normal import printed
from texts.say import poll_rules, say
from web.desk import Desk, number, text

CLASSES = ("straw", "household", "resident_adult", "owner_ordinary", "owner_special", "unanimous")
SECRECY = ("named", "anonymous", "secret")


@dataclass(frozen=True, slots=True)
class Look:
    """How a poll would go out, down to the last word."""

    row: Any
    card: Card
    text: str
    page_text: str
    rules: list[str]
    asked: int
    groups: list[str]
    mute: int  # groups that cannot be posted to yet
    moved: bool
    held: datetime | None  # it is a quiet hour: the posts wait until then


class _Undone(Exception):
    """The preview has been seen; nothing of it shall stay."""


class PollBuilder(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/polls/new", "poll_new", self.page_new)
        console.add_url_rule("/polls/new", "poll_open", self.send, methods=["POST"])

    def page_new(self, wrong: str = "", look: Look | None = None) -> Any:
        """The form, empty or as it was sent, and how the poll would look."""
        where, now = self.where(), self.clock()
        tomorrow = now.astimezone(SHANGHAI).replace(hour=20, minute=0) + timedelta(days=1)
        with self.db.read() as tx:
            return self.page(
                "console/poll_new.html", tx, wrong, look=look, f=request.values, kinds=list(KINDS), classes=CLASSES,
                secrecy=SECRECY, closes=f"{tomorrow:%Y-%m-%dT%H:%M}",
                staff=staff.listed(tx, where), buildings=browse.buildings(tx, where),
                used=staff.used(tx, self.actor(), community_id=where), nonce=text("nonce", 40) or secrets.token_urlsafe(9))

    def send(self) -> Any:
        """Shows how it would go out, or sends it out."""
        try:
            draft = drafted(self.clock())
            if "publish" not in request.form:
                return self.page_new(look=self._look(draft))
            key = self._publish(draft)
        except Refusal as no:
            return self.page_new(wrong=say(no.key, **no.facts)), 400
        return redirect(url_for("console.poll", key=key))

    def _publish(self, draft: Draft) -> int:
        """Opens the poll; the same form sent twice opens one."""
        nonce, now = text("nonce", 40), self.clock()
        with self.db.write() as tx:
            asked = Message(orders.CHANNEL, f"{nonce}:poll", self.actor().who, now, text=draft.title)
            sight = inbox.first_sight(tx, asked, now=now)
            if not sight.repeat:
                opened = self._open(tx, draft, sight.message_id)
                inbox.finish(tx, sight.message_id, community_id=opened.row.community_id, person_id=None, chat_id=None,
                             intent="poll.open", text=draft.title, state="done", reply=polls.card(opened.row), payload=None,
                             card=None, how=None, sure=None)
                audit.seal(tx)
            return int(tx.scalar(select(poll.c.id).where(poll.c.preview_id == sight.message_id)) or 0)

    def _open(self, tx: Tx, draft: Draft, preview_id: int | None) -> polls.Opened:
        where, now = self.where(), self.clock()
        speaker = staff.speaker(tx, self.actor(), community_id=where, person_id=number("person"), now=now)
        return polls.open_poll(tx, speaker, draft, chat_id=None, issue_number=_issue(), preview_id=preview_id, now=now)

    def _look(self, draft: Draft) -> Look:
        """Opens it, looks, and takes everything back."""
        seen: list[Look] = []
        try:
            with self.db.write() as tx:
                seen.append(self._seen(tx, self._open(tx, draft, None)))
                raise _Undone
        except _Undone:
            return seen[0]

    def _seen(self, tx: Tx, opened: polls.Opened) -> Look:
        row, now = opened.row, self.clock()
        groups = tx.all(select(chat.c.name, chat.c.post_address).join_from(poll_chat, chat, chat.c.id == poll_chat.c.chat_id)
                        .where(poll_chat.c.poll_id == row.id).order_by(chat.c.id))
        url = pages.url_of(tx, "poll", row.community_id, row.number)
        page_text = say("poll.card_page", poll=row) + (f"\n{say('page.link', url=url)}" if url else "")
        return Look(row, cards.poll(tx, row), polls.card(row), page_text, poll_rules(row), electorate.size(tx, row),
                    [g.name or say("poll.this_group") for g in groups if g.post_address], sum(not g.post_address for g in groups),
                    opened.moved, quiet.until(tx, row.community_id, now))


def _issue() -> int | None:
    """The number of the issue, as it is called everywhere (I12) or bare; a Refusal for anything else."""
    said = text("issue", 12)
    found = re.fullmatch(r"[Ii]?\s*([0-9]{1,6})", printed(said))
    if said and found is None:
        raise Refusal("desk.issue_unreadable", said=said)
    return int(found[1]) if found else None


def drafted(now: datetime) -> Draft:
    """The form as a draft, with the refusals of the chat."""
    lines = request.form.get("options", "").replace("\0", "").split("\n")
    kind, options = text("kind", 16), tuple(printed(line.strip()) for line in lines if line.strip())
    if kind not in KINDS:
        raise Refusal("kind.unknown")
    options = STANCES if kind == "stance" and not options else options
    rules = _rules(kind, len(options))
    if kind == "budget":
        options, prices = costs(options)
        rules["costs"] = prices
    closes = _moment(text("closes", 20))
    read = PollDraft(title=printed(text("title", 200)), options=options, closes_at=closes, deadline_text=text("closes", 20),
                     kind=kind, past=closes is not None and closes <= now)
    for problem in read.problems:
        if problem != "too_few_options":  # the verb says that itself, with the number
            raise Refusal(f"poll.{problem}", text=read.deadline_text)
    if read.missing == "title" or closes is None:
        raise Refusal("desk.poll_missing")
    secrecy, decides = text("secrecy", 12), text("poll_class", 16)
    if secrecy not in SECRECY or decides not in CLASSES:
        raise Refusal("desk.poll_missing")
    return Draft(read.title, options, closes, most=rules.get("most", 1), household="household" in request.form,
                 anonymous=secrecy == "anonymous", scope=text("scope", 40) or "全小区", kind=kind, rules=rules, poll_class=decides,
                 secret=secrecy == "secret", hides="hides" in request.form, notice_days=number("notice_days"))


def _rules(kind: str, options: int) -> dict[str, Any]:
    """What this kind is counted by, as far as the form says it; the rest is as in chat."""
    given: dict[str, dict[str, Any]] = {
        "multiple": {"least": number("least") or 1, "most": number("most") or options},
        "score": {"low": number("low") or 0, "high": number("high") or 5},
        "ranked": {"seats": number("seats") or 1, "method": "stv" if (number("seats") or 1) > 1 else "irv"},
        "signup": {"places": number("places") or 0, "each": number("each") or 5},
        "budget": {"limit": 100 * (number("limit") or 0), "method": "greedy"}}
    return given.get(kind, {})


def _moment(words: str) -> datetime | None:
    """What a field for date and hour says, on the clocks here."""
    try:
        return datetime.fromisoformat(words).replace(tzinfo=SHANGHAI)
    except ValueError:
        return None

