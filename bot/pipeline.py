"""The route of a message, from a channel's Message to the Reply that is released after its commit.

    first sight? -> who, where -> open talk -> command -> ears -> meaning -> reply, notice, record -> commit
"""

import logging
import re
import time
import traceback
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError, OperationalError

from bot import inbox, router, watch
from bot.context import Ctx, Dialog
from bot.dialogs import Dialogs
from bot.message import Channel, Message, Reply, Tap, in_place
from domain.card import Card
from domain.errors import Refusal
from domain.roles import SYSTEM
from models.base import TransactionLost, Tx
from models.commit import ATTEMPTS, TRANSIENT, Busy, GroupCommit, Unsure
from services import around, audit, card_updates, outbox, people, voices
from services.browse import SECRET_INTENTS, UNKEPT_INTENTS
from texts.normal import plain
from texts.say import say
from understanding import danger, trained
from understanding.meaning import Meaning

log = logging.getLogger(__name__)
PARK_AT = 24  # callers waiting for a commit, beyond which a message is put on record first and answered later
SURE = 0.4  # below this, what ordinary words may mean is not acted on
FULL_AT = 56  # and beyond which it is refused at once; below server.threads, so that a thread is always free to refuse


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one unit of work leaves to do after its commit."""

    reply: str
    card: Card | None = None
    repeat: bool = False
    dialog: Dialog | None = None
    had_dialog: bool = False
    failed: bool = False


class Pipeline:
    """Takes messages from every channel; one transaction each."""

    def __init__(self, commit: GroupCommit, dialogs: Dialogs, clock: Callable[[], datetime], *, park_at: int = PARK_AT):
        self.commit, self.dialogs, self.clock, self.park_at = commit, dialogs, clock, park_at

    def hear(self, channel: Channel, message: Message) -> Reply | None:
        """Answers a message; None when nothing could be put on record and the platform must try again."""
        begin = time.perf_counter()
        came_of_it, reply = self._hear(channel, message)
        watch.heard(came_of_it, time.perf_counter() - begin)
        return reply

    def _hear(self, channel: Channel, message: Message) -> tuple[str, Reply | None]:
        try:
            waiting, dialog = self.commit.waiting, self.dialogs.get(message)
            if waiting >= FULL_AT:
                return "refused", None
            if waiting >= self.park_at and dialog is None:  # an answer to a question cannot wait longer than the question
                reply = self._park(message)
                return "parked" if reply is not None else "refused", reply
            take = _Once(channel, message, dialog, self.dialogs.up, self.clock())
            outcome = self.commit.run(take)
        except (Busy, Unsure, TransactionLost, OperationalError, IntegrityError) as error:
            log.warning("message %s not recorded: %s", message.external_id, type(error).__name__)
            return "lost", None
        if not outcome.repeat and (outcome.dialog or outcome.had_dialog):
            self.dialogs.put(message, outcome.dialog)
        kind = "repeat" if outcome.repeat else "failed" if outcome.failed else "answered"
        return kind, Reply(outcome.reply, outcome.card)

    def _park(self, message: Message) -> Reply | None:
        """Under load: on record now, answered through the outbox when there is time."""
        now, payload = self.clock(), inbox.pack(message)

        def unit(tx: Tx) -> inbox.Sight | None:
            return inbox.first_sight(tx, message, now=now, payload=payload) if inbox.may_park(tx, message) else None

        sight = self.commit.run(unit)
        return None if sight is None else Reply(sight.reply, _card(sight))


class _Once:
    """The unit of work of one message; the writer may run it again alone, so it keeps no state but the count."""

    def __init__(self, channel: Channel, message: Message, dialog: Dialog | None, dialogs_up: bool, now: datetime):
        self.channel, self.message, self.dialog, self.up, self.now = channel, message, dialog, dialogs_up, now
        self.tries = 0

    def __call__(self, tx: Tx) -> Outcome:
        self.tries += 1
        sight = inbox.first_sight(tx, self.message, now=self.now)
        if sight.repeat:
            return Outcome(sight.reply, _card(sight), repeat=True)
        return take(tx, self.channel, self.message, sight.message_id, dialog=deepcopy(self.dialog), dialogs_up=self.up,
                    now=self.now, last_try=self.tries >= ATTEMPTS)


def take(tx: Tx, channel: Channel, message: Message, message_id: int, *, dialog: Dialog | None, dialogs_up: bool,
         now: datetime, last_try: bool = True) -> Outcome:
    """Handles a message that is seen for the first time: resolves who and where, answers, and records it all."""
    alone = message.chat is None or not channel.capabilities.heard_once  # words in a group do not open a private chat
    speaker = people.resolve(tx, channel=message.channel, sender=message.sender, community_code=channel.community, now=now,
                             spoken=message.spoken and alone, touched=message.touched,
                             exact=bool(channel.capabilities.window_posts))
    place = people.place_of(tx, speaker, channel=message.channel, external_id=message.chat) if message.chat else None
    ctx = Ctx(tx, message, message_id, speaker, place, now, message.text.strip(), plain(message.text), dialog,
              draws=channel.capabilities.cards or message.tap is not None, dialogs_up=dialogs_up)
    with watch.about(message_id), voices.speaking(tx, speaker.community_id):
        text, state = _answer(ctx, last_try)
    if message.tap is not None:
        card_updates.remember(tx, about=message.tap.about, channel=message.channel, task_id=message.tap.task_id,
                              address=message.sender, code=message.tap.code, now=now)
    if text and not ctx.speaker.told and ctx.intent not in _NO_NOTICE:
        notice = (say("privacy.renewed") + "\n" if ctx.speaker.renews else "") + say("privacy.notice")
        text = text if _notice_apart(ctx, channel, notice) else f"{text}\n{notice}"
        people.tell(tx, ctx.speaker)
    keep = ctx.speaker.consented and ctx.intent is not None and message.kind == "text" and ctx.intent not in SECRET_INTENTS
    parts = outbox.split(text, channel.capabilities.reply_bytes)
    erased, sealed = ctx.intent == "privacy.delete", ctx.intent in SECRET_INTENTS
    again = say("receipt.again") if ctx.intent in UNKEPT_INTENTS else parts[0]
    asked = "?" if ctx.next_dialog is not None and ctx.next_dialog.then not in _NO_QUESTION or ctx.asked else ""
    inbox.finish(tx, message_id, community_id=speaker.community_id, person_id=None if erased else speaker.id, chat_id=ctx.chat_id,
                 intent=f"{ctx.intent or ''}{asked}" or None, text=message.text if keep else None, state=state,
                 reply=None if sealed else parts[0], payload=again if sealed else None,
                 card=ctx.card.pack() if ctx.card is not None and not sealed else None,
                 how=None if sealed else ctx.how,  # how surely words were understood follows from the words
                 sure=round(ctx.sure * 1000) if ctx.sure is not None and not sealed else None)
    if channel.capabilities.own_sender and message.reply_to and parts[0]:  # no request waits: the answer is a post like others
        outbox.answer(tx, message_id=message_id, community_id=speaker.community_id, channel=channel.name, address=message.reply_to,
                      text=parts[0], card=ctx.card, secret=sealed, now=now)
    for n, part in enumerate(parts[1:], 2):
        outbox.to_person(tx, person_id=speaker.id, key=f"message:{message_id}:part:{n}", text=part, now=now, quiet=False)
    return Outcome(parts[0], ctx.card, dialog=ctx.next_dialog, had_dialog=dialog is not None,
                   failed=state == "failed")


def _notice_apart(ctx: Ctx, channel: Channel, notice: str) -> bool:
    """True when the privacy notice was queued by itself, because a touch is answered by the card alone."""
    return channel.capabilities.card_or_words and in_place(ctx.card, ctx.message.tap) and outbox.to_person(
        ctx.tx, person_id=ctx.speaker.id, key=f"message:{ctx.message_id}:notice", text=notice, now=ctx.now,
        quiet=False)


def _card(sight: inbox.Sight) -> Card | None:
    return Card.unpack(sight.card) if sight.card else None


_NO_QUESTION = frozenset({"vote.unclear", "issue.idea"})  # what may be left without an answer
_NO_NOTICE = frozenset({"privacy.leave", "privacy.delete"})


def _answer(ctx: Ctx, last_try: bool) -> tuple[str, str]:
    """The words, and how it went; a refusal or a defect undoes the handler's work but keeps the message."""
    try:
        with ctx.tx.savepoint():
            return route(ctx), "done"
    except Refusal as no:
        return router.refuse(ctx, no), "done"
    except TransactionLost:
        raise
    except (OperationalError, IntegrityError) as error:
        if not last_try:
            raise
        return _defect(ctx, error), "failed"
    except Exception as error:
        return _defect(ctx, error), "failed"


