"""Turns a sentence and its context into what the classifiers look at: pieces of the words, and marks of what is known."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from texts.complaints import is_complaint
from texts.normal import plain
from texts.places import place
from texts.words import category, hints
from understanding import danger, lexicon, votes
from understanding.context import Context
from understanding.linear import Example

LOOKED_AT = 240  # characters the classifiers read; the rules read on
_LONGEST_GRAM = 4
_LEGACY_QUOTE = re.compile(r"^[「“\"](?P<said>.{1,400}?)[」”\"]\s*\n?(?:\s*-){3,}\s*\n(?P<reply>.*)$", re.S)
_MENTION = re.compile(r"@\s?小议[\s,:。]*")
_ISSUE = re.compile(r"(?<![A-Za-z\d])[Ii]\s?\d{1,6}(?!\d)")
_POLL = re.compile(r"(?<![A-Za-z\d])[Pp]\s?\d{1,6}(?!\d)")
_HOME = re.compile(r"\d{1,3}\s?(?:幢|栋|号楼|座|#)(?:\s?\d{1,2}\s?(?:单元|梯))?(?:\s?\d{3,4}(?:室|房)?)?|"
    r"(?<!\d)\d{1,3}-(?:\d{1,2}-)?\d{3,4}(?!\d)|\d单元(?:\d{3,4})?")
_TIME = re.compile(r"\d{1,2}[:点]\d{0,2}(?:半|分)?|\d{1,2}月\d{1,2}[日号]|(?:下?周|星期|礼拜)[一二三四五六日天]|"
    r"[今明后]天?[早晚]上?")
_DIGITS = re.compile(r"\d+")
_TRADE = re.compile(r"出[个一售]|转让|闲置|求购|自提|包邮|团购|拼[单车]|借用?|有没有人要|谁要|谁有|推荐|低价|成新")
_QUESTION = re.compile(r"[?吗呢么]$|谁|啥|什么|怎么|咋|几时|多少|哪|是不是|有没有|能不能")
_INJECTION = re.compile(
    r"登记为(?:同意|反对)|repeat after|(?:后续|以下|接下来)(?:的)?所有消息|开发人员测试|调试模式|系统消息|升级为管理员|"
    r"假装(?:你|我)是|"
    r"忽略.{0,10}(?:之前|以上|上面|所有|前面|先前|规则|指令|设[置定])|系统提示|提示词|prompt|system|你现在(?:是|扮演)|扮演|"
    r"假装你|开发者模式|管理员模式|越狱|jailbreak|ignore|"
    r"(?:修改|更改|重置|清除|绕过|解除|关闭|导出|打印|输出|泄露|告诉我).{0,6}(?:你的|系统)?.{0,4}(?:设[置定]|指令|规则|限制|"
    r"密钥|密码|后台|数据库|源码|权限)|"
    r"(?:drop|delete|select|insert|update)\s+\w+|<script|\$\{|\{\{|(?:把|将)我(?:设|改|升)(?:为|成|级)|从现在(?:开始|"
    r"起)你", re.I)
_NOT_HAN = re.compile(r"[^\u4e00-\u9fffA-Za-z\d]|[的了吗呢吧啊是在我你他们这那有不]")
_DOUBTS = frozenset({"ifs", "others", "weak", "any", "may_i", "asks"})
_IDLE = frozenset({"trades", "settled", "elsewhere", "laughs"})
_NO_BALLOT = frozenset({"ifs", "weak", "any", "may_i", "guesses"})


@dataclass(frozen=True)
class Heard:
    """A sentence made ready: who is quoted is known, the mention is off, and each rule has looked at it once."""

    raw: str
    context: Context

    @cached_property
    def _parts(self) -> tuple[str, str | None]:
        words = plain(self.raw)
        found = _LEGACY_QUOTE.match(words)
        return (found["reply"].strip(), found["said"]) if found else (words, None)

    @cached_property
    def mentioned(self) -> bool:
        """True when the text itself calls the bot."""
        return bool(_MENTION.search(self._parts[0])) or "小议" in self._parts[0][:6]

    @property
    def addressed(self) -> bool:
        """True when the words are for the bot in any case."""
        return self.context.addressed or self.mentioned

    @cached_property
    def words(self) -> str:
        """The speaker's own words in canonical form, without mention and without what is quoted."""
        return _MENTION.sub(" ", self._parts[0]).strip(" ,:")

    @property
    def legacy_quote(self) -> str | None:
        """Words quoted inside the text, the way old clients do."""
        return self._parts[1]

    @cached_property
    def danger(self) -> danger.Danger | None:
        """Danger to life, told now."""
        return danger.find(self.words)

    @cached_property
    def vote(self) -> votes.Reading | None:
        """The words as a ballot."""
        return votes.read(self.raw, self.words, self.context) if len(self.words) <= LOOKED_AT else None

    @cached_property
    def category(self) -> str | None:
        """What the dictionaries take the words to be about; the community's own comes first."""
        return self.own_word(lambda kind: kind != "place") or category(self.words)

    @cached_property
    def joins_a_matter(self) -> bool:
        """False when what is quoted is idle talk, which nobody can stand behind."""
        quote = self.context.quote
        said = self.legacy_quote or (quote.text if quote is not None and quote.kind == "chat" else None)
        if said is None:
            return True
        words = plain(said)
        spoken = lexicon.families(words[:LOOKED_AT])
        about_us = category(words) is not None or "ours" in spoken or place(words) is not None
        return about_us or is_complaint(words) or bool(hints(words)) or bool(_ISSUE.search(words))

    @cached_property
    def complaint(self) -> bool:
        """Whether the words surely complain of the community's affairs."""
        return is_complaint(self.words)

    @cached_property
    def ours(self) -> bool:
        """Whether something of the community is named: what talk of the wide world lacks."""
        return self.complaint or self.category is not None or "ours" in self.says or place(self.words) is not None

    @cached_property
    def says(self) -> list[str]:
        """The families of words in the sentence."""
        return lexicon.families(self.words[:LOOKED_AT])

    @cached_property
    def risks(self) -> list[str]:
        """The risks that some word hints at."""
        return lexicon.risks(self.words)

    @cached_property
    def hazard(self) -> bool:
        """Whether something is named that may hurt somebody."""
        return lexicon.hazard(self.words)

    @property
    def doubtful(self) -> bool:
        """True when the words put a condition on what they say, or only half say it."""
        return not _NO_BALLOT.isdisjoint(self.says)

    @property
    def idle(self) -> bool:
        """True when the words have something of trade, praise, jokes or other places."""
        return not _IDLE.isdisjoint(self.says)

    def own_word(self, wanted: Callable[[str], bool], *, word: bool = False) -> str | None:
        """The kind of the longest of the community's own words in the sentence, or that word."""
        found = [(w, k) for w, k in self.context.vocabulary.items() if wanted(k) and w in self.words]
        longest = max(found, key=lambda pair: len(pair[0]), default=None)
        return None if longest is None else longest[0 if word else 1]

    @cached_property
    def injection(self) -> bool:
        """True when the words aim at the bot's settings, not at the community."""
        return bool(_INJECTION.search(self.words))

    @cached_property
    def grams(self) -> Counter[str]:
        """Pieces of one to four characters with how often each stands there, numbers by their kind."""
        return Counter(_grams(_kinds(self.words[:LOOKED_AT].lower())))

    @cached_property
    def example(self) -> Example:
        """What the classifiers get."""
        return self.grams, list(dict.fromkeys(self._marks()))

    def _marks(self) -> Iterator[str]:
        context, words = self.context, self.words
        yield from (f"at:{name}" for name in self._around())
        yield f"length:{min(len(words) // 4, 8)}"
        yield from danger.signs(words)
        flags = {"complaint": self.complaint, "place": place(words) is not None, "issue": bool(_ISSUE.search(words)),
                 "poll": bool(_POLL.search(words)), "home": bool(_HOME.search(words)), "trade": bool(_TRADE.search(words)),
                 "asks": bool(_QUESTION.search(words)), "injection": self.injection, "slash": words[:1] in ("/", "#")}
        marks = [name for name, true in flags.items() if true]
        if self.category:
            marks += ["topic"]
            yield f"topic:{self.category}"
        if self.vote is not None:
            marks += self.vote.marks()
            if votes.doubts_right(words):
                marks += ["vote:eligibility"]
        said = self.says
        yield from (f"says:{name}" for name in said)
        yield from (f"{'to_bot' if self.addressed else 'to_all'}&says:{name}" for name in said)
        yield from self._picked(said)
        for mark in marks:
            yield mark
            yield f"{'to_bot' if self.addressed else 'to_all'}&{mark}"
            if context.staff:
                yield f"staff&{mark}"
            if context.quote is not None or self.legacy_quote:
                yield f"quote&{mark}"

    def _picked(self, said: list[str]) -> Iterator[str]:
        """How a choice and the usual doubts stand together, which a sum of words cannot say."""
        if self.vote is None:
            return
        pick = "pick" if self.vote.choice is not None else "none"
        doubts = [name for name in said if name in _DOUBTS]
        yield from (f"{pick}&{name}" for name in (doubts or ["clean"]))
        if "proxy" in said:
            yield f"{pick}&proxy"
        if pick == "pick" and not doubts:
            yield f"clean&{'short' if len(self.words) <= 8 else 'long'}&{'to_bot' if self.addressed else 'to_all'}"

    def _related(self) -> Iterator[str]:
        """Whether the words speak of what is open here."""
        mine = _pairs(self.words)
        about = {"poll": " ".join(f"{p.title} {' '.join(p.options)}" for p in self.context.open_polls[:3])}
        for name in ("active_discussion", "pending_rating", "recent_issue"):
            seen = getattr(self.context, name)
            about[name] = seen.title if seen is not None else ""
        about["my_issues"] = " ".join(i.title for i in self.context.my_issues)
        for name, text in about.items():
            if text:
                yield f"about:{name}:{'yes' if mine & _pairs(text) else 'no'}"

    def _around(self) -> Iterator[str]:
        context = self.context
        yield "to_bot" if self.addressed else "to_all"
        if context.private:
            yield "private"
        yield "staff" if context.staff else "resident"
        if context.quote is not None or self.legacy_quote is not None:
            kind = context.quote.kind if context.quote is not None else "chat"
            yield f"quote:{kind}"
            said = context.quote.text if context.quote is not None else self.legacy_quote or ""
            if kind == "chat":
                yield f"quote:chat:{'complaint' if is_complaint(said) or category(said) else 'talk'}"
                yield from (f"quoted:{name}" for name in lexicon.families(plain(said[:LOOKED_AT])))
        yield f"polls:{min(len(context.open_polls), 2)}"
        yield from self._related()
        present = {"my_vote": context.my_vote, "rating": context.pending_rating, "discussion": context.active_discussion,
                   "my_issues": context.my_issues, "recent_issue": context.recent_issue, "result": context.recent_result}
        yield from (name for name, value in present.items() if value)


def _pairs(text: str) -> set[str]:
    words = _NOT_HAN.sub(" ", text)
    return {words[i: i + 2] for i in range(len(words) - 1) if " " not in words[i: i + 2]}


def _kinds(words: str) -> str:
    words = _ISSUE.sub("Ｉ", words)
    words = _POLL.sub("Ｐ", words)
    words = _HOME.sub("Ｈ", words)
    words = _TIME.sub("Ｔ", words)
    return _DIGITS.sub(lambda m: m[0] if len(m[0]) == 1 else "Ｎ", words)


def _grams(words: str) -> Iterator[str]:
    framed = f"^{words}$"
    for size in range(1, _LONGEST_GRAM + 1):
        for start in range(len(framed) - size + 1):
            yield framed[start: start + size]
