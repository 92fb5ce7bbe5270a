"""#接龙 lists: read, compared with what was known, taken as one's own vote, proposed to staff, or kept as a sign-up."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Row

from bot.context import Ctx
from bot.router import Args, answers, command
from domain.errors import Refusal
from domain.roles import Role
from handlers.privacy import NO, YES, said
from services import around, ballots, issues, listed, polls, solitaire, standing
from services.listed import Known
from services.solitaire import News
from texts.kinds import spoken
from texts.mask import mask
from texts.say import say
from understanding import jielong
from understanding.context import Context
from understanding.jielong import Listed
from understanding.targets import issue_ids

_ME = re.compile(r"(?:我是|我就是)?第?\s?(\d{1,3})\s?号?")
SHOWN = 20  # people or lines that one answer names


@command("jielong.export", "接龙 {P}", "{P} 接龙", usage="P5 接龙")
def export(ctx: Ctx, args: Args) -> str:
    """The poll as a list for a group that has nothing else."""
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, args.poll)
    full = ctx.private and ctx.speaker.role.covers(Role.GRID_WORKER)
    return solitaire.export(ctx.tx, row, entries=full)


@command("jielong", r"(?:接龙(?=[\s:])|group\s?note)[^\n]*\n {rest}", keeps_words=True)
def read(ctx: Ctx, args: Args) -> str:
    """Decides what the list is about, and does that with it."""
    found = jielong.parse(mask(ctx.text[:jielong.MOST]))  # people add their phones to sign-ups
    if not found.entries:
        raise Refusal("jielong.empty")
    seen = [around.poll_seen(r) for r in ballots.open_here(ctx.tx, ctx.speaker, None, now=ctx.now)]
    meaning = jielong.read(ctx.text, Context(at_bot=True, open_polls=seen))
    if meaning["kind"] == "group_buy":
        return say("jielong.group_buy")
    if meaning["kind"] == "vote":
        if "poll_id" not in meaning:
            raise Refusal("jielong.no_poll")
        return _poll(ctx, polls.by_number(ctx.tx, ctx.speaker.community_id, int(meaning["poll_id"][1:])), found)
    if named := issue_ids(found.topic):
        return _issue(ctx, issues.by_number(ctx.tx, ctx.speaker.community_id, int(named[0][1:])), found)
    about = solitaire.topic_key(found.topic)
    news = solitaire.remember(ctx.tx, ctx.speaker.home_community, about, found.topic, found.entries, now=ctx.now)
    return _told(ctx, say("jielong.topic", topic=found.topic[:40]), news)


@answers("jielong.me")
def mine(ctx: Ctx) -> str | None:
    """Hears which line is the speaker's own."""
    assert ctx.dialog is not None
    data, number = ctx.dialog.data, _ME.fullmatch(ctx.heard.strip("。.! "))
    if said(ctx, NO):
        return say("cancelled")
    if number is None:
        return None
    ctx.intent, line = "jielong", data["lines"].get(str(int(number[1])))
    if line is None:
        ctx.next_dialog = ctx.dialog
        return say("jielong.no_line", number=int(number[1]))
    if data["kind"] == "issue":
        return _support(ctx, data["number"])
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, data["number"])
    return _cast(ctx, row, int(number[1]), line)


@answers("jielong.enter")
def enter(ctx: Ctx) -> str | None:
    """A grid worker's yes to the lines that were recognised."""
    assert ctx.dialog is not None
    if said(ctx, NO):
        ctx.intent = "jielong.no"
        return say("jielong.not_entered")
    if not said(ctx, YES):
        return None
    ctx.intent, data = "jielong.enter", ctx.dialog.data
    found = [Known(p, h, "", c) for p, h, c in data["found"]]
    if data["kind"] == "issue":
        done = listed.enter_supports(ctx.tx, ctx.speaker, data["number"], found, message_id=ctx.dialog.by, now=ctx.now)
    else:
        row = polls.by_number(ctx.tx, ctx.speaker.community_id, data["number"])
        done = listed.enter_votes(ctx.tx, ctx.speaker, row, found, message_id=ctx.dialog.by, now=ctx.now)
    return say("jielong.entered", done=done, left=len(found) - done, kind=data["kind"])


def _poll(ctx: Ctx, row: Row[Any], found: Listed) -> str:
    if row.state != "open" or row.closes_at <= ctx.now:
        raise Refusal("poll.over", number=row.number)
    if standing.discreet(row):  # who wrote what is kept nowhere
        news = News(sum(bool(e.text) for e in found.entries), True, (), (), (), ())
    else:
        news = solitaire.remember(ctx.tx, ctx.speaker.home_community, f"poll:{row.id}", found.topic, found.entries, now=ctx.now)
    told = _told(ctx, say("jielong.poll", poll=row), news)
    if ctx.speaker.role.covers(Role.GRID_WORKER):
        if standing.discreet(row):
            return f"{told}\n{say('jielong.secret', number=row.number)}"
        sure, own, unclear = listed.votes(ctx.tx, row, found.entries, news)
        choices = [say("jielong.choice", label=k.label, options=spoken(k.choice, row.kind, row.options)) for k in sure]
        return f"{told}\n{_propose(ctx, 'poll', row.number, sure, choices, own, unclear)}"
    return f"{told}\n{_own_vote(ctx, row, found)}"


