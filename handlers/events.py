"""What happens without words: following, leaving, scanning a code, allowing a notice. None of it can vote."""

import re

from sqlalchemy import select

from bot.context import Ctx
from bot.router import Args, event
from domain.errors import Refusal
from handlers import issue, poll
from models.tables import community
from services import lost, notices, pages, people
from texts.say import say

_SCENE = re.compile(r"(?P<kind>poll|issue):[PI]?(?P<number>[0-9]{1,6})")


@event("subscribe", "enter_chat")
def welcome(ctx: Ctx) -> str:
    """Greets who has just come, and shows what brought them."""
    return "\n".join(filter(None, (say("welcome"), _opened(ctx))))


@event("scan")
def scanned(ctx: Ctx) -> str:
    """Somebody who follows already scanned a code: shows what it stands for."""
    return _opened(ctx) or say("scan.joined", name=_community(ctx))


@event("unsubscribe")
def left(ctx: Ctx) -> str:
    """Remembers that nothing can be sent there any more."""
    people.lose(ctx.tx, channel=ctx.message.channel, sender=ctx.message.sender, now=ctx.now)
    return ""


@event("notices")
def allowed(ctx: Ctx) -> str:
    """Keeps what was allowed once more, and forgets what was forbidden; says nothing."""
    who = people.account_of(ctx.tx, channel=ctx.message.channel, sender=ctx.message.sender)
    for name in ctx.message.refused:
        notices.void(ctx.tx, identity_id=who.id, template=name, now=ctx.now)
    for n, name in enumerate(ctx.message.granted):
        notices.grant(ctx.tx, identity_id=who.id, template=name, event_id=f"message:{ctx.message_id}:{n}", now=ctx.now)
    return ""


@event("delivered")
def delivered(ctx: Ctx) -> str:
    """The platform tells what became of notices it had accepted."""
    who = people.account_of(ctx.tx, channel=ctx.message.channel, sender=ctx.message.sender)
    for what in ctx.message.failed:
        lost.missed(ctx.tx, channel=ctx.message.channel, identity_id=who.id, what=what, now=ctx.now)
    return ""


def _opened(ctx: Ctx) -> str:
    """The poll or issue that the code stands for; '' when it stands for none of this community."""
    found = _SCENE.fullmatch(ctx.message.scene)
    if found is None:
        return say("scan.join", name=_community(ctx)) if ctx.message.scene == "join" and ctx.message.event == "subscribe" else ""
    kind, number = found["kind"], int(found["number"])
    try:
        said = poll.show(ctx, Args(poll=number)) if kind == "poll" else issue.show(ctx, Args(issue=number))
    except Refusal as no:
        return say(no.key, **no.facts)
    url = pages.url_of(ctx.tx, kind, ctx.speaker.home_community, number)
    return f"{said}\n{say('page.link', url=url)}" if url else said


def _community(ctx: Ctx) -> str:
    return str(ctx.tx.scalar(select(community.c.name).where(community.c.id == ctx.speaker.community_id)))
