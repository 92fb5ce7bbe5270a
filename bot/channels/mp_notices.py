"""A 公众号's notices: which template stands for which name, and which of our facts it shows in which field.

A setting reads `ID thing1=title time2=until thing3=note`; with `template:` in front of the ID it is a 模板消息, which needs
no permission; without, a 订阅通知, for which every person must allow each single message.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels.wording import legal
from bot.message import ChannelError, Outgoing

FACTS = ("title", "note", "until")
_FIELD = re.compile(r"([a-z_]{1,20}[0-9]{0,3}|first|remark)=([a-z]+)")
_LONGEST = {"thing": 20, "short_thing": 4, "phrase": 5, "character_string": 32, "name": 10, "const": 20}  # in characters


@dataclass(frozen=True, slots=True)
class Template:
    """One template as configured."""

    id: str
    fields: tuple[tuple[str, str], ...]  # the platform's field, our fact
    subscribed: bool  # 订阅通知; else 模板消息

    @property
    def path(self) -> str:
        """Where it is sent."""
        return "/cgi-bin/message/subscribe/bizsend" if self.subscribed else "/cgi-bin/message/template/send"

    def body(self, post: Outgoing, key: str) -> dict[str, Any]:
        """What is sent: the facts in the template's fields, none longer than its kind of field takes."""
        facts = dict(post.facts or {})
        if any(not facts.get(fact) for _, fact in self.fields):
            raise ChannelError("a notice without its facts", retryable=False, code=47003)
        data = {field: {"value": fit(field, facts[fact])} for field, fact in self.fields}
        whole = {"touser": post.address, "template_id": self.id, "data": data}
        url = {"page" if self.subscribed else "url": facts["url"]} if facts.get("url") else {}
        return whole | url | ({} if self.subscribed else {"client_msg_id": key})


def read(settings: Mapping[str, str]) -> dict[str, Template]:
    """The templates of an account; ValueError names the one that cannot be read."""
    found = {}
    for name, setting in settings.items():
        first, *pairs = setting.split() or [""]
        id_ = first.removeprefix("template:")
        fields = [_FIELD.fullmatch(pair) for pair in pairs]
        known = tuple((f[1], f[2]) for f in fields if f is not None and f[2] in FACTS)
        if not re.fullmatch(r"[\w-]{1,64}", id_, re.ASCII) or len(known) != len(pairs) or not pairs:
            raise ValueError(f"templates.{name}: ID field=fact …, where a fact is one of {', '.join(FACTS)}")
        found[name] = Template(id_, known, first == id_)
    return found


def fit(field: str, value: str) -> str:
    """The value in what this kind of field takes; the last character shows that something was cut."""
    most = _LONGEST.get(field.rstrip("0123456789"), 200)
    clean = " ".join(legal(value).split())
    return clean if len(clean) <= most else clean[: most - 1] + "…"
