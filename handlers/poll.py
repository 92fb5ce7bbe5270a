"""Polls as the grid worker runs them, and the state of a poll for anybody."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from bot import router
from bot.context import Ctx
from bot.router import Args, answers, command, meant
from domain.classes import BY_AREA
from domain.errors import Refusal
from domain.roles import Role
from handlers.privacy import NO, said
from services import ballots, cards, electorate, forward, issues, owner_votes, polls, quiet, sight, standing, triage
from services.polls import Draft
from services.standing import Standing
from texts.draft import PollDraft, parse_draft
from texts.say import say, unit
from texts.when import find_when, when
from understanding.meaning import Meaning

STAFF = Role.GRID_WORKER
_PUBLISH = {"1", "发布", "确认", "是", "好", "好的", "可以", "发"}
LISTED = 6
LOOK_UPS = {"help", "issue.show", "issue.list", "poll.show", "poll.list"}
NAMED = 40  # people on one page of those who have not voted


@command("poll.open", "(发起|开|开始)投票", "(发起|开|开始)投票 {rest}", "{I} (发起)? 投票", "{I} (发起)? 投票 {rest}",
         role=STAFF, keeps_words=True, usage="发起投票 要不要装电梯 选项 同意 反对 弃权 截止 明晚8点")
def open_poll(ctx: Ctx, args: Args) -> str:
    """Opens a poll from one line; what is missing is asked for step by step, with a preview at the end."""
    draft = parse_draft(args.rest, now=ctx.now)
    _refuse(draft)
    if args.issue:
        sight.check(ctx.tx, ctx.speaker, issues.by_number(ctx.tx, ctx.speaker.community_id, args.issue), now=ctx.now,
                    aloud=not ctx.private)
    kept = _pack(draft) | {"issue": args.issue or None}
    if draft.missing is None:
        return _publish(ctx, kept)
    if args.issue and not draft.title:
        from_issue = issues.by_number(ctx.tx, ctx.speaker.community_id, args.issue)
        kept["title"] = from_issue.title
    return _next(ctx, kept)


@meant("command_poll")
def spoken(ctx: Ctx, meaning: Meaning) -> str | None:
    """A poll asked for in ordinary words: what was understood is shown before it goes out."""
    ctx.intent = "poll.draft"
    if not ctx.speaker.role.covers(STAFF):
        raise Refusal("role.refused", usage="")
    slots = meaning.slots
    said = f"发起投票 {slots.get('title', '')} 选项 {'|'.join(slots.get('options', ()))} 截止 {slots.get('deadline', '')}"
    draft = parse_draft(said, now=ctx.now)
    _refuse(draft)
    kept = _pack(draft) | {"most": slots.get("multi") or 1, "anonymous": bool(slots.get("anonymous"))}
    return _next(ctx, kept)


def proposed(ctx: Ctx, title: str, options: list[str], *, kind: str, closes_at: datetime | None, issue: int) -> str:
    """A poll that was put together elsewhere: what is missing is asked for, and it is shown before it goes out."""
    triage.check_votable(title, options)
    if closes_at is not None and closes_at < ctx.now + polls.SHORTEST:
        raise Refusal("poll.deadline_past", at=closes_at)
    ctx.intent = "poll.draft"
    return _next(ctx, {"title": title, "options": options, "kind": kind, "most": len(options) if kind == "approval" else 1,
                       "closes_at": closes_at.isoformat() if closes_at else None, "issue": issue})


@meant("ask_result")
def asked_result(ctx: Ctx, meaning: Meaning) -> str | None:
    """How the poll that is meant stands or ended; else what is open."""
    said = str(meaning.slots.get("poll_id") or "")
    ctx.intent = "poll.show"
    return show(ctx, Args(poll=int(said[1:]))) if said[1:].isdigit() else listing(ctx, Args())


@answers("poll.draft")
def draft_step(ctx: Ctx) -> str | None:
    """Hears the answer to the step that was asked."""
    assert ctx.dialog is not None
    kept = ctx.dialog.data
    ctx.intent = "poll.draft"
    if said(ctx, {"取消", "算了", "不发了", "退出"}):
        return say("cancelled")
    asked = router.match(ctx.heard)
    if asked is not None and asked[0].name in LOOK_UPS:  # looking something up does not end the talk, nor becomes a title
        step = _missing(kept)
        return f"{router.obey(ctx, *asked)}\n{_again(ctx, kept, step)}"
    try:
        _take(ctx, kept)
    except Refusal as no:
        ctx.ask("poll.draft", **kept)
        return say(no.key, **no.facts) + "\n" + say("poll.ask.again")
    return _next(ctx, kept)


@answers("poll.preview")
def preview_answer(ctx: Ctx) -> str | None:
    """发布 sends it out; anything else keeps the preview open."""
    assert ctx.dialog is not None
    ctx.intent = "poll.preview"
    if said(ctx, NO):
        return say("cancelled")
    if said(ctx, _PUBLISH):
        return _publish(ctx, ctx.dialog.data)
    ctx.ask("poll.preview", **ctx.dialog.data)
    return say("poll.preview.again")


def _again(ctx: Ctx, kept: dict[str, Any], step: str | None) -> str:
    ctx.ask("poll.draft", **kept)
    return say(f"poll.ask.{step}")


def _take(ctx: Ctx, kept: dict[str, Any]) -> None:
    """Puts the answer where it was missing."""
    step = _missing(kept)
    if step == "title":
        read = parse_draft(ctx.heard, now=ctx.now)
        _refuse(read)
        kept.update({k: v for k, v in _pack(read).items() if v})
    elif step == "options":
        read = parse_draft(f"{kept['title']} 选项 {ctx.heard}", now=ctx.now)
        _refuse(read)
        if len(read.options) < 2:
            raise Refusal("poll.options_count", least=2, most=10)
        kept["options"] = list(read.options)
    else:
        at = when(ctx.heard, ctx.now)
        if at is None:
            raise Refusal("poll.deadline_unreadable")
        if at < ctx.now + polls.SHORTEST:
            raise Refusal("poll.deadline_past", at=at)
        kept["closes_at"] = at.isoformat()


def _next(ctx: Ctx, kept: dict[str, Any]) -> str:
    step = _missing(kept)
    if not ctx.dialogs_up:
        raise Refusal("poll.one_line")
    if step is None:
        ctx.ask("poll.preview", **kept | {"preview": ctx.message_id})
        ctx.buttons(kept["title"], ("发布", say("card.publish")), ("取消", say("card.later")))
        return say("poll.preview", draft=_draft(kept), issue=kept.get("issue"))
    ctx.ask("poll.draft", **kept)
    return say(f"poll.ask.{step}")


def _missing(kept: dict[str, Any]) -> str | None:
    if not kept.get("title"):
        return "title"
    if len(kept.get("options") or []) < 2 and kept.get("kind") != "signup":
        return "options"
    return None if kept.get("closes_at") else "deadline"


def _publish(ctx: Ctx, kept: dict[str, Any]) -> str:
    opened = polls.open_poll(ctx.tx, ctx.speaker, _draft(kept), chat_id=ctx.chat_id, issue_number=kept.get("issue"),
                             preview_id=kept.get("preview"), now=ctx.now)
    ctx.intent = "poll.open"
    card, ctx.card = polls.card(opened.row), cards.poll(ctx.tx, opened.row)
    moved = "\n" + say("poll.moved", poll=opened.row) if opened.moved else ""
    if ctx.private:
        return say("poll.opened.private", poll=opened.row, told=_told(ctx, opened.row)) + moved + "\n" + card
    return card + moved


def _pack(draft: PollDraft) -> dict[str, Any]:
    return {"title": draft.title, "options": list(draft.options), "most": draft.multiple, "household": draft.household,
            "anonymous": draft.anonymous, "scope": draft.scope, "kind": draft.kind, "rules": draft.rules,
            "poll_class": draft.poll_class, "secret": draft.secret, "hides": draft.hides, "notice_days": draft.notice_days,
            "closes_at": draft.closes_at.isoformat() if draft.closes_at else None}


def _draft(kept: dict[str, Any]) -> Draft:
    return Draft(kept["title"], tuple(kept["options"]), datetime.fromisoformat(kept["closes_at"]), kept.get("most", 1),
                 kept.get("household", False), kept.get("anonymous", False), kept.get("scope"),
                 **{name: kept[name] for name in ("kind", "rules", "poll_class", "secret", "hides", "notice_days") if name in kept})


def _refuse(draft: PollDraft) -> None:
    problems = [p for p in draft.problems if p != "too_few_options"]
    if problems:
        raise Refusal(f"poll.{problems[0]}", text=draft.deadline_text)
    triage.check_votable(draft.title or "", draft.options)


@command("poll.list", "投票", "投票列表", "查看投票", "(怎么|如何)投票(啊|呀|呢)?", usage="投票")
def listing(ctx: Ctx, args: Args) -> str:
    """The polls this person can vote in now, or soon; in private staff see all others that run, with how many took part."""
    rows = ballots.open_here(ctx.tx, ctx.speaker, ctx.chat_id, now=ctx.now)[:LISTED]
    if ctx.private and ctx.speaker.role.covers(STAFF):
        others = [row for row in ballots.running(ctx.tx, ctx.speaker.community_id) if row.id not in {each.id for each in rows}]
    else:
        others = ballots.announced(ctx.tx, ctx.speaker) if ctx.private else []
    lines = [(row, electorate.size(ctx.tx, row)) for row in others[:LISTED]]
    return say("poll.list", polls=rows, others=lines, more=len(others) - len(lines), staff=ctx.speaker.role.covers(STAFF))


@command("poll.show", "{P}", "投票 {P}", "{P} (结果|进度|进展|怎么样了)", usage="P5")
def show(ctx: Ctx, args: Args) -> str:
    """Where a poll stands, or how it ended; the speaker's own ballot only in private."""
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, args.poll)
    mine = ballots.mine(ctx.tx, ctx.speaker, row) if ctx.private else None
    if row.state == "open":
        ctx.card = cards.poll(ctx.tx, row)
    if mine and standing.discreet(row):
        ctx.intent = "vote.secret"
    took_part = ctx.private and row.secret and not mine and ballots.own(ctx.tx, ctx.speaker, row) is not None
    tally = polls.count(ctx.tx, row)
    return say("poll.state", poll=row, tally=tally, mine=mine, private=ctx.private, took_part=took_part,
               needed=_needed(ctx, tally), may_vote=_may_vote(ctx, row),
               asked=row.result["asked"] if row.result else electorate.size(ctx.tx, row))


