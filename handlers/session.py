"""A session as residents and its host speak of it: come, ask, take turns; answer, hand on, end."""

import re
from typing import Any

from bot.context import Ctx
from bot.router import Args, answers, command, meant
from domain.errors import Refusal
from domain.roles import Role
from handlers.privacy import NO, YES, said
from services import deadlines, participants, parties, questions, session_end, session_turns, sessions
from texts.mask import mask
from texts.plans import read_plan
from texts.say import say
from understanding.meaning import Meaning

_ABOUT = re.compile(r"关于\s*[Ii]\s*(\d{1,6})")
_WHICH = re.compile(r"问?\s*(\d{1,4})[\s,，、:：]*(.*)", re.DOTALL)
_NOT_COMING = re.compile("不来|来不了|不参加|去不了|请假|没空")


@command("session.open", "(恳谈会|请你来协商|议事会) {rest}", role=Role.GRID_WORKER, keeps_words=True, others_pass=True,
         topic="恳谈会", usage="恳谈会 电动车充电怎么管 主持 李叔 12月5日晚7点")
def announce(ctx: Ctx, args: Args) -> str:
    """Announces a session."""
    about = _ABOUT.search(args.rest)
    words = read_plan(_ABOUT.sub(" ", args.rest), ctx.now)
    if words.starts_at is None or len(words.rest) < 2:
        raise Refusal("session.how")
    host = participants.person_called(ctx.tx, ctx.speaker.community_id, words.host) if words.host else None
    if words.host and host is None:
        raise Refusal("talk.who_unknown", names=[words.host], known=[])
    plan = sessions.Plan(words.rest, words.starts_at, host.id if host else None, int(about[1]) if about else None)
    row = sessions.announce(ctx.tx, ctx.speaker, plan, chat_id=ctx.chat_id, now=ctx.now)
    return say("session.notice_card", session=row)


@command("session.show", "{S}", "{S} (问题|进度)", topic="恳谈会", usage="S1")
def show(ctx: Ctx, args: Args) -> str:
    """A session and its questions, those with most people behind them first."""
    row = sessions.by_number(ctx.tx, ctx.speaker.community_id, args.session)
    found = [(q.number, mask(q.text), q.behind, q.state) for q in questions.listed(ctx.tx, row.id)]
    return say("session.state", session=row, questions=found, coming=sessions.persons(ctx.tx, row.id, said=True),
               came=sessions.persons(ctx.tx, row.id))


@command("session.attend", "(参加|报名) {S}", "{S} (参加|报名)", topic="恳谈会", usage="参加 S1")
def attend(ctx: Ctx, args: Args) -> str:
    """Says that they will come."""
    row, count = sessions.attend(ctx.tx, ctx.speaker, number=args.session, now=ctx.now)
    return say("session.attending", session=row, count=count)


@meant("attend")
def spoken(ctx: Ctx, meaning: Meaning) -> str | None:
    """Will come, in ordinary words: to the one session that is announced."""
    rows = sessions.coming(ctx.tx, ctx.speaker.community_id)
    if len(rows) != 1:
        return say("session.which", sessions=rows) if rows else say("session.none")
    ctx.intent = "session.attend"
    return say("session.not_coming") if _NOT_COMING.search(ctx.heard) else attend(ctx, Args(session=rows[0].number))


@command("session.sign_in", "签到 {S}", "{S} 签到", topic="恳谈会", usage="签到 S1")
def sign_in(ctx: Ctx, args: Args) -> str:
    """Signs in."""
    row, count, late = sessions.sign_in(ctx.tx, ctx.speaker, number=args.session, now=ctx.now)
    return say("session.signed_in", session=row, count=count, late=late)


@meant("checkin")
def spoken_sign_in(ctx: Ctx, meaning: Meaning) -> str | None:
    """Signs in, in ordinary words, to the one session that is going on; nobody has to sign out."""
    if meaning.slots.get("status") == "out":
        return say("session.no_sign_out")
    rows = sessions.coming(ctx.tx, ctx.speaker.community_id)
    going_on = [row for row in rows if row.state == "open"]
    if len(going_on) != 1:
        return say("session.which_open", sessions=going_on) if going_on else say("session.none_open", next=rows[:3])
    ctx.intent = "session.sign_in"
    return sign_in(ctx, Args(session=going_on[0].number))


