"""客户群: tasks that the owner of a group confirms on the phone, and what the platform says of them."""

import secrets
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, jsonify, request

from simulator.platform_api import Facts, Refused, content_of, endpoint
from simulator.simulation import CannotSay, Simulation
from simulator.world import TASK_CHAT, Group, SimAccount, account_of

TEXT_BYTES = 4000
URGES_A_DAY = 3
POSTS_A_MONTH = 28  # as many as the month has days; the shortest month


@dataclass(slots=True)
class Task:
    """One post that waits for its owner."""

    id: str
    group: Group
    owner: str
    text: str
    link: dict[str, str] | None
    status: int = 0  # 0 not sent, 1 sent, 3 the group had too many
    urged: deque[float] = field(default_factory=deque)


@dataclass(slots=True)
class CustomerApi:
    """The verbs behind the endpoints."""

    sim: Simulation
    tasks: dict[str, Task] = field(default_factory=dict)
    given: Counter[tuple[str, str]] = field(default_factory=Counter)  # (chat, month) -> posts

    def add(self, body: Any, facts: Facts) -> Facts:
        """Makes a task for each group of one owner."""
        self._let_in()
        text = content_of(body.get("text"), TEXT_BYTES, 45002)
        if body.get("chat_type") != "group":
            raise Refused(40058, "invalid chat_type")
        owner, wanted = str(body.get("sender", "")), body.get("chat_id_list") or []
        groups = [g for g in self.sim.world.groups if g.road == "customer" and g.chatid in wanted]
        if not groups:
            raise Refused(90501, "not customer group chat")
        if any(g.owner != owner for g in groups):
            raise Refused(40003, "sender does not own the group")
        attached = body.get("attachments") or []
        link = attached[0].get("link") if attached and attached[0].get("msgtype") == "link" else None
        if link is not None and (not str(link.get("url", "")).startswith("http") or len(str(link.get("title", "")).encode()) > 128):
            raise Refused(40058, "invalid link")
        task = Task(secrets.token_urlsafe(16), groups[0], owner, text, link)
        with self.sim.lock:
            self.tasks[task.id] = task
        facts["group"] = task.group.name
        who = next((p.name for p in self.sim.world.people if p.userid == owner), "")
        self.sim.feed.add("card", chat=TASK_CHAT, person=who, text=text, card=_card(task, open_=True), id=task.id, sender=TASK_CHAT)
        return {"fail_list": [c for c in wanted if c not in {g.chatid for g in groups}], "msgid": task.id}

    def result(self, body: Any, facts: Facts) -> Facts:
        """Says what became of a task."""
        self._let_in()
        task = self._task(body)
        sent = {"send_time": int(self.sim.clock())} if task.status else {}
        return {"next_cursor": "", "send_list": [
            {"chat_id": task.group.chatid, "userid": task.owner, "status": task.status, **sent}]}

    def owners(self, body: Any, facts: Facts) -> Facts:
        """Tells who may speak to customers: those who own a 客户群."""
        self._let_in()
        return {"follow_user": sorted({group.owner for group in self.sim.world.groups if group.owner})}

    def urge(self, body: Any, facts: Facts) -> Facts:
        """Reminds the owner, three times a day at most."""
        self._let_in()
        task, now = self._task(body), self.sim.clock()
        while task.urged and now - task.urged[0] >= 86400:
            task.urged.popleft()
        if len(task.urged) >= URGES_A_DAY:
            raise Refused(41093, "remind limit")
        task.urged.append(now)
        who = next((p.name for p in self.sim.world.people if p.userid == task.owner), "")
        self.sim.feed.add("notice", chat=TASK_CHAT, person=who, text=f"提醒：发往“{task.group.name}”的消息等您发送")
        return {}

    def confirm(self, person: str, task_id: str, key: str, selected: dict[str, list[str]]) -> tuple[str, bool]:
        """The owner presses 发送 on the phone: the group sees text and link, unless it had too many this month."""
        task, who = self.tasks.get(task_id), self.sim.world.person(person)
        if task is None or who is None or who.userid != task.owner or task.status:
            raise CannotSay("no such task on this phone")
        month = f"{datetime.fromtimestamp(self.sim.clock(), UTC):%Y-%m}"
        with self.sim.lock:
            full = self.given[task.group.chatid, month] >= POSTS_A_MONTH
            task.status = 3 if full else 1
            self.given[task.group.chatid, month] += not full
        if not full:
            words = task.text if task.link is None else f"{task.text}\n[链接] {task.link['title']}：{task.link['url']}"
            self.sim.feed.add("message", chat=task.group.name, person=who.name, text=words, id=f"task-{task.id}")
        self.sim.feed.add("card_update", chat=TASK_CHAT, person=who.name, text=task.text, card=_card(task, open_=False), id=task.id)
        return task_id, True

    def forward(self) -> Any:
        """Somebody forwards what stands in one chat into a group of theirs."""
        body = request.get_json(silent=True) or request.form
        who, to = self.sim.world.person(str(body.get("person", ""))), str(body.get("to", ""))
        event = next((e for e in self.sim.feed.after(0) if e["n"] == int(body.get("n", 0))), None)
        try:
            if who is None or event is None or to not in who.groups or event["person"] not in ("", who.name):
                raise CannotSay("nothing to forward, or no such group on this phone")
        except CannotSay as error:
            return jsonify(error=str(error)), 400
        picture = {"image": event["image"]} if event.get("image") else {}
        shown = self.sim.feed.add("message", chat=to, person=who.name, text=event["text"], id=f"forward-{event['n']}", **picture)
        return jsonify(n=shown["n"])

    def _task(self, body: Any) -> Task:
        task = self.tasks.get(str(body.get("msgid", "")))
        if task is None:
            raise Refused(40058, "invalid msgid")
        return task

    def _let_in(self) -> SimAccount:
        account = account_of(self.sim.accounts, "customer_group")
        token = request.args.get("access_token", "")
        code = self.sim.tokens.judge(shelf(account), token, now=self.sim.clock()) if account else 40014
        if account is None or code:
            raise Refused(40014 if code == 40001 else code)
        return account


def shelf(account: SimAccount | None) -> str:
    """Under which name the tokens of this account are kept."""
    return f"{account.app_id}:customer" if account else ""


def _card(task: Task, *, open_: bool) -> dict[str, Any]:
    """The task as the owner sees it."""
    said = "已发送" if task.status == 1 else "没有发出：这个群本月的次数用完了" if task.status else ""
    title = {"title": f"发到“{task.group.name}”", "desc": said}
    head = {"card_type": "button_interaction", "task_id": task.id, "main_title": title, "sub_title_text": said or task.text}
    return head | {"button_list": [{"text": "发送", "style": 1, "key": "send"}] if open_ else []}


def blueprint(sim: Simulation) -> Blueprint:
    """Lays out the endpoints at the real platform's paths, and what owners and forwarders do on their phones."""
    blue, api = Blueprint("customer", __name__), CustomerApi(sim)
    for path, work in (("add_msg_template", api.add), ("get_groupmsg_send_result", api.result), ("remind_groupmsg_send", api.urge)):
        blue.add_url_rule(f"/cgi-bin/externalcontact/{path}", path, endpoint(sim, "customer", work, 40008), methods=["POST"])
    blue.add_url_rule("/cgi-bin/externalcontact/get_follow_user_list", "get_follow_user_list",
                      endpoint(sim, "customer", api.owners, 40008), methods=["GET"])
    sim.tappers[TASK_CHAT] = api.confirm
    blue.add_url_rule("/sim/forward", "forward", api.forward, methods=["POST"])
    return blue
