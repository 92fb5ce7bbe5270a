"""The roster: who is on duty when, and who stands in for whom."""

import re
from datetime import datetime, timedelta

from bot.context import Ctx
from bot.router import Args, command
from domain.clock import SHANGHAI
from domain.errors import Refusal
from domain.roles import Role
from domain.workdays import end_of
from services import roster, who
from texts.say import say
from texts.when import find_when, when

STAFF = Role.GRID_WORKER
TOPIC = "值班"
_RANGE = re.compile(r"\s*(?:从)?(?P<first>\S+?)\s?(?:到|至|~|—|–)\s?(?P<last>\S+)\s*")


@command("duty.list", "值班表", role=STAFF, topic=TOPIC, usage="值班表")
def listing(ctx: Ctx, args: Args) -> str:
    """Who is on duty in the next two weeks, and who stands in."""
    if not ctx.private:
        raise Refusal("ask_privately")
    rows = [(who.name_of(ctx.tx, r.person_id), r.starts_at, r.ends_at)
            for r in roster.listed(ctx.tx, ctx.speaker.community_id, now=ctx.now)]
    away = [(who.name_of(ctx.tx, r.person_id), who.name_of(ctx.tx, r.for_id), r.starts_at, r.ends_at)
            for r in roster.standing(ctx.tx, ctx.speaker.community_id, now=ctx.now)]
    present = [who.name_of(ctx.tx, i) for i in roster.on_duty(ctx.tx, ctx.speaker.community_id, now=ctx.now)]
    return say("roster.list", rows=rows, away=away, present=present)


@command("duty.put", r"值班\s+ {rest}", role=STAFF, topic=TOPIC, others_pass=True, usage="值班 李叔 12月1日到12月7日")
def put(ctx: Ctx, args: Args) -> str:
    """Puts somebody on duty for some days."""
    name, _, days = args.rest.partition(" ")
    starts, ends = _days(days, ctx.now)
    person_id = who.find(ctx.tx, ctx.speaker.home_community, name)
    roster.put(ctx.tx, ctx.speaker, person_id=person_id, starts_at=starts, ends_at=ends, now=ctx.now)
    return say("roster.put", name=who.name_of(ctx.tx, person_id), starts=starts, ends=ends)


@command("duty.relieve", "取消值班 {rest}", role=STAFF, topic=TOPIC, usage="取消值班 李叔")
def relieve(ctx: Ctx, args: Args) -> str:
    """Takes somebody off the roster."""
    person_id = who.find(ctx.tx, ctx.speaker.home_community, args.rest)
    gone = roster.relieve(ctx.tx, ctx.speaker, person_id=person_id, now=ctx.now)
    return say("roster.relieved", name=who.name_of(ctx.tx, person_id), gone=gone)


@command("duty.stand_in", r"代班\s+ {rest}", role=STAFF, topic=TOPIC, others_pass=True, usage="代班 李叔 代 王阿姨 到周五")
def stand_in(ctx: Ctx, args: Args) -> str:
    """Lets somebody act for another who is away."""
    words = args.rest.split(" ", 3)
    if len(words) < 4 or words[1] not in ("代", "替"):
        raise Refusal("roster.stand_how")
    found = find_when(words[3], ctx.now)
    if found is None:
        raise Refusal("roster.when")
    starts, ends = (ctx.now, _end(found.at, words[3])) if not _RANGE.fullmatch(words[3]) else _days(words[3], ctx.now)
    person_id, for_id = (who.find(ctx.tx, ctx.speaker.home_community, w) for w in (words[0], words[2]))
    roster.stand(ctx.tx, ctx.speaker, person_id=person_id, for_id=for_id, starts_at=starts, ends_at=ends, now=ctx.now)
    return say("roster.stands", name=who.name_of(ctx.tx, person_id), other=who.name_of(ctx.tx, for_id), ends=ends)


def _days(words: str, now: datetime) -> tuple[datetime, datetime]:
    """From the first day until 24:00 of the last; one day is itself."""
    found = _RANGE.fullmatch(words)
    first = when(found["first"] if found else words, now)
    last = when(found["last"], now) if found else first
    if first is None or last is None:
        raise Refusal("roster.when")
    day = first.astimezone(SHANGHAI).date()
    return end_of(day - timedelta(days=1)), _end(last, found["last"] if found else words)


def _end(at: datetime, words: str) -> datetime:
    """An hour that was said, else the end of the day."""
    return at if re.search("[点时:]", words) else end_of(at.astimezone(SHANGHAI).date())