def _own_vote(ctx: Ctx, row: Row[Any], found: Listed) -> str:
    """The line of who pasted the list: counted when it is surely theirs and they have not voted otherwise."""
    if found.me is not None:
        mine = [e for e in found.entries if e.index == found.me]
        if len(mine) != 1:
            return say("jielong.no_line", number=found.me)
        return _cast(ctx, row, found.me, solitaire.choice_of(mine[0], row))
    own = listed.own_line(listed.name_of(ctx.tx, ctx.speaker.id), found.entries)
    if own is None:
        if ctx.dialogs_up:
            ctx.ask("jielong.me", kind="poll", number=row.number,
                    lines=_lines(found, lambda e: solitaire.choice_of(e, row) or ""))
        return say("jielong.which", poll=row, dialogs=ctx.dialogs_up)
    if listed.has_voted(ctx.tx, row, ctx.speaker):
        return say("jielong.has_voted", poll=row)
    return _cast(ctx, row, own.index, solitaire.choice_of(own, row))


def _cast(ctx: Ctx, row: Row[Any], number: int, choice: str | None) -> str:
    if not choice:
        return say("jielong.unclear", number=number, poll=row)
    try:
        with ctx.tx.savepoint():  # the list stays known when the vote is refused
            cast = ballots.cast(ctx.tx, ctx.speaker, poll_id=row.id, choice=choice, sent_at=ctx.message.sent_at,
                                message_id=ctx.message_id, now=ctx.now)
    except Refusal as no:
        return say(no.key, **no.facts)
    ctx.intent = "vote.secret" if standing.discreet(row) else "jielong"
    return say("vote.recorded", cast=cast, private=ctx.private)


def _issue(ctx: Ctx, row: Row[Any], found: Listed) -> str:
    if row.private:  # nobody stands behind what is between two
        raise Refusal("issue.unknown", number=row.number)
    news = solitaire.remember(ctx.tx, ctx.speaker.home_community, f"issue:{row.id}", found.topic, found.entries, now=ctx.now)
    told = _told(ctx, say("jielong.issue", issue=row), news)
    if ctx.speaker.role.covers(Role.GRID_WORKER):
        sure, unclear = listed.supports(ctx.tx, row, found.entries, news)
        return f"{told}\n{_propose(ctx, 'issue', row.number, sure, [k.label for k in sure], 0, unclear)}"
    own = listed.own_line(listed.name_of(ctx.tx, ctx.speaker.id), found.entries)
    own = next((e for e in found.entries if e.index == found.me), None) if found.me is not None else own
    if own is not None and listed.backs(own):
        return f"{told}\n{_support(ctx, row.number)}"
    if ctx.dialogs_up:
        ctx.ask("jielong.me", kind="issue", number=row.number, lines=_lines(found, lambda e: "+1" if listed.backs(e) else None))
    return f"{told}\n{say('jielong.which_issue', number=row.number, dialogs=ctx.dialogs_up)}"


def _lines(found: Listed, what: Callable[[jielong.Entry], str | None]) -> dict[str, str | None]:
    """What each numbered line says, without whose it is; a number that stands twice is nobody's."""
    times = Counter(e.index for e in found.entries)
    return {str(e.index): what(e) for e in found.entries[:solitaire.MOST] if times[e.index] == 1}


def _support(ctx: Ctx, number: int) -> str:
    row, count, fresh = issues.support(ctx.tx, ctx.speaker, number=number, now=ctx.now)
    return say("jielong.supported", number=row.number, count=count + 1, fresh=fresh)


def _propose(ctx: Ctx, kind: str, number: int, sure: list[Known], shown: list[str], own: int,
             unclear: list[jielong.Entry]) -> str:
    """What staff may enter, asked once, and never before the neighbours' eyes."""
    if not ctx.private:
        return say("jielong.staff_privately")
    if sure and ctx.dialogs_up:
        ctx.ask("jielong.enter", kind=kind, number=number, found=[[k.person_id, k.home_id, k.choice] for k in sure])
        ctx.buttons(say("jielong.card"), ("1", say("jielong.card_yes")), ("2", say("card.later")))
    return say("jielong.propose", kind=kind, shown=shown[:SHOWN], count=len(sure), own=own, unclear=unclear[:SHOWN],
               vague=len(unclear), dialogs=ctx.dialogs_up)


def _told(ctx: Ctx, opening: str, news: News) -> str:
    """How many, what is new, and what does not fit; names only in private."""
    names = [e.name for e in news.added][:SHOWN] if ctx.private else []
    return say("jielong.news", opening=opening, news=news, names=names,
               changed=[e.name for e in news.changed][:SHOWN] if ctx.private else [])