def _defect(ctx: Ctx, error: Exception) -> str:
    """Logs where it broke, never what was said, and finds the words for an apology."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("message %s: %s\n%s", ctx.message_id, type(error).__name__, where)
    ctx.next_dialog = ctx.card = None
    audit.note(ctx.tx, SYSTEM, "message.failed", f"message:{ctx.message_id}", now=ctx.now, error=type(error).__name__)
    return say("sorry", number=ctx.message_id)


def route(ctx: Ctx) -> str:
    """What is answered: to photos and the words beside them, or to words alone."""
    hears = router.registry.pictures
    return hears(ctx, _route) if ctx.message.media and hears is not None else _route(ctx)


def _route(ctx: Ctx) -> str:
    """Danger first, then open talk, commands, the ears in their order, what the words mean, and at last a hint."""
    if ctx.message.kind == "event":
        ctx.how, ctx.intent = "event", f"event.{ctx.message.event}"
        happened = router.registry.events.get(ctx.message.event)
        return happened(ctx) if happened is not None else ""
    if ctx.message.kind != "text" or not ctx.heard:
        return say("cannot_read")
    if ctx.message.tap is not None and not _touched(ctx, ctx.message.tap):
        ctx.how, ctx.intent = "touch", inbox.GONE
        return say("card.gone")
    found = router.match(ctx.heard)
    if found is not None and found[0].others_pass and not ctx.speaker.role.covers(found[0].role):
        found = None
    if found is None and danger.signs(ctx.heard):
        meaning = _meaning(ctx)
        if "hotline" in meaning.slots:
            ctx.how = "danger"
            return router.registry.spoken[meaning.intent](ctx, meaning) or ""
    if ctx.dialog is not None:
        answer = router.registry.answers.get(ctx.dialog.then)
        said = answer(ctx) if answer is not None else None
        if said is not None:
            ctx.how = "answer"
            return said
    if found is not None:
        ctx.how = "command"
        return router.obey(ctx, *found)
    for _, name, listen in router.registry.ears:
        said = listen(ctx)
        if said is not None:
            ctx.how, ctx.intent = "ear", ctx.intent or name
            return said
    bare = router.alone(ctx.heard)
    if bare is not None and bare.usage and ctx.speaker.role.covers(bare.role):
        ctx.how = "usage"
        return say("usage", usage=bare.usage)
    return _in_ordinary_words(ctx)


def _in_ordinary_words(ctx: Ctx) -> str:
    """Acts on what the words mean, unless that is doubted beside it; at last a hint."""
    meaning = _meaning(ctx)
    ctx.how = "meant"
    said = router.registry.beside(ctx, meaning)
    spoken = router.registry.spoken.get(meaning.intent) if meaning.confidence >= SURE else None
    if said is None and spoken is not None:
        said = spoken(ctx, meaning)
    if said is None:
        ctx.how = "hint"
        return router.registry.unheard(ctx)
    ctx.intent = ctx.intent or meaning.intent
    return said


def _touched(ctx: Ctx, tap: Tap) -> bool:
    """A button under a question answers that question only, False when it is over; other touches leave an open talk as it was."""
    question = int(tap.about[4:]) if re.fullmatch(r"ask-[0-9]{1,18}", tap.about) else None
    if question is not None and (ctx.dialog.by == question if ctx.dialog is not None else inbox.still_asks(
            ctx.tx, ctx.speaker.id, question, before=ctx.message_id, chat_id=ctx.chat_id)):
        return True
    ctx.next_dialog, ctx.dialog = ctx.dialog, None
    return question is None


def _meaning(ctx: Ctx) -> Meaning:
    """What ordinary words mean here; everything a bot hears is addressed to it."""
    reader, here = trained.reader(), ctx.chat_id
    known = around.polls_only(ctx.tx, ctx.speaker, chat_id=here, quote=ctx.message.quote, now=ctx.now)
    plain_ballot = reader.plain_ballot(ctx.text, known)
    meaning = plain_ballot if plain_ballot is not None else reader.read(
        ctx.text, around.around(ctx.tx, ctx.speaker, known, chat_id=here, before=ctx.message_id, now=ctx.now))
    ctx.sure = meaning.confidence
    return meaning


def answer_parked(tx: Tx, channels: dict[str, Channel], *, now: datetime, last_try: bool = True) -> bool:
    """Answers the parked message that has waited longest, through the outbox; False when none waits."""
    row = inbox.next_parked(tx)
    if row is None:
        return False
    try:
        with tx.savepoint():
            message = inbox.unpack(row.payload)
            outcome = take(tx, channels[message.channel], message, row.id, dialog=None, dialogs_up=False,
                           now=row.received_at, last_try=last_try)
            sends = channels[message.channel].capabilities.own_sender  # then the answer is queued already
            if outcome.reply and not sends:  # what arrived in time is in time, however late it is answered
                _send_later(tx, channels[message.channel], message, row.id, outcome.reply, now)
    except (*TRANSIENT, TransactionLost):
        raise
    except Exception as error:  # an account that is gone, a changed key: it must not hold up those behind it
        log.error("parked message %s cannot be answered: %s", row.id, type(error).__name__)
        inbox.give_up(tx, row.id)
        audit.note(tx, SYSTEM, "message.failed", f"message:{row.id}", now=now, error=type(error).__name__)
    return True


def _send_later(tx: Tx, channel: Channel, message: Message, message_id: int, text: str, now: datetime) -> None:
    address = message.sender if channel.capabilities.push_person else message.reply_to
    fresh = now - message.sent_at < timedelta(hours=1)
    if address and (channel.capabilities.push_person or fresh):
        outbox.put(tx, key=f"message:{message_id}:reply",
            community_id=inbox.community_of(tx, message_id), channel=channel.name,
                   target=f"late:{message_id}", address=address, text=text, at=now, now=now, quiet=False,
                   most=channel.capabilities.push_bytes)
