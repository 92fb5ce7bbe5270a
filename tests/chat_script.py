"""Reads `.chat` scripts and plays them through the real pipeline, sweeps and delivery.

    时间 2026-03-01 19:00              the clock; from the second one on, every sweep runs once
    群 翠苑三区: 王阿姨=网格员, 李叔     a group and its members: =角色 and @房号 may follow a name;
                                       =新居民 has never met the bot, =旧同意 agreed to the privacy notice before this one, 群 3幢群(3幢): is a building's group,
                                       群 业主群(手转): one that no API reaches
    王阿姨: 发起投票 …                  said in the group, to the bot
    李叔(私聊): P1 同意                 said in private
    李叔(引用 P1 要不要装电梯): 同意     said in the group as a reply to these words
    李叔(点): P1 1                      touched on the newest card here that says it, (私聊 点) in private, (点旧) on an older one
    机器人: …                          the answer, in the group; further lines are indented by four spaces
    机器人→李叔: …                     said in private, or pushed to a person or a group
    留痕 {号}                           in what the bot says: a head of the audit chain
    绑定码 王阿姨 3幢2单元501            {码} stands for the last six-digit code the bot gave
    名册 3幢2单元501 89.53 李叔、李婶      the register: area in m², "无" when it is not known, and the owners in their order;
                                       who is in a group has proved it, 开发商 is the developer
    单位 物业: 李叔、小钱                 a party of the directory, and who acts for it
    类别 无人机 noise 无人机、航拍       a category of the community's own, which of ours it is like, and what decides it; 停用类别 无人机
    说法 issue.signed.notice …           a notice in the community's own words
    楼 6幢 1 6                          one more building: entrances, floors; two homes on each
    公示 15 15                          days of notice before a vote of owners and of publication after it; else none
    Redis 停 / Redis 来 / Redis 忘       Valkey is away, is back, has forgotten every open question
    李叔(扫码 poll:P1):                 at the 公众号, without words; also 关注 (with or without a code), 取消关注, 菜单 议题,
                                       允许 remind (allows one notice)
    李叔(私聊 照片 路灯):                a picture, with or without words beside it; 照片 坏 is no picture, 照片 断 cannot be fetched
    早报 08:30 / 周报 09:00              the automatic messages to staff and groups, at these hours; else none
    页面 http://x                      residents' pages are served there
    平台 43101                         what the 公众号's platform answers to the next pushes
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from redis import Redis
from sqlalchemy import select

import handlers  # noqa: F401 - registers every command
from bot.channels.codes import MP, refusal
from bot.delivery import Delivery
from bot.dialogs import Dialogs
from bot.media import Photos
from bot.message import Capabilities, ChannelError, Media, Message, Outgoing, Reply, Sent, Tap
from bot.pipeline import Pipeline
from domain.card import Card
from domain.clock import SHANGHAI
from domain.roles import Actor, Role
from models.base import Database
from models.commit import GroupCommit
from models.tables import (
    building,
    chat,
    chat_member,
    community,
    home,
    identity,
    owner,
    ownership,
    party,
    party_member,
    person,
    residence,
)
from ops import seed
from scheduler.sweeps import Sweeps
from services import audit, ballots, bulletins, outbox, own_categories, pages, polls, procedure, wordings
from services.own_categories import Wanted
from services.people import NOTICE_VERSION
from texts import words
from texts.say import say
from understanding import trained

ROLES = {"网格员": Role.GRID_WORKER, "管理员": Role.ADMIN, "居民": Role.RESIDENT, "新居民": Role.RESIDENT, "旧同意": Role.RESIDENT}
EMPTY = Path(__file__).parent / "chats" / "community.yaml"
words.load()  # as the web server does before its first message
trained.reader()
_SAID = re.compile(r"(?P<who>[^:：(（]{1,12})(?:[(（](?P<how>[^)）]*)[)）])?[:：]\s?(?P<text>.*)", re.DOTALL)
_ANCHOR = re.compile(r"留痕 \d+ 号 [0-9a-f]{16}")  # every deed of the product moves it
_GROUP = re.compile(r"群 (?P<name>[^:：(（]+)(?:[(（](?P<building>[^)）]+)[)）])?[:：]\s*(?P<people>.*)")


@dataclass(slots=True)
class Step:
    """One line of the script that makes something happen, and what the bot must say to it."""

    line: int
    text: str
    expected: list[str] = field(default_factory=list)


def read(path: Path) -> tuple[list[str], list[Step]]:
    """The script's leading comment lines and its steps."""
    head: list[str] = []
    steps: list[Step] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("    ") and steps:
            if steps[-1].expected:
                steps[-1].expected[-1] += "\n" + line[4:]
            else:
                steps[-1].text += "\n" + line[4:]
        elif line.startswith("机器人"):
            steps[-1].expected.append(line)
        elif not line.strip() or line.startswith("#"):
            if steps:
                steps.append(Step(number, line))
            else:
                head.append(line)
        else:
            steps.append(Step(number, line))
    return head, steps


