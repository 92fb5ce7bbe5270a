"""Who raised something and does not want it known: 匿名反映 …, and asking for it afterwards."""

from sqlalchemy import select

from bot.context import Ctx
from bot.router import Args, command, meant
from domain.errors import Refusal
from domain.lifecycle import OPEN
from handlers import issue as formal
from models.tables import issue
from services import issues, sight
from texts.say import say
from understanding.meaning import Meaning


@command("issue.anonymous", "(我要|我想)? (匿名|不记名) (反映|上报|投诉|举报|报修) (一下)? {rest}", keeps_words=True, topic="反映",
         usage="匿名反映 北门棋牌室半夜还在打麻将")
def report(ctx: Ctx, args: Args) -> str:
    """Registers what is reported without saying by whom; in a group everybody has just seen it."""
    if not ctx.private:
        raise Refusal("anonymous.privately")
    return formal.register(ctx, formal.after_verb(ctx.text), anonymous=True)


@command("issue.hide", "匿名 {I}", "{I} 匿名", topic="反映", usage="I12 匿名")
def hide(ctx: Ctx, args: Args) -> str:
    """Keeps back from now on who raised one's own issue."""
    row = issues.by_number(ctx.tx, ctx.speaker.community_id, args.issue, lock=True)
    sight.hide(ctx.tx, ctx.speaker, row, now=ctx.now)
    ctx.intent = sight.HUSHED
    return say("anonymous.done", number=row.number, private=ctx.private)


@meant("privacy_anonymous")
def spoken(ctx: Ctx, meaning: Meaning) -> str | None:
    """The same in ordinary words: of the issue that is named, or the only open one of this person; else how it is done."""
    own = ctx.tx.all(select(issue.c.number).where(issue.c.submitter_id == ctx.speaker.id, issue.c.number.is_not(None),
                                                  issue.c.state.in_([str(s) for s in OPEN])).order_by(issue.c.id.desc()).limit(2))
    named = str(meaning.slots.get("issue_id") or "")[1:]
    number = int(named) if named.isdigit() else own[0].number if len(own) == 1 else None
    if number is None or number not in {row.number for row in own}:
        return say("privacy.names")
    return hide(ctx, Args(issue=number))
