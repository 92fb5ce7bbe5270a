"""查票: a resident sees that their ballot is there, as they cast it, and after the end where it stands among the published ones."""

from bot import router
from bot.context import Ctx
from bot.router import Args, command
from domain import receipts
from domain.errors import Refusal
from services import ballots, pages, polls, published
from texts.kinds import spoken
from texts.say import say


@command("vote.check", "(查票|我的票|验票)", "(查票|我的票|验票) {P}", "(查票|验票) {P} {rest}", "{P} (查票|验票)",
         "{P} (查票|验票) {rest}",
         usage="查票 P5")
def check(ctx: Ctx, args: Args) -> str:
    """The speaker's own ballot and its receipt; with a receipt, that ballot as it was published."""
    if not ctx.private:
        raise Refusal("ask_privately")
    ctx.intent = "vote.secret"
    number = args.poll or router.quoted_number(ctx, "P")
    if not number:
        raise Refusal("receipt.which")
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, number)
    if args.rest:
        ctx.intent = "vote.receipt"
        return _published(ctx, row, receipts.read(args.rest))
    mine = ballots.own(ctx.tx, ctx.speaker, row)
    if mine is None:
        return say("receipt.none", poll=row)
    receipt = mine.receipt or (mine.link or "").split(" ")[0]
    return say("receipt.mine", poll=row, said=ballots.mine(ctx.tx, ctx.speaker, row), receipt=receipt,
               url=pages.url_of(ctx.tx, "poll", row.community_id, row.number))


def _published(ctx: Ctx, row: ballots.Row, receipt: str) -> str:
    if row.state != "closed":
        raise Refusal("receipt.not_closed", number=row.number)
    found, place, path = published.proof(ctx.tx, row, receipt)
    return say("receipt.published", poll=row, receipt=receipt, said=spoken(found.choice, row.kind, row.options), place=place + 1,
               steps=len(path), state=found.state)
