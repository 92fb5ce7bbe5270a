"""Commands given in the console: the same handlers, rights, refusals and records as in a private chat, without a chat.

Only what staff do can be given: nobody votes, agrees or leaves in somebody else's name.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot import inbox, router, watch
from bot.context import Ctx, Dialog
from bot.message import Message
from bot.router import Args, Command
from domain.card import Button
from domain.errors import Refusal
from domain.roles import Role
from models.base import Tx
from models.tables import audit as chain
from services import audit
from services.browse import SECRET_INTENTS
from services.people import Speaker
from texts.say import say

GIVEN = "order.give"  # the deed in the audit chain
CHANNEL = "console"  # under which orders stand in the message log
LOOKS = frozenset({"issue.show", "issue.list", "issue.progress", "poll.show", "poll.list", "session.show", "talk.courses",
                   "talk.counts", "promise.list", "promise.make", "promise.report", "issue.topics", "points.rules", "claim.list",
                   "round.list", "round.result", "jielong.export"})
WORK = frozenset({"issue.sign", "issue.contact", "issue.return", "issue.extend", "issue.resolve", "issue.whistle",
                  "issue.whistle_answer", "talk.invite", "talk.next", "talk.meeting", "talk.summary", "talk.conclude",
                  "talk.assembly", "talk.dissents",
                  "talk.answer", "session.answer", "session.spoken", "session.end", "session.minutes", "session.sign_in",
                  *(f"round.{deed}" for deed in ("open", "end", "voice", "remind", "waiting", "approve", "hide", "seed", "join",
                                                 "summary", "draft"))})
# what an order may ask before it is carried out; the answers are orders too
QUESTIONS = frozenset({"notice.post", "talk.summary", "session.minutes", "round.summary", "round.words", "round.resolve",
                       "poll.draft", "poll.preview"})


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an order: the words a chat would have answered, whether it was done, and what is asked before it is."""

    good: bool
    text: str
    question: Dialog | None = None
    buttons: tuple[Button, ...] = ()  # the answers that stand ready


def known() -> list[Command]:
    """Every command that can be given here, in the order of the help; those with a usage only."""
    return [each for each in router.registry.commands if each.usage and may_give(each)]


def may_give(found: Command) -> bool:
    """True for the work of staff and for looking things up."""
    return found.role.covers(Role.GRID_WORKER) or found.name in LOOKS or found.name in WORK


def allowed(role: Role, name: str) -> bool:
    """True when somebody of this role may give the command of this name."""
    return role.covers(next(each.role for each in router.registry.commands if each.name == name))


def say_words(tx: Tx, speaker: Speaker, words: str, *, nonce: str, now: datetime) -> Told:
    """Gives the command these words are; the same nonce again is the same order, and gets the same words."""
    found = router.match(router.canonical(words))
    if found is None or not may_give(found[0]):
        bare = router.alone(router.canonical(words))
        return Told(False, say("usage", usage=bare.usage) if bare and bare.usage and may_give(bare) else say("orders.unknown"))
    return _obey(tx, speaker, found[0], found[1], words, nonce, now)


def give(tx: Tx, speaker: Speaker, name: str, args: Args, *, words: str, nonce: str, now: datetime) -> Told:
    """Gives the command of this name with these arguments; `words` are what one would have typed, for the record."""
    found = next(each for each in router.registry.commands if each.name == name)
    return _obey(tx, speaker, found, args, words, nonce, now)


def answer(tx: Tx, speaker: Speaker, question: Dialog, words: str, *, nonce: str, now: datetime) -> Told:
    """Answers what an order has asked; the question stays open when this was no answer."""
    if question.then not in QUESTIONS:
        raise LookupError(f"{question.then} is asked by no order")
    heard = router.registry.answers[question.then]
    done = _carried_out(tx, speaker, question.then, lambda ctx: heard(ctx) or "", words, nonce, now, question)
    return done if done.text else Told(False, say("orders.answer"), question)


def _obey(tx: Tx, speaker: Speaker, found: Command, args: Args, words: str, nonce: str, now: datetime) -> Told:
    return _carried_out(tx, speaker, found.name, lambda ctx: router.obey(ctx, found, args), words, nonce, now)


def _carried_out(tx: Tx, speaker: Speaker, name: str, work: Callable[[Ctx], str], words: str, nonce: str, now: datetime,
                 dialog: Dialog | None = None) -> Told:
    message = Message(CHANNEL, nonce, speaker.who, now, text=words)
    sight = inbox.first_sight(tx, message, now=now)
    if sight.repeat:
        before = _came_of(tx, sight.message_id)
        if before.get("asks"):  # nothing was done yet: it is asked again
            return _carried_out(tx, speaker, name, work, words, f"{nonce}+", now, dialog)
        return Told(bool(before.get("done")), sight.reply)
    ctx = Ctx(tx, message, sight.message_id, speaker, None, now, words, router.canonical(words), dialog, draws=False)
    good = True
    with watch.about(sight.message_id):
        try:
            with tx.savepoint():
                text = work(ctx)
        except Refusal as no:
            good, text = False, router.refuse(ctx, no)
    asks = ctx.next_dialog if ctx.next_dialog is not None and ctx.next_dialog.then in QUESTIONS else None
    secret = ctx.intent in SECRET_INTENTS  # for one pair of eyes: the log keeps that it was asked, not what was answered
    inbox.finish(tx, sight.message_id, community_id=speaker.community_id, person_id=None, chat_id=None, intent=ctx.intent or name,
                 state="done", text=None if secret else words,
                 reply=None if secret else text, payload=text if secret else None, card=None, how=None, sure=None)
    audit.note(tx, speaker, GIVEN, f"message:{sight.message_id}", now=now, community_id=speaker.community_id,
               command=name, done=good, acts_as=speaker.person_id, **({"asks": True} if asks else {}))
    return Told(good, text, asks, ctx.card.buttons if asks and ctx.card is not None else ())


def _came_of(tx: Tx, message_id: int) -> dict[str, Any]:
    """How it ended the first time."""
    detail = tx.scalar(select(chain.c.detail).where(chain.c.object == f"message:{message_id}", chain.c.action == GIVEN)
                       .order_by(chain.c.seq.desc()).limit(1))
    return dict(json.loads(detail)) if detail is not None else {}
