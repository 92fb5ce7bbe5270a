"""Issues as residents speak of them: report, confirm, stand behind, add, withdraw, look up."""

from datetime import timedelta

from sqlalchemy import Row, select

from bot import inbox, router
from bot.context import Ctx
from bot.router import Args, command, ear
from domain.errors import Refusal
from domain.lifecycle import OPEN
from domain.roles import Role
from domain.states import State
from handlers.offer import offered
from handlers.photo import with_photos
from handlers.privacy import NO, YES, said
from handlers.triage import ask_for_idea
from models.tables import issue, issue_event
from services import alarm, ballots, cards, claims, dictionary, issues, joined, sight, talking, triage, warning, who
from services.issues import Report
from texts.mask import mask, public
from texts.say import say
from texts.words import title
from understanding import trained
from understanding.context import Context
from understanding.meaning import Meaning

CONFIRM_WITHIN = timedelta(minutes=30)
LONGEST = 1000  # characters of one report
LISTED = 8
LISTED_STATES = [str(s) for s in OPEN]


@command("issue.report", "反映 (一下)? {rest}", "上报 {rest}", r"(投诉|举报|报修)[:,\s] {rest}", keeps_words=True,
         usage="反映 3幢2单元电梯停了一周没人修")
def report(ctx: Ctx, args: Args) -> str:
    """Registers what is reported."""
    return register(ctx, after_verb(ctx.text))


def register(ctx: Ctx, words: str, *, anonymous: bool = False) -> str:
    """Puts the words on record; when a neighbour has said the same, offers to stand behind that instead."""
    meaning = as_issue(ctx, words)
    told, danger = read(words, meaning, anonymous=anonymous), warn(ctx, meaning)
    same = None if danger else issues.same_open(ctx.tx, ctx.speaker.home_community, told)
    if same is not None:
        return offer(ctx, told, same)
    row = issues.register(ctx.tx, ctx.speaker, told, chat_id=ctx.chat_id, now=ctx.now)
    hush(ctx, row)
    return danger + (say("issue.danger_registered", issue=row) if danger else receipt(ctx, row))


def as_issue(ctx: Ctx, text: str) -> Meaning:
    """The facts of words that are a report, whatever they sound like."""
    own_words = dictionary.words_of(ctx.tx, ctx.speaker.community_id)
    return trained.reader().read(text, Context(private=True, vocabulary=own_words), intent="register_issue")


def read(text: str, meaning: Meaning, *, anonymous: bool = False) -> Report:
    """The report in the words, with what was understood of it."""
    if len(text) > LONGEST:
        raise Refusal("issue.too_long", most=LONGEST)
    if len(text) < 4:
        raise Refusal("issue.too_short")
    return Report(text, title(public(text)), meaning.slots["category"], meaning.slots.get("location"),
                  str(meaning.slots.get("urgency") or "normal"), anonymous or bool(meaning.slots.get("anonymous")))


def receipt(ctx: Ctx, row: Row) -> str:
    """What the resident gets: the number, what happens next and when; in a group neighbours can join with a touch."""
    hush(ctx, row)
    if row.private:
        return say("issue.registered.private", issue=row, why="health" if triage.of_health(row) else "two_homes")
    if not ctx.private:
        ctx.card = cards.issue(ctx.tx, row)
    words = say("issue.registered.anonymous" if row.anonymous else "issue.registered", issue=row)
    return words + with_photos(ctx, row) + ask_for_idea(ctx, row)


def hush(ctx: Ctx, row: Row) -> None:
    """Nobody who reads the message log shall learn from it who raised an anonymous issue."""
    if row.anonymous and row.submitter_id == ctx.speaker.id:
        ctx.intent = sight.HUSHED


def after_verb(text: str) -> str:
    """The resident's own words, without the verb that addressed the bot."""
    found = router.match(router.canonical(text))
    rest = found[1].rest if found else ""
    at = text.find(rest[:6]) if rest else -1
    return text[at:].strip() if at > 0 else rest or text


def warn(ctx: Ctx, meaning: Meaning) -> str:
    """A danger to life is answered with the number to call, and the grid workers are told at once, at any hour.

    They learn what kind of danger and where, which an emergency allows without asking; the words follow when registered.
    """
    hotline = meaning.slots.get("hotline")
    if hotline is None:
        return ""
    reached = alarm.alert(ctx.tx, ctx.speaker, key=f"message:{ctx.message_id}", category=meaning.slots["category"],
                           place=meaning.slots.get("location"), hotline=hotline, now=ctx.now)
    return say("issue.danger", hotline=hotline, reached=reached) + "\n"


def offer(ctx: Ctx, told: Report, same: Row) -> str:
    """Somebody has said the same: asks whether to stand behind that."""
    if same.submitter_id == ctx.speaker.id:
        return say("issue.same_own", issue=same)
    issues.draft(ctx.tx, ctx.speaker, told, chat_id=ctx.chat_id, same_as=same.id, now=ctx.now)
    ctx.asked = True
    ctx.buttons(f"I{same.number} {same.title}", ("1", say("card.support")), ("2", say("card.apart")))
    return say("issue.same", issue=same, behind=issues.supporters(ctx.tx, same.id))


