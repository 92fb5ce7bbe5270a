"""Reads a ballot in the light of the polls that are open, the quoted card and the ballot already cast."""

import re
from dataclasses import dataclass

from texts.choices import Choice, Unclear, poll_number, read_choice
from understanding.context import Context, PollSeen
from understanding.picks import picks

_P = re.compile(r"(?<![A-Za-z\d])[Pp]\s?(\d{1,6})(?!\d)")
_CHANGES = re.compile(r"改(?!造|建|善|装|进)|换(?!新|届)|反悔|投错|选错|按错|点错|打错|发错|搞错|重新[投选]|重投|重选|不对|"
    r"更正|后悔|想通|变卦|又想|再想|作数")
_CANCELS = re.compile(
    r"(?:撤|取消|收|退|作废|删|抹|拿)(?:回|掉|了|销|下)?.{0,8}(?:我的?|刚才的?|那[张个]?|之前的?|P\d+的?)?.{0,6}(?:票|投票|"
    r"选择|表态)(?!结果)|票.{0,6}(?:撤|取消|作废|不算|收回|退)|"
    r"不投了|不参与投|不想投|当我没投|算我没投|撤票|不作数|先不[投表]|当没投过|我没投过")
_TENANT = re.compile(r"租户|租客|租房|租的|租在|不是业主|没房产|户口不在|算[吗不]|能不能算|作不作数|有[效用]吗|可以算|"
    r"有没有(?:资格|权)|能投[吗么]|有资格|算数吗|卖(?:掉)?了|过户|有效不|未成年|没满18|(?:\d+|[十一二三四五六七八九]{1,3})岁")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words are as a ballot."""

    poll: PollSeen | None  # None: several are open and none is meant for sure
    read: Choice | Unclear | None
    named: bool  # by its number or by quoting its card
    change: bool  # the words speak of changing
    cancel: bool  # the words speak of taking back
    several: bool  # more than one poll is open
    loose: frozenset[int] | None = None  # the options a freer reading finds

    @property
    def choice(self) -> frozenset[int] | None:
        """The options that are meant: by the strict reading, or else by the freer one."""
        return self.read.options if isinstance(self.read, Choice) else self.loose

    @property
    def reason(self) -> str | None:
        """Why it must not be counted."""
        return self.read.reason if isinstance(self.read, Unclear) else None

    def marks(self) -> list[str]:
        """Marks for the classifier."""
        kind = "none" if self.read is None else "choice" if isinstance(self.read, Choice) else f"unclear:{self.reason}"
        same = isinstance(self.read, Choice) and self.read.options == self.loose
        freely = "none" if self.loose is None else "agrees" if same else "some"
        kind = f"{kind}/{freely}"
        said = [("named", self.named), ("change", self.change), ("cancel", self.cancel), ("several", self.several)]
        return [f"vote:{kind}",
            *(f"vote:{name}" for name, true in said if true), *(f"vote:{kind}:{n}" for n, true in said if true)]


def read(raw: str, words: str, context: Context) -> Reading | None:
    """The ballot in these words; None when no poll is open here and none is named."""
    text = words
    number, rest = poll_number(words)
    if number is None and (found := _P.findall(words)) and len(set(found)) == 1:
        number, rest = int(found[0]), re.sub(r"(?:[\s(,]|给|在|对)*[Pp]\s?\d+(?:号)?(?:投票)?[\s,:)的]*", " ", words).strip()
    polls, named = list(context.open_polls), number is not None
    if number is not None:
        polls = [p for p in polls if p.id.upper() == f"P{number}"]
    elif context.quote is not None and context.quote.kind == "poll_card":
        said = context.quote.id or next(iter(_quoted(context.quote.text)), None)
        quoted = [p for p in polls if p.id == said] or [p for p in polls if p.title and p.title in context.quote.text]
        named = bool(said or quoted)
        polls = quoted or (polls if not said else [])
    if not polls:
        return Reading(None, None, True, False, False, False) if named else None
    heard = [(poll, read_choice(rest if named else text, poll.options, most=poll.most)) for poll in polls]
    heard.sort(key=lambda pair: (pair[1] is None, isinstance(pair[1], Unclear)))
    clear = [pair for pair in heard if isinstance(pair[1], Choice)]
    poll, choice = heard[0]
    several = len(context.open_polls) > 1 and not named
    if several and len(clear) == 1 and not _only_label(rest):
        several = False  # the words are the option of one poll and mean nothing in the others
    elif several and (titled := _titled(words, polls)) is not None:
        poll, several = titled, False
        choice = read_choice(text, poll.options, most=poll.most)
    elif several and (mine := [p for p in polls if p.id == context.my_vote]) and _CHANGES.search(words):
        poll, several = mine[0], False
        choice = read_choice(text, poll.options, most=poll.most)
    loose = [(p, options) for p in polls if (options := picks(rest if named else text, p, raw)) is not None]
    if several and choice is None and len(loose) == 1:
        poll, several = loose[0][0], False
    free = next((picked for p, picked in loose if p is poll), None)
    change, cancel = bool(_CHANGES.search(words)), bool(_CANCELS.search(words))
    return Reading(None if several else poll, choice, named, change, cancel, several, free)


def _titled(words: str, polls: list[PollSeen]) -> PollSeen | None:
    """The one poll whose title shares words with the sentence that no other title has."""
    pieces = [{p.title[i: i + 2] for i in range(len(p.title) - 1)} for p in polls]
    own = [len({x for x in mine if x in words and sum(x in other for other in pieces) == 1}) for mine in pieces]
    best = max(own, default=0)
    return polls[own.index(best)] if best and own.count(best) == 1 else None


def doubts_right(words: str) -> bool:
    """Whether the speaker asks if their ballot may count."""
    return bool(_TENANT.search(words))


def _only_label(words: str) -> bool:
    return bool(re.fullmatch(r"\W*(?:选|投|我)*\s?(?:第?[a-zA-Z\d一二三四五]个?)\W*", words))


def _quoted(text: str) -> list[str]:
    return [f"P{n}" for n in _P.findall(text)]
