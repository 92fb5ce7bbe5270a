"""What can be done to issues and polls from the console: each deed is a command of the chat, with the fields it needs."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.router import Args
from domain.lifecycle import Act


@dataclass(frozen=True, slots=True)
class Said:
    """What a form says beside the number."""

    party: str = ""  # its name
    until: str = ""  # a deadline in words or as a date: 3个工作日
    words: str = ""
    into: int = 0  # another issue's number


@dataclass(frozen=True, slots=True)
class Deed:
    """A command, the fields it is made of, and how the command is typed with them; '' in `acts`: whatever state it is in."""

    name: str
    fields: tuple[str, ...]
    rest: Callable[[Said], str]
    typed: str  # with {n} the number and {rest} the rest, as one would type it in chat
    acts: tuple[Act, ...] = ()
    bulk: bool = True

    def args(self, number: int, said: Said) -> Args:
        """The arguments as the chat would have read them."""
        if self.typed.startswith(("提醒", "延期 P", "结束 P", "作废 P", "未投")):
            return Args(poll=number, rest=self.rest(said))
        return Args(issue=number, issue2=said.into, rest=self.rest(said))

    def line(self, number: int, said: Said) -> str:
        """What one would have typed."""
        return self.typed.format(n=number, rest=self.rest(said), into=said.into).strip()


def _nothing(said: Said) -> str:
    return ""


def _words(said: Said) -> str:
    return said.words


def _sent(said: Said) -> str:
    return " ".join(filter(None, (said.party, said.until, f"理由 {said.words}" if said.words else "")))


def _by_then(said: Said) -> str:
    return " ".join(filter(None, (said.until, said.words)))


ISSUES = {deed.name: deed for deed in (
    Deed("issue.accept", (), _nothing, "受理 I{n}", (Act.ACCEPT,)),
    Deed("issue.dispatch", (), _nothing, "派单 I{n}", (Act.ACCEPT, Act.ASSIGN)),
    Deed("issue.assign", ("party", "until", "words"), _sent, "I{n} 派给 {rest}", (Act.ACCEPT, Act.ASSIGN)),
    Deed("issue.designate", ("party", "until", "words"), _sent, "指定 I{n} {rest}", (Act.ASSIGN,)),
    Deed("issue.nudge", (), _nothing, "催办 I{n}", (Act.ASSIGN, Act.CONTACT)),
    Deed("issue.sign", (), _nothing, "签收 I{n}", (Act.TAKE_ON,)),
    Deed("issue.contact", ("words",), _words, "联系 I{n} {rest}", (Act.TAKE_ON, Act.CONTACT)),
    Deed("issue.extend", ("until", "words"), _by_then, "延期 I{n} {rest}", (Act.EXTEND,)),
    Deed("issue.extend_yes", (), _nothing, "同意延期 I{n}", (Act.EXTEND,)),
    Deed("issue.extend_no", ("words",), _words, "不同意延期 I{n} {rest}", (Act.EXTEND,)),
    Deed("issue.suspend", ("until", "words"), _by_then, "挂起 I{n} {rest}", (Act.SUSPEND,)),
    Deed("issue.resume", (), _nothing, "恢复 I{n}", (Act.RESUME,)),
    Deed("issue.transfer", ("words",), _words, "I{n} 转 {rest}", (Act.TRANSFER,)),
    Deed("issue.return", ("words",), _words, "退单 I{n} {rest}", (Act.RETURN,)),
    Deed("issue.resolve", ("words",), _words, "办结 I{n} {rest}", (Act.RESOLVE,)),
    Deed("issue.reject", ("words",), _words, "不予受理 I{n} {rest}", (Act.REJECT,)),
    Deed("issue.merge", ("into",), _nothing, "合并 I{n} I{into}", (Act.MERGE,)),
    Deed("issue.unmerge", (), _nothing, "拆开 I{n}", (Act.UNMERGE,)),
    Deed("issue.whistle", ("words",), _words, "吹哨 I{n} {rest}", (Act.ASSIGN, Act.CONTACT, Act.TAKE_ON, Act.CONSULT), bulk=False),
)}
POLLS = {deed.name: deed for deed in (
    Deed("poll.remind", (), _nothing, "提醒 P{n}"),
    Deed("poll.extend", ("until", "words"), _by_then, "延期 P{n} {rest}"),
    Deed("poll.close", ("words",), _words, "结束 P{n} {rest}"),
    Deed("poll.void", ("words",), _words, "作废 P{n} {rest}", bulk=False),
)}
