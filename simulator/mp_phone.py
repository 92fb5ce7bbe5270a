"""What a person does at the 公众号 besides talking: follows, scans, touches the menu, allows notices, blocks."""

from typing import Any

from simulator.packets import cdata
from simulator.simulation import CannotSay, Simulation
from simulator.world import MP_CHAT, Person, SimAccount, account_of

DOES = ("subscribe", "unsubscribe", "scan", "click", "allow", "take_back", "block", "unblock")


def happen(sim: Simulation, body: dict[str, Any]) -> tuple[str, bool]:
    """Does what the body says: person, event, and a scene, a key or templates; gives the event's id and whether it was sent."""
    person, what = sim.person(str(body.get("person", ""))), str(body.get("event", ""))
    account = account_of(sim.accounts, "mp")
    if account is None or not person.openid or what not in DOES:
        raise CannotSay(f"no event {what} in {MP_CHAT}")
    if what in ("block", "unblock"):
        (sim.mp.blocked.add if what == "block" else sim.mp.blocked.discard)(person.openid)
        return "", False
    if what in ("subscribe", "unsubscribe", "scan"):
        return _follow(sim, person, account, what, _scene(sim, body)), True
    if not sim.windows[person.openid].follows:
        raise CannotSay(f"{person.name} does not follow")
    if what == "click":
        return _click(sim, person, account, str(body.get("key", "")))
    return _allow(sim, person, account, what, body.get("templates")), True


def template_done(sim: Simulation, person: Person, number: str, status: str) -> None:
    """Tells the app what became of a 模板消息."""
    _tell(sim, person, "TEMPLATESENDJOBFINISH", f"<MsgID>{number}</MsgID><Status>{cdata(status)}</Status>")


def notice_done(sim: Simulation, person: Person, template: str) -> None:
    """Tells the app that a 订阅通知 has arrived."""
    row = (f"<List><TemplateId>{cdata(template)}</TemplateId><MsgID>{cdata(sim.mp.number())}</MsgID>"
           f"<ErrorCode>{cdata('0')}</ErrorCode><ErrorStatus>{cdata('success')}</ErrorStatus></List>")
    _tell(sim, person, "subscribe_msg_sent_event", f"<SubscribeMsgSentEvent>{row}</SubscribeMsgSentEvent>")


def _tell(sim: Simulation, person: Person, event: str, more: str) -> None:
    account = account_of(sim.accounts, "mp")
    if account is not None:
        sim.deliver_event(person, MP_CHAT, account, event, more=more)


def _scene(sim: Simulation, body: dict[str, Any]) -> str:
    """The scene of the code that is scanned: by its ticket, or as written."""
    if body.get("ticket"):
        scene, until = sim.mp.codes.get(str(body["ticket"]), ("", 0.0))
        if not scene or sim.clock() > until:
            raise CannotSay("no such code, or it is too old")
        return scene
    return str(body.get("scene") or "")[:64]


def _follow(sim: Simulation, person: Person, account: SimAccount, what: str, scene: str) -> str:
    """Scanning a code follows first; who follows already just scans."""
    with sim.lock:
        window = sim.windows[person.openid]
        followed, window.follows = window.follows, what != "unsubscribe"
        window.touch(sim.clock())
    ticket = f"<Ticket>{cdata('gQ-simulated')}</Ticket>" if scene else ""
    if what == "scan" and followed:
        sim.feed.add("notice", chat=MP_CHAT, person=person.name, text="扫了二维码")
        return sim.deliver_event(person, MP_CHAT, account, "SCAN", key=scene, more=ticket)
    what = "subscribe" if what == "scan" else what
    sim.feed.add("notice", chat=MP_CHAT, person=person.name, text="已关注" if what == "subscribe" else "已取消关注")
    return sim.deliver_event(person, MP_CHAT, account, what, key=f"qrscene_{scene}" if scene and what == "subscribe" else "",
                             more=ticket)


def _click(sim: Simulation, person: Person, account: SimAccount, key: str) -> tuple[str, bool]:
    buttons = [b for top in (sim.mp.menu or {}).get("button", []) for b in top.get("sub_button") or [top]]
    found = next((b for b in buttons if key in (b.get("key"), b.get("url"))), None)
    if found is None:
        raise CannotSay(f"no button {key}")
    if found["type"] == "view":
        return sim.deliver_event(person, MP_CHAT, account, "VIEW", key=found["url"]), True
    with sim.lock:
        sim.windows[person.openid].touch(sim.clock())
    sim.feed.add("notice", chat=MP_CHAT, person=person.name, text=f"点了菜单“{found['name']}”")
    return sim.deliver_event(person, MP_CHAT, account, "CLICK", key=found["key"]), True


def _allow(sim: Simulation, person: Person, account: SimAccount, what: str, templates: Any) -> str:
    """One popup with an answer for each template, or the page where permissions are taken back."""
    if not isinstance(templates, dict) or not templates or set(templates) - set(account.templates) or set(
            templates.values()) - {"accept", "reject"}:
        raise CannotSay("templates: {name: accept | reject}")
    rows = []
    for name, how in templates.items():
        template = account.templates[name]
        if what == "take_back":
            sim.mp.allowed[person.openid, template] = 0
        elif how == "accept":
            sim.mp.allowed[person.openid, template] += 1
        scene = "<PopupScene>1</PopupScene>" if what == "allow" else ""
        rows.append(f"<List><TemplateId>{cdata(template)}</TemplateId>"
                    f"<SubscribeStatusString>{cdata(how)}</SubscribeStatusString>{scene}</List>")
    event, inside = (("subscribe_msg_popup_event", "SubscribeMsgPopupEvent") if what == "allow"
                     else ("subscribe_msg_change_event", "SubscribeMsgChangeEvent"))
    return sim.deliver_event(person, MP_CHAT, account, event, more=f"<{inside}>{''.join(rows)}</{inside}>")
