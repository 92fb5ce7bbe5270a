"""The directory (通讯录): parties, their members, and who gets which kind of matter."""

import re

from bot.context import Ctx
from bot.router import Args, command
from domain.errors import Refusal
from domain.roles import Role
from services import directory, parties, who
from texts.parties import kind_of
from texts.places import building
from texts.say import say

STAFF = Role.GRID_WORKER
TOPIC = "通讯录"
_CODE = re.compile(r"(?<!\d)(\d{6})\s*$")
_LEADS = re.compile(r"\s*(?:负责人|组长|经理)$")


@command("party.list", "通讯录", role=STAFF, topic=TOPIC, usage="通讯录")
def listing(ctx: Ctx, args: Args) -> str:
    """Every party, how many act for it, and what it gets."""
    rows = parties.listed(ctx.tx, ctx.speaker.community_id)
    shown = [(r, len(parties.members(ctx.tx, r.id, now=ctx.now)), directory.of_party(ctx.tx, r.id)) for r in rows]
    return say("party.list", rows=shown, uncovered=directory.uncovered(ctx.tx, ctx.speaker.home_community))


@command("party.show", "通讯录 {rest}", role=STAFF, topic=TOPIC, usage="通讯录 物业")
def show(ctx: Ctx, args: Args) -> str:
    """One party with its members; in private, because they are named."""
    if not ctx.private:
        raise Refusal("ask_privately")
    row, _ = parties.named(ctx.tx, ctx.speaker.home_community, args.rest)
    people = [(i, who.name_of(ctx.tx, i)) for i in parties.members(ctx.tx, row.id, now=ctx.now)]
    return say("party.show", party=row, people=people, gets=directory.of_party(ctx.tx, row.id))


@command("party.new", "新建单位 {rest}", role=STAFF, topic=TOPIC, usage="新建单位 绿城物业 物业公司")
def create(ctx: Ctx, args: Args) -> str:
    """Enters a party: its name, and what kind it is."""
    name, _, kind_said = args.rest.partition(" ")
    kind = kind_of(kind_said or name)
    if kind is None:
        raise Refusal("party.kind")
    return say("party.created", party=parties.create(ctx.tx, ctx.speaker, name=name, kind=kind, now=ctx.now))


@command("party.close", "撤销单位 {rest}", role=STAFF, topic=TOPIC, usage="撤销单位 绿城物业")
def close(ctx: Ctx, args: Args) -> str:
    """Takes a party off the list."""
    row, _ = parties.named(ctx.tx, ctx.speaker.home_community, args.rest)
    parties.close(ctx.tx, ctx.speaker, row, now=ctx.now)
    return say("party.closed", party=row)


@command("party.add", "加成员 {rest}", role=STAFF, topic=TOPIC, usage="加成员 物业 3幢2单元501")
def add(ctx: Ctx, args: Args) -> str:
    """Lets somebody act for a party: by number, home or name; without them a one-time code is made for who comes."""
    if not ctx.private:
        raise Refusal("party.private")
    row, rest = parties.named(ctx.tx, ctx.speaker.home_community, args.rest)
    leads = _LEADS.search(rest) is not None
    words = _LEADS.sub("", rest)
    if not words:
        code = parties.make_code(ctx.tx, ctx.speaker, row, now=ctx.now)
        return say("party.code", party=row, code=code, days=parties.CODE_LIFE.days)
    person_id = who.find(ctx.tx, ctx.speaker.home_community, words)
    new = parties.add_member(ctx.tx, ctx.speaker, row, person_id=person_id, leads=leads, now=ctx.now)
    return say("party.added", party=row, name=who.name_of(ctx.tx, person_id), new=new)


@command("party.remove", "减成员 {rest}", role=STAFF, topic=TOPIC, usage="减成员 物业 3幢2单元501")
def remove(ctx: Ctx, args: Args) -> str:
    """Somebody no longer acts for a party."""
    if not ctx.private:
        raise Refusal("party.private")
    row, rest = parties.named(ctx.tx, ctx.speaker.home_community, args.rest)
    person_id = who.find(ctx.tx, ctx.speaker.home_community, rest)
    gone = parties.remove_member(ctx.tx, ctx.speaker, row, person_id=person_id, now=ctx.now)
    return say("party.removed", party=row, name=who.name_of(ctx.tx, person_id), gone=gone)


@command("party.join", r"加入 (?P<rest>\S.{0,40}?\d{6})", "加入 单位", usage="")
def join(ctx: Ctx, args: Args) -> str:
    """Joins a party by the code that the grid worker has handed over."""
    code = _CODE.search(args.rest)
    if code is None:
        raise Refusal("party.code_missing")
    if not ctx.private:
        raise Refusal("bind.private")
    row, _ = parties.named(ctx.tx, ctx.speaker.home_community, args.rest[: code.start()])
    if parties.join_by_code(ctx.tx, ctx.speaker, row, code[1], now=ctx.now):
        return say("party.joined", party=row)
    ctx.intent = parties.WRONG_CODE
    return say("party.wrong_code")


@command("party.give", r"(?=\S{1,32}\s+负责\s) {rest}", role=STAFF, topic=TOPIC, others_pass=True,
         usage="物业 负责 电梯 停车 3幢")
def give(ctx: Ctx, args: Args) -> str:
    """A party gets kinds of matters, of the whole community or of one building."""
    row, rest = parties.named(ctx.tx, ctx.speaker.home_community, args.rest)
    words = rest.removeprefix("负责").split()
    where = next((w for w in words if building(w)), None)
    block = directory.block(ctx.tx, row.community_id, where) if where else None
    if where and block is None:
        raise Refusal("party.no_building", said=where)
    codes = directory.codes_of(" ".join(w for w in words if w != where))
    if not codes:
        raise Refusal("party.which", name=row.name)
    directory.give(ctx.tx, ctx.speaker, row, codes=codes, building_id=block, now=ctx.now)
    return say("party.gets", party=row, codes=codes, where=where)


@command("party.take", r"(?=\S{1,32}\s+不负责\s) {rest}", role=STAFF, topic=TOPIC, others_pass=True, usage="物业 不负责 停车")
def take(ctx: Ctx, args: Args) -> str:
    """A party no longer gets these kinds."""
    row, rest = parties.named(ctx.tx, ctx.speaker.home_community, args.rest)
    codes = directory.codes_of(rest.removeprefix("不负责"))
    gone = directory.take(ctx.tx, ctx.speaker, row, codes=codes, now=ctx.now)
    return say("party.gets_no_more", party=row, codes=codes, gone=gone)


@command("party.who", "谁负责 {rest}", role=STAFF, topic=TOPIC, others_pass=True, usage="谁负责 电梯 3幢")
def responsible(ctx: Ctx, args: Args) -> str:
    """Whom the directory names for a kind of matter."""
    words = args.rest.split()
    where = next((w for w in words if building(w)), None)
    codes = directory.codes_of(" ".join(w for w in words if w != where))
    found = [(code, [p.name for p in directory.responsible(ctx.tx, ctx.speaker.home_community, code, where)]) for code in codes]
    return say("party.responsible", found=found)
