"""The REST side of a 自建应用: token, messages, its groups, cards that change, pictures; with the platform's limits."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, request

from simulator import customer_api
from simulator.app_side import AppGroup, AppSide
from simulator.limits import SlidingWindow
from simulator.platform_api import SAYINGS, Facts, Refused, Work, content_of, endpoint
from simulator.simulation import Simulation
from simulator.world import APP_CHAT, Person, SimAccount, account_of

TEXT_BYTES = 2048
GROUP_KINDS = ("text", "markdown", "textcard", "image")
PERSON_TIMES_A_MINUTE = 20_000
SAYINGS |= {
    40007: "invalid media_id", 40014: "invalid access_token", 40050: "invalid chatid", 42045: "missing card_action",
    60020: "not allow to access from your ip", 81013: "user & party & tag all invalid", 86003: "chat is not created by the app",
    301002: "no permission of the agent", 60011: "no privilege to access",
}
_TASK = re.compile(r"[0-9A-Za-z_@-]{1,128}", re.ASCII)
_CHATID = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)
_NEEDS_CALLBACK = ("vote_interaction", "multiple_interaction", "button_interaction")


@dataclass(slots=True)
class AppApi:
    """The verbs behind the endpoints."""

    sim: Simulation
    side: AppSide
    tasks: set[str] = field(default_factory=set)
    seen: dict[str, float] = field(default_factory=dict)  # what enable_duplicate_check compares -> until when
    person_times: SlidingWindow = field(default_factory=lambda: SlidingWindow(PERSON_TIMES_A_MINUTE, 60))

    def token(self, body: Any, facts: Facts) -> Facts:
        """Gives the app's token, the same while it is good."""
        mine = {_shelf: self.side.account, customer_api.shelf: account_of(self.sim.accounts, "customer_group")}
        known = {name: account for name, account in mine.items() if account is not None
                 and request.args.get("corpid") == account.app_id}
        if not known:
            raise Refused(40013)
        right = next(((name, a) for name, a in known.items() if request.args.get("corpsecret") == a.app_secret), None)
        if right is None:
            raise Refused(40001)
        token, left = self.sim.tokens.stable(right[0](right[1]), force=False, now=self.sim.clock())
        return {"access_token": token, "expires_in": left}

    def send(self, body: Any, facts: Facts) -> Facts:
        """Sends to members; who does not exist is named, who gets too much is passed over in silence."""
        account = self._let_in(body)
        people, missed = self._receivers(body)
        if not people:
            raise Refused(81013)
        kind = body.get("msgtype")
        self._check(kind, body, account)
        answer: Facts = {"msgid": secrets.token_urlsafe(24), **({"invaliduser": "|".join(missed)} if missed else {})}
        if self._repeated(body):
            return answer
        facts["person"] = "|".join(person.name for person in people)
        if kind == "template_card":
            task = body["template_card"]["task_id"]
            if task in self.tasks:
                raise Refused(40058, "task_id exists")
            self.tasks.add(task)
            answer["response_code"] = self.side.new_code(task, people[0].userid)
        for person in people:
            if self.side.reaches("member", person.userid):
                self._show(kind, body, account, APP_CHAT, person)
        return answer

    def update_card(self, body: Any, facts: Facts) -> Facts:
        """Changes one card on one phone, by a code that is good once and for 72 hours."""
        self._let_in(body)
        card = body.get("template_card") if isinstance(body.get("template_card"), dict) else None
        if card is None and not (isinstance(body.get("button"), dict) and body["button"].get("replace_name")):
            raise Refused(40058, "neither button nor template_card")
        found = self.side.use(str(body.get("response_code", "")))
        if found is None:
            raise Refused(40058, "invalid response_code")
        asked = [str(one) for one in body.get("userids") or [found.userid]]
        missed = [one for one in asked if self.side.member(one) is None]
        person = self.side.member(found.userid)
        if person is not None and found.userid.lower() in [one.lower() for one in asked]:
            facts["person"] = person.name
            self.side.change(person, found.task_id, card or {"button": body["button"]})
        return {"invaliduser": missed} if missed else {}

    def create(self, body: Any, facts: Facts) -> Facts:
        """Makes a group; nobody sees it before the first post."""
        self._let_in(None)
        name, owner, members = body.get("name", ""), body.get("owner", ""), body.get("userlist")
        chatid = body.get("chatid") or secrets.token_hex(12)
        if not isinstance(name, str) or len(name) > 50 or not isinstance(members, list) or not 2 <= len(set(members)) <= 2000:
            raise Refused(40058)
        if not _CHATID.fullmatch(str(chatid)) or chatid in self.side.groups or (owner and owner not in members):
            raise Refused(40058)
        if any(self.side.member(str(one)) is None for one in members):
            raise Refused(40003, "invalid userid")
        with self.side.lock:
            self.side.groups[chatid] = AppGroup(name, owner or members[0], list(members))
        return {"chatid": chatid}

    def get(self, body: Any, facts: Facts) -> Facts:
        """Tells who is in a group."""
        self._let_in(None)
        chatid = request.args.get("chatid", "")
        group = self._group(chatid)
        return {"chat_info": {"chatid": chatid, "name": group.name, "owner": group.owner, "userlist": group.members}}

    def about(self, body: Any, facts: Facts) -> Facts:
        """Tells what the app is called; only of itself."""
        account = self._let_in(None)
        if request.args.get("agentid", "") != account.agent_id:
            raise Refused(301002)
        return {"agentid": int(account.agent_id), "name": account.bot_name, "close": 0}

    def update(self, body: Any, facts: Facts) -> Facts:
        """Renames a group, or lets members in and out."""
        self._let_in(None)
        group = self._group(str(body.get("chatid") or ""))
        left = [one for one in group.members if one not in (body.get("del_user_list") or [])]
        now = [*left, *[one for one in body.get("add_user_list") or [] if one not in left]]
        if len(str(body.get("name") or "")) > 50 or not 2 <= len(now) <= 2000:
            raise Refused(40058)
        group.name, group.owner, group.members = body.get("name") or group.name, body.get("owner") or group.owner, now
        return {}

    def group_send(self, body: Any, facts: Facts) -> Facts:
        """Posts to a group of the app; cards are not for groups."""
        account = self._let_in(None)
        group = self._group(str(body.get("chatid") or ""))
        facts["group"] = group.name
        kind = body.get("msgtype")
        if kind not in GROUP_KINDS:
            raise Refused(40008)
        self._check(kind, body, account)
        now = self.sim.clock()
        if not all([self.person_times.allows("all", now) for _ in group.members]):
            raise Refused(45009)
        if any([self.side.reaches("group", userid) for userid in group.members]):
            self._show(kind, body, account, group.name, None)
        return {}

    def upload(self, body: Any, facts: Facts) -> Facts:
        """Keeps a picture for three days, under a name."""
        self._let_in(None)
        given = request.files.get("media")
        data = given.read() if given is not None else b""
        if not data or len(data) > 10 * 1024 * 1024 or data[:4] not in (b"\x89PNG", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1"):
            raise Refused(40009)
        media_id = secrets.token_urlsafe(24)
        self.side.media[media_id] = data
        return {"type": "image", "media_id": media_id, "created_at": str(int(self.sim.clock()))}

    def _let_in(self, body: Any) -> SimAccount:
        account = self.side.account
        token = request.args.get("access_token", "")
        code = self.sim.tokens.judge(_shelf(account), token, now=self.sim.clock()) if account else 40014
        if account is None or code:
            raise Refused(40014 if code == 40001 else code)
        if body is not None and str(body.get("agentid", "")) != account.agent_id:
            raise Refused(301002)
        return account

    def _receivers(self, body: Any) -> tuple[list[Person], list[str]]:
        names = [one for one in str(body.get("touser") or "").split("|") if one]
        found = {name: self.side.member(name) for name in names[:1000]}
        return [person for person in found.values() if person is not None], [n.lower() for n, p in found.items() if p is None]

    def _group(self, chatid: str) -> AppGroup:
        group = self.side.groups.get(chatid)
        if group is None:
            others = {one.chatid for one in self.sim.world.groups}
            raise Refused(86003 if chatid in others else 40050)
        return group

    def _check(self, kind: Any, body: Any, account: SimAccount) -> None:
        part = body.get(kind) if isinstance(kind, str) else None
        if kind in ("text", "markdown"):
            content_of(part, TEXT_BYTES, 45002)
        elif kind == "textcard":
            title, about, url = (str((part or {}).get(name) or "") for name in ("title", "description", "url"))
            if not (title and about and url):
                raise Refused(44004)
            if len(title.encode()) > 128 or len(about.encode()) > 512 or len(url.encode()) > 2048:
                raise Refused(45002)
        elif kind == "image":
            if str((part or {}).get("media_id")) not in self.side.media:
                raise Refused(40007)
        elif kind == "template_card":
            _check_card(part, account)
        else:
            raise Refused(40008)

    def _repeated(self, body: Any) -> bool:
        """The same body again within the interval is accepted and not shown."""
        if not body.get("enable_duplicate_check"):
            return False
        digest, now = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(), self.sim.clock()
        with self.side.lock:
            if self.seen.get(digest, 0) > now:
                return True
            self.seen[digest] = now + float(body.get("duplicate_check_interval") or 1800)
        return False

    def _show(self, kind: str, body: Any, account: SimAccount, chat: str, person: Person | None) -> None:
        part, who = body[kind], person.name if person else ""
        if kind == "template_card" and person is not None:
            self.side.show(person, part)
        elif kind == "image":
            self.sim.feed.add_picture(self.side.media[part["media_id"]], chat=chat, person=who, sender=account.bot_name)
        elif kind == "textcard":
            self.sim.feed.add("post", chat=chat, person=who, sender=account.bot_name, url=part["url"],
                              text="\n".join((part["title"], part["description"], part["url"])))
        else:
            self.sim.feed.add("post", chat=chat, person=who, text=part["content"], sender=account.bot_name)


def _check_card(card: Any, account: SimAccount) -> None:
    """Refuses a card that the platform would not show."""
    if not isinstance(card, dict) or not isinstance(card.get("card_type"), str):
        raise Refused(40058)
    kind = card["card_type"]
    if kind in ("text_notice", "news_notice") and (card.get("card_action") or {}).get("type") not in (1, 2):
        raise Refused(42045)
    if not _TASK.fullmatch(str(card.get("task_id") or "")) or (kind in _NEEDS_CALLBACK and not account.app_url):
        raise Refused(40058)
    counts = {"vote_interaction": (len((card.get("checkbox") or {}).get("option_list") or []), 20),
              "button_interaction": (len(card.get("button_list") or []), 6),
              "multiple_interaction": (len(card.get("select_list") or []), 3)}
    many, most = counts.get(kind, (1, 1))
    if not 1 <= many <= most:
        raise Refused(40058)


def _shelf(account: SimAccount | None) -> str:
    return f"{account.app_id}:{account.agent_id}" if account else ""


def blueprint(sim: Simulation) -> Blueprint:
    """Lays out the endpoints at the real platform's paths, and lets the app's cards be touched."""
    side = AppSide(sim)
    api, app = Blueprint("app", __name__), AppApi(sim, side)
    sim.tappers[APP_CHAT] = side.tap_app
    table: list[tuple[str, str, str, Work]] = [
        ("/cgi-bin/gettoken", "GET", "app_token", app.token),
        ("/cgi-bin/agent/get", "GET", "agent", app.about), ("/cgi-bin/message/send", "POST", "app_send", app.send),
        ("/cgi-bin/message/update_template_card", "POST", "card_update", app.update_card),
        ("/cgi-bin/appchat/create", "POST", "appchat", app.create), ("/cgi-bin/appchat/get", "GET", "appchat", app.get),
        ("/cgi-bin/appchat/update", "POST", "appchat", app.update),
        ("/cgi-bin/appchat/send", "POST", "appchat_send", app.group_send),
        ("/cgi-bin/media/upload", "POST", "media", app.upload),
    ]
    for path, method, name, work in table:
        api.add_url_rule(path, path.strip("/").replace("/", "_"), endpoint(sim, name, work, 40008), methods=[method])
    sim.app_side = side
    return api