def write(path: Path, head: list[str], steps: list[Step], actual: list[list[str]]) -> None:
    """Writes the script with what the bot really said."""
    lines = list(head)
    for step, said in zip(steps, actual, strict=True):
        for block in [step.text, *said]:
            lines.append(block.replace("\n", "\n    "))
    path.write_text("\n".join(lines) + "\n", "utf-8")


class Recorder:
    """A channel whose wire is a list."""

    def __init__(self, name: str, capabilities: Capabilities, say: Callable[[Outgoing], None]):
        self.name, self.kind, self.community = name, name, "test"
        self.capabilities, self._say = capabilities, say
        self.refusals: list[int] = []

    def send(self, post: Outgoing) -> Sent:
        """Notes what was pushed, unless the platform refuses."""
        if self.refusals:
            code = self.refusals.pop(0)
            raise refusal(MP, code, "the script")
        self._say(post)
        return Sent()

    def fetch(self, media: Media) -> bytes:
        """A picture as a camera makes it, or the trouble its name stands for."""
        if media.id == "断":
            raise ChannelError("no connection", retryable=True)
        return b"<html>" if media.id == "坏" else camera(media.id)

    def handshake(self, request: Any) -> Any:
        """Not heard in scripts."""
        raise NotImplementedError

    def parse(self, request: Any, *, now: datetime) -> Any:
        """Not heard in scripts."""
        raise NotImplementedError

    def respond(self, request: Any, message: Message, reply: Reply) -> Any:
        """Not heard in scripts."""
        raise NotImplementedError


def camera(name: str) -> bytes:
    """A photo with what cameras note in it: where, when, and a comment."""
    picture, notes, into = Image.new("RGB", (64, 48), "#888"), Image.Exif(), BytesIO()
    ImageDraw.Draw(picture).text((4, 4), str(len(name)), fill="#fff")
    notes[0x010F], notes[0x8825] = "CANARY-CAMERA", {1: "N", 2: (29.0, 52.0, 6.0), 3: "E", 4: (121.0, 33.0, 1.0)}
    picture.save(into, "JPEG", exif=notes, comment=b"CANARY-COMMENT")
    return into.getvalue()


def _doing(how: str) -> dict[str, Any]:
    """What somebody does at the 公众号 without words: 关注, 取消关注, 扫码, 菜单, 允许."""
    verb, _, what = how.partition(" ")
    names = {"关注": "subscribe", "取消关注": "unsubscribe", "扫码": "scan", "允许": "notices"}
    if verb == "菜单":
        return {"text": what, "tap": Tap("menu")}
    return {"kind": "event", "text": "", "event": names[verb], "scene": "" if verb == "允许" else what,
            "granted": tuple(what.split()) if verb == "允许" else ()} if verb in names else {}