@ear(10, "issue.confirm")
def confirm(ctx: Ctx) -> str | None:
    """A yes or no to the bot's own question about a draft."""
    yes, no = said(ctx, YES), said(ctx, NO)
    if not (yes or no):
        return None
    row = issues.pending(ctx.tx, ctx.speaker, since=ctx.now - CONFIRM_WITHIN)
    if row is None or row.chat_id != ctx.chat_id or (said(ctx, VOTE_LIKE) and not _just_asked(ctx)):
        return None
    if row.merged_into is None:
        if no:
            issues.drop(ctx.tx, ctx.speaker, issue_id=row.id, now=ctx.now)
            return say("issue.dropped")
        return receipt(ctx, issues.submit(ctx.tx, ctx.speaker, issue_id=row.id, now=ctx.now))
    if no:
        return receipt(ctx, issues.submit(ctx.tx, ctx.speaker, issue_id=row.id, now=ctx.now))
    same = issues.by_id(ctx.tx, row.merged_into)
    issues.drop(ctx.tx, ctx.speaker, issue_id=row.id, now=ctx.now)
    return stand_behind(ctx, same.number)


VOTE_LIKE = {"1", "2", "同意", "不同意", "可以", "行"}  # may as well be a ballot


def _just_asked(ctx: Ctx) -> bool:
    """True unless a poll is open here and something else was said since the question."""
    if not ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now):
        return True
    if said(ctx, {"同意", "不同意"}):
        return False
    last = inbox.last_intent(ctx.tx, ctx.speaker.id, before=ctx.message_id, chat_id=ctx.chat_id)
    return last is None or last.endswith("?")


@command("issue.support", "附议 {issue}", "复议 {issue}", "支持 {I}", "{I} (附议|复议|[+]1|"
    "加1)", "[+]1 {I}", usage="附议 I12")
def support(ctx: Ctx, args: Args) -> str:
    """Stands behind an issue."""
    return stand_behind(ctx, args.issue)


def stand_behind(ctx: Ctx, number: int) -> str:
    """Adds the speaker to those behind the issue."""
    row, behind, fresh = issues.support(ctx.tx, ctx.speaker, number=number, now=ctx.now)
    return say("issue.supported", issue=row, behind=behind, fresh=fresh) + offered(ctx)


@command("issue.supplement", "补充 {issue} {rest}", "{I} 补充 {rest}", usage="补充 I12 昨天又困人了", keeps_words=True)
def supplement(ctx: Ctx, args: Args) -> str:
    """Adds a fact to an issue."""
    if len(args.rest) < 2:
        raise Refusal("issue.too_short")
    row = issues.supplement(ctx.tx, ctx.speaker, number=args.issue, text=args.rest[:LONGEST], now=ctx.now)
    hush(ctx, row)
    return say("issue.supplemented", issue=row)


@command("issue.withdraw", "撤回 {issue}", "{I} 撤回", usage="撤回 I12")
def withdraw(ctx: Ctx, args: Args) -> str:
    """Takes back one's own issue."""
    hush(ctx, issues.by_number(ctx.tx, ctx.speaker.community_id, args.issue))
    row, passed_on = issues.withdraw(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    return say("issue.passed_on" if passed_on else "issue.withdrawn", issue=row)


@command("issue.list", "议题", "议题列表", "查看议题", usage="议题")
def listing(ctx: Ctx, args: Args) -> str:
    """The open issues, the newest first."""
    rows = ctx.tx.all(select(issue.c.number, issue.c.title, issue.c.state, joined.behind_column().label("behind")).where(
        issue.c.community_id == ctx.speaker.community_id, issue.c.state.in_(LISTED_STATES), ~issue.c.private)
        .order_by(issue.c.id.desc()).limit(LISTED + 1))
    return say("issue.list", issues=rows[:LISTED], more=len(rows) > LISTED)


@command("issue.show", "{I}", "进度 {issue}", "议题 {issue}", "{I} (进度|到哪一步了|怎么样了)", usage="I12")
def show(ctx: Ctx, args: Args) -> str:
    """One issue with its timeline, without names; for staff in private also whose affair it is and how near to a quarrel."""
    row = sight.check(ctx.tx, ctx.speaker, issues.by_number(ctx.tx, ctx.speaker.community_id, args.issue), now=ctx.now,
                      aloud=not ctx.private)
    staff = ctx.private and ctx.speaker.role.covers(Role.GRID_WORKER)
    events = ctx.tx.all(select(issue_event).where(issue_event.c.issue_id == row.id, issue_event.c.act != "support",
                                                           ~issue_event.c.inner)
                        .order_by(issue_event.c.id.desc()).limit(6))
    if ctx.draws:
        card = cards.correct if staff else cards.issue if not row.private else None
        ctx.card = card(ctx.tx, row) if card is not None and row.state in LISTED_STATES else None
    seen = say("issue.detail", asked=args.issue, issue=row, text=(mask if staff else public)(row.text),
               talk=talking.line(ctx.tx, row), behind=issues.supporters(ctx.tx, row.id),
               events=[(e.at, e.act, public(e.text) if e.text else None) for e in reversed(events)])
    inner = [say("triage.line", issue=row), _claimed(ctx, row), warning.in_words(warning.current(ctx.tx, row.id))] if staff else []
    return "\n".join(filter(None, [seen, *inner]))


def _claimed(ctx: Ctx, row: Row) -> str:
    """Who has taken it on, for staff."""
    has = claims.whose(ctx.tx, row)
    return "" if has is None else say("claim.line", name=who.name_of(ctx.tx, has[0]) if has[0] else "", until=has[1])


@command("issue.progress", "进度", "我的议题", "(有)? 进展", usage="进度")
def progress(ctx: Ctx, args: Args) -> str:
    """Where the speaker's own issues stand; in a group it would show who raised what."""
    if not ctx.private:
        raise Refusal("ask_privately")
    rows = ctx.tx.all(select(issue).where(issue.c.submitter_id == ctx.speaker.id, issue.c.number.is_not(None),
                                          issue.c.state != State.WITHDRAWN).order_by(issue.c.id.desc()).limit(5))
    for row in rows:
        hush(ctx, row)
    return say("issue.progress", issues=rows)
