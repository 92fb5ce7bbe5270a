"""What concerns the speaker: homes, own issues, own ballots in the polls that are open."""

from sqlalchemy import select

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.states import State
from models.tables import issue
from services import ballots, standing
from services.people import homes_of
from services.sight import HUSHED
from texts.say import say

LISTED = 5


@command("mine", "我的", usage="")
def mine(ctx: Ctx, args: Args) -> str:
    """Shows it in private; in a group it would show who lives where and raised what."""
    if not ctx.private:
        raise Refusal("ask_privately")
    issues = ctx.tx.all(select(issue.c.number, issue.c.title, issue.c.state, issue.c.anonymous).where(
        issue.c.submitter_id == ctx.speaker.id, issue.c.number.is_not(None), issue.c.state != State.WITHDRAWN)
        .order_by(issue.c.id.desc()).limit(LISTED))
    rows = ballots.open_here(ctx.tx, ctx.speaker, None, now=ctx.now)[:LISTED]
    chosen = [(row, ballots.mine(ctx.tx, ctx.speaker, row)) for row in rows]
    if any(standing.discreet(row) and choice for row, choice in chosen):
        ctx.intent = "vote.secret"
    if any(row.anonymous for row in issues):
        ctx.intent = HUSHED
    return say("mine", homes=[label for _, _, label in homes_of(ctx.tx, ctx.speaker.id)], issues=issues, polls=chosen)
