"""Near an open poll nobody is left guessing: how to vote, whether a ballot is there, and that unclear words did not count."""

import re
from typing import Any

from sqlalchemy import Row

from bot import router
from bot.context import Ctx
from bot.router import Args, ear
from domain.roles import Role
from handlers import vote
from services import ballots, cards
from texts.choices import Unclear, poll_number
from texts.complaints import is_complaint
from texts.kinds import MARKS, read
from texts.normal import plain
from texts.places import place
from texts.say import say
from texts.words import category
from understanding.meaning import Meaning

LONGEST, SHORT, SHOWN = 16, 5, 3
_HOW = re.compile(
    r"(?:怎么|咋|嘛|如何|怎样|咋个|哪能)(?:个|样)?(?:投|选|打分?|排|报名?|填|弄|操作|回复?|改|撤)|"
    r"(?:不会|不晓得怎么|不知道怎么|不懂怎么|教我怎么?)(?:弄|投|选|打分?|排|报名?|填|操作|用|搞|整)|"
    r"(?:选|投|报|排)(?:哪个|哪项|谁|啥|什么|几号)|看不懂|搞不懂|弄不来|^(?:我)?(?:要|想)(?:投票|投|选)$|"
    r"(?:帮|替|给)我(?:投|选|弄|填|报)|(?:不认识|不认得|不了解|不清楚)(?:他们|这些人|人)?$")
_CHECK = re.compile(
    r"(?:投|选|报|记|算|登记|报名)(?:过|好|上|进去|成功|成)?了?(?:没有?|吗|么|不|没投)(?:[啊呀呢]|$)|"
    r"(?:投|选|报|记)(?:上|进去|成功|好|过)(?:了|没)|没(?:记|投|选|报)上|我(?:投|选|报)的?(?:是)?(?:啥|什么|哪个|谁|几)")
_OFF = re.compile(r"(?:我|我们?家?|俺)?(?:不|没法|没办法)(?:去|来|参加|报名?)(?:了|成|啦)*|(?:去|来)不(?:了|成)(?:了|啦)?")
_GREETS = re.compile(r"[你您]好|在吗|在不在|早|晚上好|下午好|嗨|hi|hello|谢|辛苦|再见|拜拜", re.IGNORECASE)
_OTHER = frozenset({  # what a ballot in odd words is easily taken for
    "register_issue", "second_issue", "supplement_issue", "chitchat", "greet", "help", "opinion", "objection", "rate",
    "attend", "join_volunteer", "claim_task", "checkin"})


@ear(40, "vote.how")
def asked(ctx: Ctx) -> str | None:
    """How to vote, or whether it is done, asked in a few words while a poll is open here."""
    number, words = poll_number(ctx.heard)
    if len(words) > LONGEST or is_complaint(words):
        return None
    checks = ctx.private and _CHECK.search(words) is not None
    if not checks and _HOW.search(words) is None:
        return None
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)
    rows = [row for row in rows if number in (None, row.number)]
    if not rows:
        return _not_begun(ctx)
    ctx.intent = "vote.secret" if any(row.anonymous for row in rows) else "vote.how"  # what is secret is not kept with the talk
    told = [(row, ballots.mine(ctx.tx, ctx.speaker, row) if ctx.private else None) for row in rows[:SHOWN]]
    if checks:
        return say("vote.mine", rows=told)
    if len(rows) == 1:
        ctx.card = cards.poll(ctx.tx, rows[0])
    return say("vote.how", rows=told, private=ctx.private)


@ear(41, "vote.off")
def off(ctx: Ctx) -> str | None:
    """不去了: takes back the one sign-up this person has here."""
    if not _OFF.fullmatch(ctx.heard.strip(" ,。.!")):
        return None
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)
    signed = [row for row in rows if row.kind == "signup" and ballots.own(ctx.tx, ctx.speaker, row) is not None]
    return vote.withdraw(ctx, Args(poll=signed[0].number)) if len(signed) == 1 else None


@ear(42, "vote.unclear")
def out_of_range(ctx: Ctx) -> str | None:
    """A number that no option has, or more options than may be chosen, where only one poll can be meant."""
    number, words = poll_number(ctx.heard)
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now) if len(words) <= LONGEST else []
    rows = [row for row in rows if number in (None, row.number)]
    row = rows[0] if len(rows) == 1 else None
    heard = read(words, row.kind, row.options, row.rules) if row is not None and row.kind in MARKS else None
    if row is None or not isinstance(heard, Unclear) or heard.reason not in ("invalid_option", "over_max"):
        return None
    return vote.unclear_ballot(ctx, row, heard.reason)


@router.beside
def beside(ctx: Ctx, meaning: Meaning) -> str | None:
    """Near an open poll, words that name an option, or hardly any words, are not taken for something else: they may be a ballot."""
    other = meaning.intent in _OTHER or meaning.slots.get("authorized") is False
    if not other or meaning.slots.get("hotline") or ctx.speaker.role.covers(Role.GRID_WORKER) or is_complaint(ctx.heard):
        return None
    if len(ctx.heard) > LONGEST or ctx.message.quote or place(ctx.heard) is not None:
        return None
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)
    if not rows:
        return _too_early(ctx)
    named = [row for row in rows if any(len(o) > 1 and plain(o).lower() in ctx.heard.lower() for o in row.options)]
    if len(named) == 1:
        return vote.unclear_ballot(ctx, named[0], "ambiguous")
    words = ctx.heard.strip(" ,。.!?~")
    if len(words) <= SHORT and not _GREETS.search(words) and (category(words) is None or len(words) <= 3):
        return unheard(ctx)
    return None


@router.unheard
def unheard(ctx: Ctx) -> str:
    """Nothing was understood: says so, and how to vote in what is open here."""
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)[:SHOWN]
    if not rows and (early := _too_early(ctx)) is not None:
        return early
    hint = say("hint.private" if ctx.private else "hint.group")
    return hint + "".join("\n" + say("vote.near", poll=row, mine=_mine(ctx, row)) for row in rows)


def _not_begun(ctx: Ctx) -> str | None:
    """When the vote of owners that was announced begins."""
    rows = ballots.announced(ctx.tx, ctx.speaker) if ctx.private else []
    return "\n".join(say("vote.not_begun", number=row.number, at=row.opens_at) for row in rows) or None


def _too_early(ctx: Ctx) -> str | None:
    """What would be a ballot of a vote that was only announced."""
    rows = ballots.announced(ctx.tx, ctx.speaker) if ctx.private else []
    meant = any(isinstance(read(ctx.heard, row.kind, row.options, row.rules), str) for row in rows)
    return _not_begun(ctx) if meant else None


def _mine(ctx: Ctx, row: Row[Any]) -> tuple[str, ...] | None:
    """The speaker's ballot in words, where nobody else reads it and the poll lets it be kept with the talk."""
    return ballots.mine(ctx.tx, ctx.speaker, row) if ctx.private and not row.anonymous else None