def _may_vote(ctx: Ctx, row: Row[Any]) -> bool:
    try:
        return bool(electorate.rights(ctx.tx, row, ctx.speaker))
    except Refusal:
        return False


def _needed(ctx: Ctx, tally: Standing) -> str:
    """What an open decision still lacks; for staff in private."""
    return tally.needed if ctx.private and ctx.speaker.role.covers(STAFF) else ""


@command("poll.missing", "未投 {poll}", "未投 {P} {issue2}", "{P} 未投", "{P} 谁没投", role=STAFF, usage="未投 P5")
def missing(ctx: Ctx, args: Args) -> str:
    """Who has not voted: for staff, in private."""
    if not ctx.private:
        raise Refusal("ask_privately")
    row = polls.by_number(ctx.tx, ctx.speaker.community_id, args.poll)
    page = max(args.issue2, 1)
    part = slice((page - 1) * NAMED, page * NAMED)
    if row.poll_class in BY_AREA:
        silent = owner_votes.silent(ctx.tx, row.id)
        names, who, count = [home.label for home in silent[part]], unit(row), len(silent)
    else:
        absent = electorate.missing(ctx.tx, row)
        names, who, count = [electorate.label(ctx.tx, each.id, each.name) for each in absent[part]], say("unit.person"), len(absent)
    return say("poll.missing", poll=row, names=names, who=who, count=count, page=page, left=max(0, count - page * NAMED))