class Stage:
    """A community, a clock, and everything the bot says."""

    def __init__(self, db: Database, redis: Redis, *, twice: bool = False, sweeps_twice: bool = False):
        self.db, self.redis, self.twice, self.sweeps_twice = db, redis, twice, sweeps_twice
        self.now = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI).astimezone(UTC)
        self._chance = ballots.draw, polls.RANDOM
        ballots.draw, polls.RANDOM = random.Random(1).getrandbits, random.Random(1)
        self.started, self.count, self.code = False, 0, ""
        self.said: list[str] = []
        self.names: dict[str, str] = {}  # address -> who or which group
        self.group_of: dict[str, str] = {}
        self.cards: dict[str, list[Card]] = {}  # chat -> the cards seen there, oldest first
        both = Capabilities(True, True, True, True, 2048, 2048, 1000)
        self.channels: dict[str, Any] = {
            "aibot": Recorder("aibot", Capabilities(True, False, False, False, 20480, 20480, 30), self._pushed),
            "mp": Recorder("mp", replace(both, window_posts=5), self._pushed), "webhook": Recorder("webhook", both, self._pushed)}
        mp = outbox.Road(True, window=timedelta(hours=48), window_posts=5, touch_window=timedelta(minutes=1), touch_posts=3, images=False,
                         templates={"remind": True, "result": True})
        pages.configure("")
        procedure.configure(0, 0)
        bulletins.configure(None, None)
        outbox.configure({"mp": mp, "webhook": outbox.Road(push_group=True)}, outbox.QUIET)
        seed.load(db, EMPTY, now=self.now)
        self.dialogs = Dialogs(redis)
        self.commit = GroupCommit(db, audit.seal)
        self.pipeline = Pipeline(self.commit, self.dialogs, lambda: self.now)
        self.sweeps = Sweeps(db, self.channels, lambda: self.now)
        self.photos = Photos(db, self.channels, lambda: self.now)
        self.delivery = Delivery(db, self.channels, lambda: self.now, threads=1)

    def close(self) -> None:
        """Stops the writer, and lets chance rule again."""
        self.commit.close()
        ballots.draw, polls.RANDOM = self._chance

    def play(self, text: str) -> list[str]:
        """Does what one line says and returns everything the bot said."""
        self.said = []
        if not text.strip() or text.startswith("#"):
            return []
        if text.startswith("时间 "):
            self._clock(text[3:].strip())
        elif text.startswith("群 "):
            self._group(text)
        elif text.startswith("单位 "):
            self._party(*re.split(r"[:：]\s*", text[3:], maxsplit=1))
        elif text.startswith(("类别 ", "停用类别 ", "说法 ")):
            self._own(*text.split(maxsplit=3))
        elif text.startswith("楼 "):
            self._building(*text[2:].split())
        elif text.startswith("公示 "):
            procedure.configure(*map(int, text.split()[1:]))
        elif text.startswith(("早报 ", "周报 ")):
            hour = time.fromisoformat(text[3:].strip())
            bulletins.configure(*(hour, None) if text.startswith("周报") else (None, hour))
        elif text.startswith("名册 "):
            self._register(*text[3:].split())
        elif text.startswith("页面 "):
            pages.configure(text[3:].strip())
        elif text.startswith("平台 "):
            self.channels["mp"].refusals = [int(code) for code in text[3:].split()]
        elif text == "Redis 忘":
            self.redis.flushall()
        elif text in ("Redis 停", "Redis 来"):
            self.dialogs._away_until = float("inf") if text.endswith("停") else 0.0
        else:
            self._speak(text)
        return self.said

    def _clock(self, text: str) -> None:
        form = "%Y-%m-%d %H:%M" if "-" in text else "%H:%M"
        at = datetime.strptime(text, form)
        local = self.now.astimezone(SHANGHAI)
        at = at.replace(year=local.year, month=local.month, day=local.day) if form == "%H:%M" else at
        self.now = at.replace(tzinfo=SHANGHAI).astimezone(UTC)
        if self.started:
            for _ in range(2 if self.sweeps_twice else 1):
                before = len(self.said)
                self.sweeps.run()
                self._deliver()
            if self.sweeps_twice:
                assert len(self.said) == before, f"the second sweep spoke: {self.said[before:]}"
        self.started = True

    def _group(self, text: str) -> None:
        found = _GROUP.fullmatch(text)
        assert found, f"not a group: {text}"
        with self.db.write() as tx:
            where = tx.scalar(select(community.c.id))
            block = tx.scalar(select(building.c.id).where(building.c.name == (found["building"] or "")))
            name = found["name"].strip()
            chat_id = tx.add(chat, community_id=where, channel="aibot", external_id=name, name=name, building_id=block,
                             post_channel="hand" if found["building"] == "手转" else "webhook", post_address=f"key-{name}")
            self.names[f"key-{name}"] = name
            for spec in re.split(r"[,，]\s*", found["people"]):
                self._person(tx, where, spec.strip(), chat_id, name)

    def _person(self, tx: Any, community_id: int, spec: str, chat_id: int, group: str) -> None:
        spec, _, label = spec.partition("@")
        name, _, role = spec.partition("=")
        self.group_of.setdefault(name, group)
        known = tx.scalar(select(identity.c.person_id).where(identity.c.channel == "aibot",
            identity.c.external_id == f"u-{name}"))
        if known is None and role != "新居民":
            version = NOTICE_VERSION - (role == "旧同意")
            known = tx.add(person, community_id=community_id, name=name, role=ROLES[role or "居民"], told_version=version,
                           consent_version=version, consented_at=self.now, created_at=self.now)
            tx.add(identity, person_id=known, channel="aibot", external_id=f"u-{name}")
            tx.add(identity, person_id=known, channel="mp", external_id=f"o-{name}")
        self.names[f"o-{name}"] = name
        if known is not None:
            tx.add(chat_member, chat_id=chat_id, person_id=known)
            if label:
                home_id = tx.scalar(select(home.c.id).where(home.c.label == label))
                assert home_id, f"no home {label}"
                tx.add(residence, person_id=known, home_id=home_id, since=self.now)

    def _own(self, what: str, name: str, *more: str) -> None:
        with self.db.write() as tx:
            here = {"community_id": int(tx.scalar(select(community.c.id))), "now": self.now}
            admin = Actor("account:1", Role.ADMIN, here["community_id"])
            if what == "类别":
                own_categories.create(tx, admin, wanted=Wanted(name, tuple(more[1].split("、")), (), more[0]), **here)
            elif what == "说法":
                wordings.put(tx, admin, key=name, source=" ".join(more), **here)
            else:
                kind = next(each.it.code for each in own_categories.listed(tx, here["community_id"]) if each.it.name == name)
                own_categories.retire(tx, admin, code=kind, **here)
            audit.seal(tx)

    def _building(self, name: str, entrances: str, floors: str) -> None:
        with self.db.write() as tx:
            where = tx.scalar(select(community.c.id))
            block = tx.add(building, community_id=where, name=name)
            for entrance in range(1, int(entrances) + 1):
                for room in (f"{level}0{door}" for level in range(1, int(floors) + 1) for door in (1, 2)):
                    tx.add(home, community_id=where, building_id=block, entrance=str(entrance), room=room,
                           label=f"{name}{entrance}单元{room}")

    def _party(self, name: str, members: str) -> None:
        with self.db.write() as tx:
            where = tx.scalar(select(community.c.id))
            party_id = tx.add(party, community_id=where, name=name, kind="property")
            for each in members.split("、"):
                known = tx.scalar(select(identity.c.person_id).where(identity.c.external_id == f"o-{each}"))
                assert known, f"nobody is called {each}"
                tx.add(party_member, party_id=party_id, person_id=known, leads=False)

    def _register(self, label: str, area: str, owners: str) -> None:
        with self.db.write() as tx:
            where = tx.first(select(home.c.id, home.c.community_id).where(home.c.label == label))
            assert where, f"no home {label}"
            tx.execute(home.update().where(home.c.id == where.id).values(
                area_dm2=None if area == "无" else int(Decimal(area) * 100)))
            for place, name in enumerate(owners.split("、")):
                known = tx.scalar(select(owner.c.id).where(owner.c.key == name))
                proved = tx.scalar(select(identity.c.person_id).where(identity.c.external_id == f"o-{name}"))
                known = known or tx.add(owner, community_id=where.community_id, name=name, key=name, person_id=proved,
                                        kind="developer" if name == "开发商" else "person")
                tx.add(ownership, home_id=where.id, owner_id=known, place=place)

    def _speak(self, text: str) -> None:
        found = _SAID.fullmatch(text)
        assert found, f"cannot read: {text}"
        who, how = found["who"].strip(), found["how"] or ""
        who, _, named = who.partition("@")
        doing = _doing(how)
        private = how.startswith("私聊") or bool(doing)
        quote = how.partition("引用")[2].strip() or None
        here = f"o-{who}" if private else named or self.group_of[who]
        seen = how.partition("照片 ")[2].partition("引用")[0].split()
        touched = self._card(here, found["text"], older=how.endswith("点旧")) if "点" in how and not quote else None
        self.count += 1
        self.now += timedelta(seconds=1)
        message = replace(Message(
            channel="mp" if private else "aibot", external_id=f"m{self.count}", sender=f"{'o' if private else 'u'}-{who}",
            sent_at=self.now, text=found["text"].replace("{码}", self.code), quote=quote,
            kind="other" if how == "图片" else "image" if seen and not found["text"].strip() else "text",
            media=tuple(Media(id=name) for name in seen), chat=None if private else here,
            tap=Tap(touched.about) if touched else None), **doing)
        self.names.setdefault(f"o-{who}", who)
        for again in range(2 if self.twice else 1):
            before = len(self.said)
            reply = self.pipeline.hear(self.channels[message.channel], message)
            assert reply is not None, "the message was not recorded"
            if again:
                assert reply.text in (first, say("receipt.again")), "the repeat got other words"  # noqa: F821 - set in the first round
                self._deliver()
                assert len(self.said) == before, f"the repeat caused {self.said[before:]}"
                return
            first = reply.text  # noqa: F841
            if reply.card is not None:
                self.cards.setdefault(here, []).append(reply.card)
            if reply.text:
                self._heard(f"机器人→{who}: " if private else "机器人: ", reply.text)
            self._deliver()

    def _card(self, here: str, words: str, *, older: bool) -> Card:
        """The card that these words can be touched on."""
        fit = [c for c in self.cards.get(here, []) if words in {b.says for b in c.buttons} or (
            c.options and re.fullmatch(rf"{c.says} \d+(、\d+)*", words) and not c.closed)]
        assert len(fit) > older, f"no card here says {words}"
        return fit[-2 if older else -1]

    def _deliver(self) -> None:
        while self.photos.run_once():
            pass
        while self.delivery.run_once():
            pass

    def _pushed(self, post: Outgoing) -> None:
        if post.kind == "image":
            assert post.image.startswith(b"\x89PNG")
        said = post.text if post.kind == "text" else "[图片]"
        if post.kind == "notice" and post.facts:
            said = "[通知] " + "，".join(post.facts[name] for name in ("title", "note", "until"))
        self._heard(f"机器人→{self.names[post.address]}: ", said)

    def _heard(self, opening: str, text: str) -> None:
        code = re.search(r"(?<!\d)\d{6}(?!\d)", text)
        if code and "一次性码" in text:
            self.code = code.group()
            text = text.replace(self.code, "{码}")
        self.said.append(opening + _ANCHOR.sub("留痕 {号}", text))
