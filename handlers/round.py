"""A round as its host and the grid worker lead it: open, add seeds, moderate, see who is not heard, remind, close."""

import re

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.opinions import LONGEST
from services import round_statements, round_voice, rounds
from texts.rounds import read_round
from texts.say import say

SHOWN = 30  # statements in one list
_NUMBERS = re.compile(r"(?:第\s*)?\d{1,4}(?:\s*条)?(?:[\s,，、和]+(?:第\s*)?\d{1,4}(?:\s*条)?)*")
_HIDE = re.compile(r"(?:第\s*)?(\d{1,4})\s*条?[\s,，:：]*(?:理由|因为)?[\s,，:：]*(.*)", re.DOTALL)
_LINES = re.compile(r"[;；\n|]+")


@command("round.open", "(发起|开始)征言 {issue}", "(发起|开始)征言 {I} {rest}",
         topic="征言", usage="发起征言 I12 晚上几点以后要安静 5天 种子 九点以后不跳广场舞；装修只在白天")
def begin(ctx: Ctx, args: Args) -> str:
    """Opens a round on a matter."""
    words = read_round(args.rest, ctx.now)
    if any(len(seed) > LONGEST for seed in words.seeds):
        raise Refusal("round.too_long", number=args.issue, most=LONGEST, length=max(map(len, words.seeds)))
    plan = rounds.Plan(words.title, words.closes_at, words.before, words.daily or rounds.DAILY, words.seeds)
    row = rounds.begin(ctx.tx, ctx.speaker, plan, number=args.issue, chat_id=ctx.chat_id, now=ctx.now)
    return say("round.card", round=row, number=rounds.number_of(ctx.tx, row))


@command("round.end", "(结束|停止)征言 {issue}", "{I} (结束|停止)征言", topic="征言", usage="结束征言 I12")
def end(ctx: Ctx, args: Args) -> str:
    """Closes a round before its time."""
    rounds.end(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    return say("round.ended", number=args.issue)


@command("round.voice", "征言(情况|进度) {issue}", "{I} 征言(情况|进度)", topic="征言", usage="征言情况 I12")
def voice(ctx: Ctx, args: Args) -> str:
    """How a round goes, and who has not been heard."""
    if not ctx.private:
        raise Refusal("ask_privately")
    found = round_voice.of(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now)
    return say("round.state", voice=found, number=args.issue)


@command("round.remind", "(提醒|催)征言 {issue}", "{I} (提醒|催)征言", topic="征言", usage="提醒征言 I12")
def remind(ctx: Ctx, args: Args) -> str:
    """Asks those who have not been heard."""
    return say("round.reminded", count=round_voice.remind(ctx.tx, ctx.speaker, number=args.issue, now=ctx.now))


@command("round.list", "征言列表 {issue}", "{I} 征言列表", topic="征言", usage="征言列表 I12")
def listed(ctx: Ctx, args: Args) -> str:
    """The statements, without counts, so that nobody votes as others do."""
    row = rounds.of_issue(ctx.tx, ctx.speaker.community_id, args.issue)
    found = round_statements.shown(ctx.tx, row.id)
    return say("round.listed", round=row, number=args.issue, rows=found[:SHOWN], more=max(0, len(found) - SHOWN))


@command("round.waiting", "(待审|征言待审|待审征言)", topic="征言", usage="待审")
def waiting(ctx: Ctx, args: Args) -> str:
    """What waits to be read in the rounds somebody leads."""
    if not ctx.private:
        raise Refusal("ask_privately")
    found, count = round_statements.waiting(ctx.tx, ctx.speaker)
    return say("round.waiting", rows=found, count=count)


@command("round.approve", "通过 {I} {rest}", topic="征言", usage="通过 I12 3、5")
def approve(ctx: Ctx, args: Args) -> str:
    """Lets statements be shown."""
    if not _NUMBERS.fullmatch(args.rest.strip()):
        raise Refusal("round.approve_how", number=args.issue)
    which = list(dict.fromkeys(map(int, re.findall(r"\d+", args.rest))))
    round_statements.approve(ctx.tx, ctx.speaker, number=args.issue, which=which, now=ctx.now)
    return say("round.approved", number=args.issue, which=which)


@command("round.hide", "隐藏 {I} {rest}", topic="征言", usage="隐藏 I12 3 说的是个人，不是这件事")
def hide(ctx: Ctx, args: Args) -> str:
    """Takes a statement out, with a reason."""
    found = _HIDE.fullmatch(args.rest)
    if found is None or len(found[2].strip(" 。")) < 2:
        raise Refusal("round.hide_how", number=args.issue)
    round_statements.hide(ctx.tx, ctx.speaker, number=args.issue, which=int(found[1]), why=found[2].strip(" 。"), now=ctx.now)
    return say("round.hidden", number=args.issue, which=int(found[1]))


@command("round.seed", "种子 {I} {rest}", topic="征言", usage="种子 I12 九点以后不跳广场舞；装修只在白天")
def seed(ctx: Ctx, args: Args) -> str:
    """Adds statements to begin with."""
    texts = [t.strip(" ,，。") for t in _LINES.split(args.rest)]
    texts = [t for t in texts if len(t) > 1]
    longest = max(map(len, texts), default=0)
    if not texts:
        raise Refusal("round.seed_how", number=args.issue)
    if longest > LONGEST:
        raise Refusal("round.too_long", number=args.issue, most=LONGEST, length=longest)
    rounds.seed(ctx.tx, ctx.speaker, texts, number=args.issue, now=ctx.now)
    return say("round.seeded", number=args.issue, count=len(texts))


@command("round.join", "合并征言 {I} {rest}", topic="征言", usage="合并征言 I12 5 3")
def join(ctx: Ctx, args: Args) -> str:
    """Counts one statement as another one."""
    which = [int(n) for n in re.findall(r"\d{1,4}", args.rest)]
    if len(which) != 2:
        raise Refusal("round.join_how", number=args.issue)
    row = rounds.of_issue(ctx.tx, ctx.speaker.community_id, args.issue)
    other = round_statements.join(ctx.tx, ctx.speaker, round_id=row.id, which=which[0], to=which[1], now=ctx.now)
    return say("round.joined", other=other, which=which[0], number=args.issue)
