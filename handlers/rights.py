"""A resident's rights over their own data, by plain words: what is stored, a copy, putting it right; and the staff's side of it."""

import re

from bot.context import Ctx
from bot.router import Args, command, meant
from domain.errors import Refusal
from domain.roles import Role
from services import homes, mydata, rights
from services.homes import find
from texts import mask
from texts.normal import plain
from texts.say import say
from texts.words import home as read_home
from understanding.meaning import Meaning

_PHONE = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9}|0\d{2,3}\d{7,8})")
_REQUEST = re.compile(r"[Rr]?\s*(\d{1,9})[\s,:;,。]*(.*)", re.DOTALL)
_ASKED = {"删": "delete", "副本": "copy", "导出": "copy", "撤回": "withdraw"}


@command("rights.data", "(查看|看看)?我的(数据|资料)", "我的个人信息", "(导出|下载)我的(数据|资料)", usage="")
def data(ctx: Ctx, args: Args) -> str:
    """What is stored, and where the whole of it can be read and taken."""
    _privately(ctx)
    link = mydata.link(ctx.tx, ctx.speaker.id, now=ctx.now)
    it = mydata.summary(ctx.tx, ctx.speaker.id)
    return say("rights.data", it=it, link=link, minutes=int(mydata.LINK_LIFE.total_seconds()) // 60)


@meant("privacy_export")
def spoken_data(ctx: Ctx, meaning: Meaning) -> str | None:
    """The same, asked for in ordinary words."""
    ctx.intent = "rights.data"
    return data(ctx, Args())


@command("rights.copy", "(我要|要)?(数据|资料)副本", usage="")
def copy(ctx: Ctx, args: Args) -> str:
    """A copy by the staff, for who cannot open the page."""
    _privately(ctx)
    row = rights.ask(ctx.tx, ctx.speaker, person_id=ctx.speaker.id, kind="copy", now=ctx.now)
    return say("rights.asked", request=row)


@command("rights.phone", "我的(电话|手机|手机号|电话号码) {rest}", usage="我的电话 13812345678", keeps_words=True, topic="我的数据")
def phone(ctx: Ctx, args: Args) -> str:
    """Keeps the number the staff may call, instead of the one before."""
    _privately(ctx)
    found = _PHONE.fullmatch(re.sub(r"[\s-]", "", plain(args.rest)))
    if found is None:
        raise Refusal("rights.phone_unreadable")
    rights.set_phone(ctx.tx, ctx.speaker, person_id=ctx.speaker.id, number=found[1], now=ctx.now)
    return say("rights.phone_kept", number=mask.phone(found[1]))


@command("rights.no_phone", "(删除|删掉|去掉)我的(电话|手机|手机号|电话号码)", usage="删除我的电话", topic="我的数据")
def no_phone(ctx: Ctx, args: Args) -> str:
    """Forgets the number."""
    rights.set_phone(ctx.tx, ctx.speaker, person_id=ctx.speaker.id, number="", now=ctx.now)
    return say("rights.phone_gone")


@command("rights.correct", "(更正|修改)(资料|姓名|房号|房屋) {rest}", usage="更正资料 姓名应为王芳", keeps_words=True,
         topic="我的数据")
def correct(ctx: Ctx, args: Args) -> str:
    """Name and home are put right by the staff, who must see that it is true."""
    _privately(ctx)
    row = rights.ask(ctx.tx, ctx.speaker, person_id=ctx.speaker.id, kind="correct", text=ctx.text, now=ctx.now)
    return say("rights.asked", request=row)


@command("rights.unbind", "(解绑|解除绑定) {rest}", usage="解绑 3幢2单元501", topic="我的数据")
def unbind(ctx: Ctx, args: Args) -> str:
    """The speaker lives there no longer."""
    _privately(ctx)
    read = read_home(args.rest)
    if read is None:
        raise Refusal("bind.unreadable")
    homes.unbind(ctx.tx, ctx.speaker, person_id=ctx.speaker.id, home_id=find(ctx.tx, ctx.speaker.home_community, read.label),
                 now=ctx.now)
    return say("rights.unbound", label=read.label)


@command("rights.ask", "(数据申请|隐私申请) {rest}", usage="数据申请 要办什么", keeps_words=True, topic="我的数据")
def ask(ctx: Ctx, args: Args) -> str:
    """Anything else somebody wants of their data."""
    _privately(ctx)
    kind = next((k for word, k in _ASKED.items() if word in args.rest), "other")
    row = rights.ask(ctx.tx, ctx.speaker, person_id=ctx.speaker.id, kind=kind, text=args.rest, now=ctx.now)
    return say("rights.asked", request=row)


@command("rights.list", "看申请", "数据申请列表", role=Role.GRID_WORKER, usage="看申请", topic="我的数据")
def waiting(ctx: Ctx, args: Args) -> str:
    """What waits, the most urgent first; privately, because it is about persons."""
    _privately(ctx)
    return say("rights.list", rows=rights.open_ones(ctx.tx, ctx.speaker.home_community)[:10], now=ctx.now)


@command("rights.done", "申请办好 {rest}", role=Role.GRID_WORKER, usage="申请办好 R3 已当面更正", topic="我的数据")
def done(ctx: Ctx, args: Args) -> str:
    """A request was carried out by hand."""
    number, words = _request(args.rest)
    row = rights.by_id(ctx.tx, number, ctx.speaker.home_community)
    told = rights.finish(ctx.tx, ctx.speaker, row, answer=words, now=ctx.now)
    return say("rights.ended", request=row, state="done", told=told)


@command("rights.refuse", "申请不办 {rest}", role=Role.GRID_WORKER, usage="申请不办 R3 理由", topic="我的数据")
def refuse(ctx: Ctx, args: Args) -> str:
    """A request cannot be carried out; who asked is told why."""
    number, words = _request(args.rest)
    row = rights.by_id(ctx.tx, number, ctx.speaker.home_community)
    told = rights.refuse(ctx.tx, ctx.speaker, row, reason=words, now=ctx.now)
    return say("rights.ended", request=row, state="refused", told=told)


def _request(words: str) -> tuple[int, str]:
    found = _REQUEST.fullmatch(words.strip())
    if found is None:
        raise Refusal("rights.which")
    return int(found[1]), found[2]


def _privately(ctx: Ctx) -> None:
    if not ctx.private:
        raise Refusal("ask_privately")