@command("session.ask", "提问 {S} {rest}", "{S} 提问 {rest}", keeps_words=True, topic="恳谈会", usage="提问 S1 充电桩什么时候装")
def ask(ctx: Ctx, args: Args) -> str:
    """Puts a question into the queue."""
    if len(args.rest) < 4:
        raise Refusal("session.ask_how", number=args.session)
    found = questions.ask(ctx.tx, ctx.speaker, number=args.session, text=args.rest, now=ctx.now)
    return say("session.asked", number=args.session, question=found)


@command("session.back", "支持 {S} {rest}", "{S} 支持 {rest}")
def back(ctx: Ctx, args: Args) -> str:
    """Stands behind a question."""
    which, _ = _which(args)
    found, count = questions.back(ctx.tx, ctx.speaker, number=args.session, which=which, now=ctx.now)
    return say("session.backed", number=args.session, question=found, count=count)


@command("session.answer", "问 {S} {rest}", "{S} 问 {rest}", keeps_words=True, topic="恳谈会", usage="问 S1 2 答 下周就装")
def answer(ctx: Ctx, args: Args) -> str:
    """The host ends a question: 答 …, 转任务 单位 日期, or 私事."""
    which, words = _which(args)
    asked: dict[str, Any] = {"number": args.session, "which": which, "now": ctx.now}
    if words.startswith("转任务"):
        doer, terms = parties.leading(ctx.tx, ctx.speaker.home_community, words[3:])
        due = deadlines.asked(ctx.tx, ctx.speaker.community_id, terms, now=ctx.now)
        task = questions.to_task(ctx.tx, ctx.speaker, doer=doer, due_at=due.at if due else None, **asked)
        return say("session.task", number=args.session, which=which, task=task)
    if words.startswith("私事"):
        return say("session.private", number=args.session, which=which,
                   ticket=questions.to_private(ctx.tx, ctx.speaker, **asked))
    text = words[1:].strip(" :：,，") if words.startswith("答") else ""
    if len(text) < 2:
        raise Refusal("session.answer_how", number=args.session, which=which)
    questions.answer(ctx.tx, ctx.speaker, text=text, **asked)
    return say("session.answered", number=args.session, which=which)


def _which(args: Args) -> tuple[int, str]:
    found = _WHICH.fullmatch(args.rest)
    if found is None:
        raise Refusal("session.which_question", number=args.session)
    return int(found[1]), found[2].strip()


@command("session.hand", "举手 {S}", "{S} 举手", topic="恳谈会", usage="举手 S1")
def hand(ctx: Ctx, args: Args) -> str:
    """Asks for a turn to speak."""
    place, before, at_once = session_turns.raise_hand(ctx.tx, ctx.speaker, number=args.session, now=ctx.now)
    return say("session.hand", place=place, before=before, at_once=at_once)


@command("session.spoken", "说完 {S}", "{S} 说完(了)?", topic="恳谈会", usage="说完 S1")
def finished(ctx: Ctx, args: Args) -> str:
    """Ends the present turn early."""
    return say("session.spoken", left=session_turns.finish(ctx.tx, ctx.speaker, number=args.session, now=ctx.now))


@command("session.end", "结束 {S}", "{S} 结束")
def end(ctx: Ctx, args: Args) -> str:
    """Ends the session and shows its minutes, to be confirmed."""
    session_end.end(ctx.tx, ctx.speaker, number=args.session, now=ctx.now)
    return _confirm(ctx, args.session)


@command("session.minutes", "纪要 {S}", "{S} 纪要", topic="恳谈会", usage="纪要 S1")
def minutes(ctx: Ctx, args: Args) -> str:
    """Shows the minutes of a session that is over, to be confirmed."""
    return _confirm(ctx, args.session)


def _confirm(ctx: Ctx, number: int) -> str:
    text = session_end.minutes(ctx.tx, ctx.speaker, number=number)
    if not ctx.dialogs_up:
        return say("session.minutes_later", number=number, text=text)
    ctx.ask("session.minutes", number=number, text=text)
    ctx.buttons(f"S{number}", ("1", say("card.run")), ("2", say("card.later")))
    return say("session.minutes_ask", number=number, text=text)


@answers("session.minutes")
def minutes_answer(ctx: Ctx) -> str | None:
    """Yes posts the minutes; no keeps them for later."""
    assert ctx.dialog is not None
    ctx.intent = "session.minutes"
    number = ctx.dialog.data["number"]
    if said(ctx, NO):
        return say("session.minutes_kept", number=number)
    if not said(ctx, YES):
        return None
    session_end.publish(ctx.tx, ctx.speaker, number=number, text=ctx.dialog.data["text"], now=ctx.now)
    return say("session.minutes_done", number=number)
