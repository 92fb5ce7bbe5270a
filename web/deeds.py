"""What can be done from the console: each deed is a command of the chat, with the fields it needs.

Which page offers it is said here too: an issue's, a poll's, a round's or a session's, or one about the whole community.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bot.router import Args
from domain.lifecycle import OPEN, Act
from domain.states import State

Said = dict[str, str]  # what a form says, by field; every field is there
# fields of forms and the most characters each holds; a number may have this many digits
FIELDS = {"party": 64, "until": 40, "words": 500, "host": 40, "guests": 120, "who": 60, "title": 60, "course": 40, "adopted": 8,
          "how": 8, "why": 200, "seeds": 1000, "scope": 40, "home": 40, "choice": 40, "notice": 500, "done": 200,
          "goods": 100, "starts": 40}
NUMBERS = {"into": 6, "about": 6, "which": 4, "members": 5, "present": 5, "agreed": 5, "amount": 4, "line": 9, "days": 2,
           "same_as": 4}
LISTS = {"several": 60}  # numbers: 3、5
ADOPTED = ("采纳", "部分采纳", "不采纳")
HOW = ("答", "转任务", "私事")
_OPEN, _TALK = tuple(map(str, OPEN)), (str(State.CONSULTING),)
_HEARD = (*_TALK, str(State.VOTING), str(State.PUBLICITY))  # who disagreed is answered


@dataclass(frozen=True, slots=True)
class Deed:
    """A command, the fields it is made of (`?`: may stay empty), and how the command is typed with them.

    `acts`: offered when one of them is open to whoever looks; `states`: offered in these states, () is in any.
    `named`: done in the name of one of the staff. `page` is where an order about the whole community belongs.
    """

    name: str
    fields: tuple[str, ...]
    typed: str  # with {n} the number of what it is about and a part in braces for each field, as one would type it in chat
    acts: tuple[Act, ...] = ()
    states: tuple[str, ...] = ()
    bulk: bool = False
    named: bool = False
    group: str = "handle"
    page: str = ""
    rest: Callable[[Said], str] | None = None  # where the words are put together otherwise

    def args(self, number: int, said: Said) -> Args:
        """The arguments as the chat would have read them."""
        issue, poll, session = (number if f"{letter}{{n}}" in self.typed else 0 for letter in "IPS")
        return Args(issue, int(said["into"] or 0) if "I{into}" in self.typed else 0, poll, self._rest(said), session=session)

    def line(self, number: int, said: Said) -> str:
        """What one would have typed."""
        words = {"{n}": str(number), "{into}": said["into"], "{rest}": self._rest(said)}
        return " ".join(re.sub(r"\{\w+\}", lambda part: words[part[0]], self.typed).split())

    def _rest(self, said: Said) -> str:
        if self.rest is not None:
            return " ".join(self.rest(said).split())
        return " ".join(filter(None, (said[field.rstrip("?")] for field in self.fields if field != "into")))


def _with(word: str, said: str) -> str:
    return f"{word} {said}" if said else ""


def _sent(said: Said) -> str:
    return f"{said['party']} {said['until']} {_with('理由', said['words'])}"


def _plan(said: Said) -> str:
    return f"按 {said['course']} {_with('主持', said['host'])} {_with('参加', said['guests'])} {said['until']}"


def _doing(said: Said) -> str:
    return f"{said['party']} {said['until']}".strip()


def _concluded(said: Said) -> str:
    return f"{said['adopted']} {said['words']} {_with('理由', said['why'])} {_with('落实', _doing(said))}"


def _round(said: Said) -> str:
    return f"{said['title']} {said['days'] and said['days'] + '天'} {_with('种子', '；'.join(said['seeds'].split(chr(10))))}"


def _met(said: Said) -> str:
    return f"应到 {said['members']} 实到 {said['present']} 同意 {said['agreed']}"


def _of_round(name: str, fields: tuple[str, ...], typed: str, rest: Callable[[Said], str] | None = None,
              states: tuple[str, ...] = ("open",)) -> Deed:
    return Deed(name, fields, typed, named=True, group="round", states=states, rest=rest)


def _by_name(*deeds: Deed) -> dict[str, Deed]:
    return {deed.name: deed for deed in deeds}


ISSUES = _by_name(
    Deed("issue.accept", (), "受理 I{n}", (Act.ACCEPT,), bulk=True),
    Deed("issue.dispatch", (), "派单 I{n}", (Act.ACCEPT, Act.ASSIGN), bulk=True),
    Deed("issue.assign", ("party", "until?", "words?"), "I{n} 派给 {rest}", (Act.ACCEPT, Act.ASSIGN), bulk=True, rest=_sent),
    Deed("issue.designate", ("party", "until?", "words?"), "指定 I{n} {rest}", (Act.ASSIGN,), bulk=True, rest=_sent),
    Deed("issue.nudge", (), "催办 I{n}", (Act.ASSIGN, Act.CONTACT), bulk=True),
    Deed("issue.sign", (), "签收 I{n}", (Act.TAKE_ON,), bulk=True),
    Deed("issue.contact", ("words",), "联系 I{n} {rest}", (Act.TAKE_ON, Act.CONTACT), bulk=True),
    Deed("issue.extend", ("until", "words"), "延期 I{n} {rest}", (Act.EXTEND,), bulk=True),
    Deed("issue.extend_yes", (), "同意延期 I{n}", (Act.EXTEND,), bulk=True),
    Deed("issue.extend_no", ("words",), "不同意延期 I{n} {rest}", (Act.EXTEND,), bulk=True),
    Deed("issue.suspend", ("until", "words"), "挂起 I{n} {rest}", (Act.SUSPEND,), bulk=True),
    Deed("issue.resume", (), "恢复 I{n}", (Act.RESUME,), bulk=True),
    Deed("issue.transfer", ("words",), "I{n} 转 {rest}", (Act.TRANSFER,), bulk=True),
    Deed("issue.return", ("words",), "退单 I{n} {rest}", (Act.RETURN,), bulk=True),
    Deed("issue.resolve", ("words",), "办结 I{n} {rest}", (Act.RESOLVE,), bulk=True),
    Deed("issue.reject", ("words",), "不予受理 I{n} {rest}", (Act.REJECT,), bulk=True),
    Deed("issue.merge", ("into",), "合并 I{n} I{into}", (Act.MERGE,), bulk=True),
    Deed("issue.unmerge", (), "拆开 I{n}", (Act.UNMERGE,), bulk=True),
    Deed("issue.whistle", ("words",), "吹哨 I{n} {rest}", (Act.ASSIGN, Act.CONTACT, Act.TAKE_ON, Act.CONSULT)),
    Deed("issue.whistle_answer", ("words",), "应哨 I{n} {rest}", (Act.ASSIGN, Act.CONTACT, Act.TAKE_ON, Act.CONSULT)),
    Deed("talk.open", ("course", "host?", "guests?", "until?"), "协商 I{n} {rest}", states=(State.ACCEPTED,), named=True,
         group="talk", rest=_plan),
    Deed("talk.invite", ("guests",), "邀请 I{n} {rest}", states=_TALK, named=True, group="talk"),
    Deed("talk.next", (), "下一步 I{n}", states=_TALK, named=True, group="talk"),
    Deed("talk.counts", (), "表态 I{n}", states=_TALK, named=True, group="talk"),
    Deed("talk.meeting", ("members", "present", "agreed"), "会议 I{n} {rest}", states=_TALK, named=True, group="talk",
         rest=_met),
    Deed("talk.summary", ("words",), "总结 I{n} {rest}", states=_TALK, named=True, group="talk"),
    Deed("talk.conclude", ("adopted", "words", "why?", "party?", "until?"), "结论 I{n} {rest}", states=_TALK, named=True,
         group="talk", rest=_concluded),
    Deed("talk.dissents", (), "异议人 I{n}", states=_HEARD, named=True, group="talk"),
    Deed("talk.answer", ("which", "words"), "答复 I{n} {rest}", states=_HEARD, named=True, group="talk"),
    Deed("talk.assembly", (), "提交居民会议 I{n}", states=_TALK, named=True, group="talk"),
    Deed("round.open", ("title", "days?", "seeds?"), "发起征言 I{n} {rest}", states=(State.ACCEPTED, State.CONSULTING), named=True,
         group="talk", rest=_round),
    Deed("issue.ask_ideas", (), "征集 I{n}", states=(State.SUBMITTED, State.ACCEPTED), group="more"),
    Deed("promise.make", ("party", "until", "words"), "承诺 I{n} {rest}", states=_OPEN, named=True, group="more"),
    Deed("promise.report", ("words",), "兑现 I{n} {rest}", named=True, group="more"),
    Deed("figures.excuse", ("words",), "I{n} 不计考核 {rest}", group="more"),
    Deed("figures.count", (), "I{n} 计入考核", group="more"),
)
POLLS = _by_name(
    Deed("poll.remind", (), "提醒 P{n}", states=("notice", "open"), bulk=True),
    Deed("poll.missing", (), "未投 P{n}", states=("open",), named=True),
    Deed("poll.extend", ("until", "words?"), "延期 P{n} {rest}", states=("notice", "open"), bulk=True),
    Deed("poll.close", ("words",), "结束 P{n} {rest}", states=("notice", "open"), bulk=True),
    Deed("poll.void", ("words",), "作废 P{n} {rest}", states=("notice", "open")),
    Deed("poll.reached", ("home",), "送达 P{n} {rest}", states=("notice", "open"), named=True, group="more"),
    Deed("vote.settle", ("home", "choice", "words"), "认定 P{n} {rest}", states=("open",), named=True, group="more"),
    Deed("jielong.export", (), "P{n} 接龙", states=("open", "closed"), named=True, group="more"),
    Deed("poll.answer", ("which", "words"), "答复异议 P{n} {rest}", states=("open", "closed"), named=True, group="more"),
    Deed("talk.review", ("which", "words"), "异议成立 P{n} {rest}", states=("closed",), named=True, group="more"),
)
ROUNDS = _by_name(
    _of_round("round.voice", (), "征言情况 I{n}"),
    _of_round("round.list", (), "征言列表 I{n}"),
    _of_round("round.remind", (), "提醒征言 I{n}"),
    _of_round("round.approve", ("several",), "通过 I{n} {rest}"),
    _of_round("round.hide", ("which", "words"), "隐藏 I{n} {rest}"),
    _of_round("round.seed", ("seeds",), "种子 I{n} {rest}", lambda said: "；".join(said["seeds"].split("\n"))),
    _of_round("round.join", ("which", "same_as"), "合并征言 I{n} {rest}"),
    _of_round("round.end", (), "结束征言 I{n}"),
    _of_round("round.result", (), "征言结果 I{n}", states=("closed",)),
    _of_round("round.summary", ("words?",), "征言小结 I{n} {rest}", states=("closed",)),
    _of_round("round.draft", (), "征言草稿 I{n}", states=("closed",)),
    _of_round("round.poll", ("several?", "until?"), "共识投票 I{n} {rest}", states=("closed",),
              rest=lambda said: f"{said['several']} {_with('截止', said['until'])}"),
    _of_round("round.resolve", ("several?", "party?", "until?"), "共识决议 I{n} {rest}", states=("closed",),
              rest=lambda said: f"{said['several']} {_with('落实', _doing(said))}"),
)
SESSIONS = _by_name(
    Deed("session.show", (), "S{n}", named=True),
    Deed("session.sign_in", (), "签到 S{n}", states=("notice", "open"), named=True),
    Deed("session.answer", ("which", "how", "party?", "until?", "words?"), "问 S{n} {rest}", states=("notice", "open"), named=True,
         rest=lambda said: f"{said['which']} {said['how']} {said['party']} {said['until']} {said['words']}"),
    Deed("session.spoken", (), "说完 S{n}", states=("open",), named=True),
    Deed("session.end", (), "结束 S{n}", states=("open",), named=True),
    Deed("session.minutes", (), "纪要 S{n}", states=("ended",), named=True),
)
PLACE = _by_name(
    Deed("notice.post", ("scope?", "notice"), "通知 {rest}", named=True, page="notices"),
    Deed("session.open", ("title", "host?", "about?", "starts"), "恳谈会 {rest}", named=True, page="sessions", rest=lambda said:
         f"{said['title']} {_with('主持', said['host'])} {said['about'] and '关于 I' + said['about']} {said['starts']}"),
    Deed("points.give", ("who", "amount", "done"), "加分 {rest}", named=True, page="points"),
    Deed("points.redeem", ("who", "amount", "goods"), "兑换 {rest}", named=True, page="points"),
    Deed("points.reverse", ("line", "words"), "冲正 {rest}", named=True, page="ledger"),
    Deed("round.waiting", (), "待审", named=True, page="rounds"),
    Deed("owner.code", ("home", "who?"), "业主码 {rest}", named=True, page="homes"),
    Deed("party.add", ("party",), "加成员 {rest}", named=True, page="setup_parties"),
)


def fits(deed: Deed, state: str) -> bool:
    """True when a deed is offered in this state."""
    return not deed.states or state in deed.states