@command("poll.remind", "(提醒|催一下|催) {poll}", "{P} (提醒|催一下)", role=STAFF, usage="提醒 P5")
def remind(ctx: Ctx, args: Args) -> str:
    """Reminds, privately and once each, those who have not voted."""
    sent, again, out = polls.remind(ctx.tx, ctx.speaker, number=args.poll, now=ctx.now)
    held = quiet.until(ctx.tx, ctx.speaker.community_id, ctx.now)
    return say("poll.reminded", number=args.poll, sent=sent, again=again, out=out, held=held)


@command("poll.extend", "延期 {poll}", "延期 {poll} {rest}", "{P} 延期 {rest}", role=STAFF,
         usage="延期 P5 后天晚8点 很多邻居还没看到")
def extend(ctx: Ctx, args: Args) -> str:
    """Moves the deadline."""
    found = find_when(args.rest, ctx.now) if args.rest else None
    if found is None:
        raise Refusal("poll.extend_to", number=args.poll)
    reason = args.rest[: found.start].rstrip(" ,，:：到至") + args.rest[found.end:].strip(" ,，。:：")
    row = polls.extend(ctx.tx, ctx.speaker, number=args.poll, closes_at=found.at, reason=reason, now=ctx.now)
    return say("poll.extended", poll=row, told=_told(ctx, row), moved=row.closes_at != found.at)


@command("poll.close", "(结束|公布) {poll}", "(结束|公布) {poll} {rest}", "{P} 结束", "{P} 结束 {rest}", role=STAFF,
         usage="结束 P5 各家都已表态")
def close(ctx: Ctx, args: Args) -> str:
    """Closes a poll early, with the reason."""
    row = polls.close_early(ctx.tx, ctx.speaker, number=args.poll, reason=args.rest, now=ctx.now)
    return say("poll.closed", poll=row, told=_told(ctx, row))


@command("poll.void", "作废 {poll}", "作废 {poll} {rest}", "{P} 作废", "{P} 作废 {rest}",
    role=STAFF, usage="作废 P5 选项写错了")
def void(ctx: Ctx, args: Args) -> str:
    """Calls a poll off, with the reason."""
    row = polls.void(ctx.tx, ctx.speaker, number=args.poll, reason=args.rest, now=ctx.now)
    return say("poll.voided", poll=row, told=_told(ctx, row))


def _told(ctx: Ctx, row: Row[Any]) -> str:
    """Which groups hear of it, and when."""
    held = quiet.until(ctx.tx, ctx.speaker.community_id, ctx.now)
    return say("poll.told", groups=polls.told(ctx.tx, row), held=held, by_hand=forward.by_hand(ctx.tx, row.id))
