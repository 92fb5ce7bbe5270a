"""Commands given in the console: the same handlers, rights, refusals and records as in a private chat, without a chat.

Only what staff do can be given: nobody votes, agrees or leaves in somebody else's name.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot import inbox, router, watch
from bot.context import Ctx
from bot.message import Message
from bot.router import Args, Command
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
                   "promise.list", "promise.make", "promise.report", "issue.topics"})
WORK = frozenset({"issue.sign", "issue.contact", "issue.return", "issue.extend", "issue.resolve", "issue.whistle",
                  "issue.whistle_answer", "talk.invite", "talk.next", "talk.meeting", "talk.summary", "talk.conclude",
                  "talk.assembly", "talk.dissents",
                  "talk.answer", "session.answer", "session.end", "session.minutes", "session.sign_in"})


@dataclass(frozen=True, slots=True)
class Told:
    """What came of an order: the words a chat would have answered, and whether it was done."""

    good: bool
    text: str


def known() -> list[Command]:
    """Every command that can be given here, in the order of the help; those with a usage only."""
    return [each for each in router.registry.commands if each.usage and may_give(each)]


def may_give(found: Command) -> bool:
    """True for the work of staff and for looking things up."""
    return found.role.covers(Role.GRID_WORKER) or found.name in LOOKS or found.name in WORK


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


def _obey(tx: Tx, speaker: Speaker, found: Command, args: Args, words: str, nonce: str, now: datetime) -> Told:
    message = Message(CHANNEL, nonce, speaker.who, now, text=words)
    sight = inbox.first_sight(tx, message, now=now)
    if sight.repeat:
        return Told(_was_done(tx, sight.message_id), sight.reply)
    ctx = Ctx(tx, message, sight.message_id, speaker, None, now, words, router.canonical(words), draws=False, dialogs_up=False)
    good = True
    with watch.about(sight.message_id):
        try:
            with tx.savepoint():
                text = router.obey(ctx, found, args)
        except Refusal as no:
            good, text = False, router.refuse(ctx, no)
    secret = ctx.intent in SECRET_INTENTS  # for one pair of eyes: the log keeps that it was asked, not what was answered
    inbox.finish(tx, sight.message_id, community_id=speaker.community_id, person_id=None, chat_id=None, intent=ctx.intent,
                 state="done", text=None if secret else words,
                 reply=None if secret else text, payload=text if secret else None, card=None, how=None, sure=None)
    audit.note(tx, speaker, GIVEN, f"message:{sight.message_id}", now=now, community_id=speaker.community_id,
               command=found.name, done=good, acts_as=speaker.person_id)
    return Told(good, text)


def _was_done(tx: Tx, message_id: int) -> bool:
    """How it ended the first time."""
    detail = tx.scalar(select(chain.c.detail).where(chain.c.object == f"message:{message_id}", chain.c.action == GIVEN)
                       .order_by(chain.c.seq.desc()).limit(1))
    return detail is not None and bool(json.loads(detail)["done"])
