"""Who lives in the simulated community and which accounts of ours the platform knows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MP_CHAT = "公众号"
BOT_CHAT = "小议"
TASK_CHAT = "群发助手"  # where owners of 客户群 confirm tasks
APP_CHAT = "社区应用"


@dataclass(frozen=True, slots=True)
class SimAccount:
    """One account registered with the platform: where its callbacks go and what its keys are."""

    kind: str  # mp | wecom_app | wecom_aibot | wecom_aibot_ws | wecom_webhook | customer_group
    name: str
    app_url: str = ""  # the whole callback address
    token: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)
    app_id: str = ""  # appid of a 公众号, aibotid of an 智能机器人, CorpID of a 自建应用
    app_secret: str = field(default="", repr=False)
    mode: str = "safe"  # safe | compat | plain, for a 公众号
    bot_name: str = "小议"
    agent_id: str = ""  # of a 自建应用
    templates: dict[str, str] = field(default_factory=dict)  # notices a 公众号 may send: name -> template id


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone."""

    name: str
    userid: str
    openid: str
    role: str = "resident"
    home: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A group chat: which road leads into it, and the key of the group robot that posts to it."""

    name: str
    chatid: str
    webhook_key: str = ""
    road: str = "aibot"  # aibot | aibot_ws | app (internal groups) | customer (客户群) | hand (an ordinary 微信群, no API)
    owner: str = ""  # userid of the owner of a 客户群


@dataclass(frozen=True, slots=True)
class World:
    """The community: its people and their groups."""

    name: str
    people: tuple[Person, ...]
    groups: tuple[Group, ...]
    _by_name: dict[str, Person] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({person.name: person for person in self.people})

    def person(self, name: str) -> Person | None:
        """Finds somebody by the name on the phone."""
        return self._by_name.get(name)

    def group(self, name: str) -> Group | None:
        """Finds a group by its title."""
        return next((group for group in self.groups if group.name == name), None)

    def group_of_key(self, key: str) -> Group | None:
        """Finds the group that a webhook key posts to."""
        return next((group for group in self.groups if key and group.webhook_key == key), None)

    def follower(self, openid: str) -> Person | None:
        """Finds the follower of the 公众号 with this openid."""
        return next((person for person in self.people if openid and person.openid == openid), None)


def load_world(path: str | Path) -> World:
    """Reads the community from the file that also seeds the demo database."""
    data: dict[str, Any] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    groups = tuple(Group(str(g["name"]), str(g["chatid"]), str(g.get("webhook_key") or ""), str(g.get("road") or "aibot"),
                         str(g.get("owner") or ""))
                   for g in data.get("groups", []))
    people = tuple(
        Person(name=str(p["name"]), userid=str(p.get("userid") or ""), openid=str(p.get("openid") or ""),
               role=str(p.get("role") or "resident"), home=str(p.get("home") or ""),
               groups=tuple(p.get("groups") or ()))
        for p in data.get("people", []))
    return World(str(data.get("community", {}).get("name", "")), people, groups)


def account_of(accounts: Iterable[SimAccount], kind: str) -> SimAccount | None:
    """Picks the account of a kind; the simulated community has at most one of each that hears."""
    return next((account for account in accounts if account.kind == kind), None)
