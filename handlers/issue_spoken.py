"""Issues in ordinary words: what sounds like a report is asked about once; what points to an issue is done to it."""

from sqlalchemy import or_, select

from bot import router
from bot.context import Ctx
from bot.router import Args, meant
from domain.states import State
from handlers import issue as formal
from handlers import rating
from handlers.confirm import read_back
from models.tables import issue
from services import issues, sight
from texts.say import say
from texts.words import category
from understanding.meaning import Meaning


@meant("register_issue")
def report(ctx: Ctx, meaning: Meaning) -> str | None:
    """A plain sentence about the community's affairs: asks once whether it shall be registered."""
    danger = formal.warn(ctx, meaning)
    ctx.intent = "issue.ask"
    if not ctx.speaker.consented:
        return danger + router.ask_consent(ctx, f"反映 {ctx.text}")
    told = formal.read(ctx.text, meaning)
    same = issues.same_open(ctx.tx, ctx.speaker.home_community, told)
    if same is not None:
        return danger + formal.offer(ctx, told, same)
    issues.draft(ctx.tx, ctx.speaker, told, chat_id=ctx.chat_id, same_as=None, now=ctx.now)
    ctx.asked, ctx.intent = True, sight.HUSHED if told.anonymous else ctx.intent
    ctx.buttons(told.title, ("1", say("card.confirm")), ("2", say("card.later")))
    return danger + say("issue.ask", title=told.title, category=told.category, place=told.place)


@meant("second_issue")
def second(ctx: Ctx, meaning: Meaning) -> str | None:
    """Joins the issue that is named or quoted; a neighbour's quoted complaint becomes one first."""
    number = _number(meaning)
    if number is not None:
        return formal.stand_behind(ctx, number)
    quoted = ctx.message.quote or ""
    if len(quoted) < 4:
        return say("issue.second_which")
    told = formal.read(quoted, formal.as_issue(ctx, quoted))
    same = issues.same_open(ctx.tx, ctx.speaker.home_community, told)
    if same is not None:
        return formal.stand_behind(ctx, same.number)
    ctx.intent = "issue.ask"
    if not ctx.speaker.consented:
        return router.ask_consent(ctx, f"反映 {quoted}")
    issues.draft(ctx.tx, ctx.speaker, told, chat_id=ctx.chat_id, same_as=None, now=ctx.now)
    ctx.asked = True
    ctx.buttons(told.title, ("1", say("card.confirm")), ("2", say("card.later")))
    return say("issue.ask", title=told.title, category=told.category, place=told.place)


@meant("supplement_issue")
def supplement(ctx: Ctx, meaning: Meaning) -> str | None:
    """Adds what was said to the issue that is meant."""
    number = _number(meaning)
    if number is None:
        return say("issue.supplement_which")
    if not ctx.speaker.consented:
        return router.ask_consent(ctx, f"补充 I{number} {ctx.text}")
    row = issues.supplement(ctx.tx, ctx.speaker, number=number, text=ctx.text[: formal.LONGEST], now=ctx.now)
    formal.hush(ctx, row)
    return say("issue.supplemented", issue=row)


@meant("withdraw_issue")
def withdraw(ctx: Ctx, meaning: Meaning) -> str | None:
    """Reads back which issue shall be taken back."""
    number = _number(meaning)
    return say("issue.withdraw_which") if number is None else read_back(ctx, f"撤回 I{number}")


@meant("reopen_issue")
def reopen(ctx: Ctx, meaning: Meaning) -> str | None:
    """What was reported done and is not: said to be unsolved; what is closed is opened again, with these words."""
    number = _number(meaning)
    if number is None:
        return say("issue.reopen_which")
    closed = issues.by_number(ctx.tx, ctx.speaker.community_id, number).state == State.CLOSED
    return read_back(ctx, f"重开 I{number} {ctx.text}" if closed else f"未解决 I{number}")


_LEVELS = {"非常满意": "very_satisfied", "满意": "satisfied", "基本满意": "fair", "不满意": "dissatisfied"}
_SCORES = ("dissatisfied", "dissatisfied", "fair", "satisfied", "very_satisfied")


@meant("rate")
def rate(ctx: Ctx, meaning: Meaning) -> str | None:
    """Whether the work that was reported done is done: yes closes it, no sends it back, in between is asked."""
    number, slots = _number(meaning), meaning.slots
    if number is None:
        return None
    score = slots.get("score")
    good = slots.get("resolved") is True or slots.get("level") in ("非常满意", "满意", "基本满意") or (score or 0) >= 4
    bad = slots.get("resolved") is False or slots.get("level") == "不满意" or 0 < (score or 5) <= 2
    if good == bad:
        return say("issue.rate_how", number=number)
    level = _LEVELS.get(str(slots.get("level"))) or (_SCORES[score - 1] if score else None)
    return rating.good(ctx, number, level) if good else rating.bad(ctx, number, level, ctx.text)


@meant("ask_progress")
def progress(ctx: Ctx, meaning: Meaning) -> str | None:
    """Where the issue stands that is named or described."""
    number = _number(meaning) or _described(ctx, str(meaning.slots.get("target") or ""))
    if number is not None:
        ctx.intent = "issue.show"
        return formal.show(ctx, Args(issue=number))
    ctx.intent = "issue.progress"
    return formal.progress(ctx, Args()) if ctx.private else say("issue.progress_which")


def _described(ctx: Ctx, target: str) -> int | None:
    """The newest open issue whose title holds these words, or the only one of their category."""
    if len(target) < 2:
        return None
    literal = target.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    theirs = or_(~issue.c.private, issue.c.submitter_id == ctx.speaker.id)
    found = ctx.tx.scalar(select(issue.c.number).where(
        issue.c.community_id == ctx.speaker.community_id, issue.c.number.is_not(None), issue.c.state.in_(formal.LISTED_STATES),
        theirs, issue.c.title.like(f"%{literal}%", escape="\\")).order_by(issue.c.id.desc()).limit(1))
    if found is not None:
        return int(found)
    code = category(target)
    open_ones = ctx.tx.connection.scalars(select(issue.c.number).where(
        issue.c.community_id == ctx.speaker.community_id, issue.c.category == code, issue.c.number.is_not(None), theirs,
        issue.c.state.in_(formal.LISTED_STATES)).limit(2)).all() if code else []
    return int(open_ones[0]) if len(open_ones) == 1 else None


def _number(meaning: Meaning) -> int | None:
    said = str(meaning.slots.get("issue_id") or "")
    return int(said[1:]) if said[:1] == "I" and said[1:].isdigit() else None

