"""What a community says in one run, drawn from a seed: who, where, what, how often it is delivered, and how late."""

import random
from dataclasses import dataclass, field
from typing import Any

GROUPS, PER_GROUP = 6, 50
OPTIONS = ("同意", "反对", "弃权")
_HAN = "树路灯坡栏杆草坪车棚井盖台阶纱窗门厅信箱长椅水池石凳花架沙坑健身步道快递柜宣传栏晾衣架遮雨棚地砖墙皮扶手坐垫伞篮"
_KINDS = ("vote", "issue", "support", "supplement")
_WEIGHTS = (58, 22, 13, 7)


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody on both channels, or on one."""

    index: int
    userid: str
    openid: str  # '' when not a follower
    group: int
    home: str


@dataclass(slots=True, eq=False)
class Poll:
    """A poll that a grid worker opens; the driver learns its number from the reply."""

    group: int | None  # None: the whole community
    household: bool
    word: str
    number: int = 0
    closes_at: float = 0.0

    def voter(self, who: Resident) -> str:
        """Whom a ballot stands for."""
        return who.home if self.household else who.userid


@dataclass(slots=True, eq=False)
class Said:
    """One logical message."""

    n: int
    kind: str  # poll | vote | issue | support | supplement
    channel: str  # mp | aibot
    msgid: str
    who: Resident
    chat: int | None
    word: str = ""  # appears in this message's words and nowhere else
    poll: Poll | None = None
    option: int = 0
    about: "Said | None" = None  # the issue that is stood behind or added to
    copies: int = 1
    behind: int = 0  # delivered after so many that were said later
    forge: str = ""
    sent: int = 0  # the second it was sent, by the platform's clock
    number: int = 0  # of the issue it became

    @property
    def voter(self) -> str:
        """Whom this ballot stands for."""
        assert self.poll is not None
        return self.poll.voter(self.who)


@dataclass(slots=True)
class Wave:
    """Polls that are opened together, and what is said while they are open."""

    polls: list[Said]
    talk: list[Said] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """A whole run."""

    seed: int
    residents: list[Resident]
    staff: list[Resident]
    waves: list[Wave]

    @property
    def all(self) -> list[Said]:
        """Every logical message, forged ones too."""
        return [said for wave in self.waves for said in (*wave.polls, *wave.talk)]


class _Author:
    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        self.residents = [_resident(i) for i in range(GROUPS * PER_GROUP)]
        self.staff = [Resident(-1 - g, f"grid{g}", "", min(g, GROUPS - 1), "") for g in range(GROUPS + 1)]
        self.count = 0
        self.issues: list[Said] = []
        self.stood: set[tuple[int, int]] = set()
        self.last_msgid = 7_000_000_000_000_000_000 + self.rng.randrange(10**15)

    def said(self, kind: str, who: Resident, channel: str, chat: int | None, **more: Any) -> Said:
        self.count += 1
        self.last_msgid += 1 + self.rng.randrange(1000)
        copies = self.rng.choice((2, 3)) if self.rng.random() < 0.10 else 1
        msgid = str(self.last_msgid) if channel == "mp" else f"faults-{self.last_msgid:x}"
        return Said(self.count, kind, channel, msgid, who, chat, copies=copies, **more)

    def open(self, group: int | None, household: bool) -> Said:
        poll = Poll(group, household, f"修缮{self.token()}")
        who = self.staff[GROUPS if group is None else group]
        return self.said("poll", who, "aibot", group, poll=poll, word=poll.word)

    def token(self) -> str:
        return "".join(self.rng.choice("bcdfghjkmnpqrstvwxz") for _ in range(9))

    def talk(self, polls: list[Poll], older: list[Said]) -> Said:
        kind = self.rng.choices(_KINDS, _WEIGHTS)[0] if older else self.rng.choice(("vote", "vote", "issue"))
        who = self.rng.choice(self.residents)
        channel = "mp" if who.openid and self.rng.random() < 0.7 else "aibot"
        chat = None if channel == "mp" or self.rng.random() < 0.2 else who.group
        if kind == "vote":
            said = self.vote(polls, channel, chat is None)
        elif kind == "issue":
            said = self.said("issue", who, channel, chat, word=self.token())
            self.issues.append(said)
        else:
            said = self.about(kind, who, channel, chat, older)
        said.behind = self.rng.randrange(5, 50) if self.rng.random() < 0.05 else 0
        return said

    def vote(self, polls: list[Poll], channel: str, private: bool) -> Said:
        poll = self.rng.choice(polls)
        group = self.rng.randrange(GROUPS) if poll.group is None else poll.group
        who = self.residents[group * PER_GROUP + int(PER_GROUP * self.rng.random() ** 2)]  # some vote often
        channel = channel if who.openid else "aibot"
        return self.said("vote", who, channel, None if channel == "mp" or private else group, poll=poll,
                         option=self.rng.randrange(len(OPTIONS)))

    def about(self, kind: str, who: Resident, channel: str, chat: int | None, older: list[Said]) -> Said:
        about = self.rng.choice(older)
        while kind == "support" and (about.who is who or (about.n, who.index) in self.stood):
            who, about = self.rng.choice(self.residents), self.rng.choice(older)
            channel, chat = "aibot", who.group
        self.stood.add((about.n, who.index))
        return self.said(kind, who, channel, chat, about=about, word=self.token() if kind == "supplement" else "")


def _resident(i: int) -> Resident:
    home = i // 2  # two to a household
    building, rest = divmod(home, 52)
    entrance, rest = divmod(rest, 26)
    floor, door = divmod(rest, 2)
    return Resident(i, f"res{i:03d}", f"oFaults{i:018d}" if i % 5 == 0 else "", i // PER_GROUP,
                    f"{building + 1}幢{entrance + 1}单元{floor + 1}0{door + 1}")


def draw(seed: int, messages: int, waves: int) -> Plan:
    """The run of a seed."""
    author = _Author(seed)
    drawn: list[Wave] = []
    for w in range(waves):
        groups: list[int | None] = [*range(GROUPS), *([None] if w % 2 else [])]
        drawn.append(Wave([author.open(g, household=(w + i) % 3 == 2) for i, g in enumerate(groups)]))
    each = (messages - author.count) // waves
    for wave in drawn:
        older = list(author.issues)
        wave.talk = [author.talk([p.poll for p in wave.polls if p.poll], older) for _ in range(each)]
        for forged in author.rng.sample(wave.talk, max(1, each // 100)):
            _forge(author, forged)
    return Plan(seed, author.residents, author.staff, drawn)


def _forge(author: _Author, said: Said) -> None:
    """Makes it a message that the platform never sent: same form, its own id, no right to be heard."""
    said.forge = author.rng.choice(("token", "flip", "body", "plain"))
    if said in author.issues:
        author.issues.remove(said)


def words(said: Said) -> str:
    """What is typed."""
    if said.kind == "poll":
        assert said.poll is not None
        return f"发起投票 {said.word} 选项 {' '.join(OPTIONS)} 截止 10分钟后" + (" 每户一票" if said.poll.household else "")
    if said.kind == "vote":
        assert said.poll is not None
        way = (OPTIONS[said.option], str(said.option + 1), "ABC"[said.option])[said.n % 3]
        return f"P{said.poll.number} {way}"
    if said.kind == "issue":
        rng = random.Random(said.n * 7919)
        return f"反映 {''.join(rng.sample(_HAN, 14))}{said.word}"  # no two alike, or the bot would take them for the same
    assert said.about is not None
    return f"附议 I{said.about.number}" if said.kind == "support" else f"补充 I{said.about.number} 又看了一次{said.word}"
