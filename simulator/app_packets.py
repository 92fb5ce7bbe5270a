"""Callbacks of a 自建应用 as the platform writes them, and its passive answers as the platform reads them."""

from typing import Any
from xml.etree import ElementTree

from simulator import crypto
from simulator.world import SimAccount

REPLY_BYTES = 2048


class Drawn(str):
    """A passive answer that changes the touched card instead of saying something."""

    card: dict[str, Any]  # the card anew, or {"button": {"replace_name": …}}


def tag(name: str, text: str) -> str:
    """Writes one element so that its text cannot break out."""
    return f"<{name}><![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + f"]]></{name}>"


def pack(account: SimAccount, inner: str, stamp: str, nonce: str) -> tuple[dict[str, str], bytes]:
    """Seals the inner document for the company and signs it."""
    sealed = crypto.encrypt(account.aes_key, f"<xml>{inner}</xml>", account.app_id)
    params = {"msg_signature": crypto.sign(account.token, stamp, nonce, sealed), "timestamp": stamp, "nonce": nonce}
    body = f"<xml>{tag('ToUserName', account.app_id)}{tag('AgentID', account.agent_id)}{tag('Encrypt', sealed)}</xml>"
    return params, body.encode()


def fields(account: SimAccount, *, sender: str, created: int, number: str, text: str, event: str, more: str,
           media: str = "") -> str:
    """Writes a text, a picture, or an event with whatever else it has."""
    head = f"{tag('ToUserName', account.app_id)}{tag('FromUserName', sender)}<CreateTime>{created}</CreateTime>"
    agent = f"<AgentID>{account.agent_id}</AgentID>"
    if event:
        return head + tag("MsgType", "event") + tag("Event", event) + (more or tag("EventKey", "")) + agent
    if media:
        picture = tag("MsgType", "image") + tag("PicUrl", "http://p/x") + tag("MediaId", media)
        return head + picture + f"<MsgId>{number}</MsgId>" + agent
    return head + tag("MsgType", "text") + tag("Content", text) + f"<MsgId>{number}</MsgId>" + agent


def touch(*, key: str, task_id: str, card_type: str, code: str, selected: dict[str, list[str]]) -> str:
    """Writes what a touched card adds to its event."""
    items = "".join(
        "<SelectedItem>" + tag("QuestionKey", question) + "<OptionIds>" + "".join(tag("OptionId", one) for one in ids)
        + "</OptionIds></SelectedItem>" for question, ids in selected.items())
    return (tag("EventKey", key) + tag("TaskId", task_id) + tag("CardType", card_type) + tag("ResponseCode", code)
            + (f"<SelectedItems>{items}</SelectedItems>" if items else ""))


def read(account: SimAccount, sender: str, text: str) -> str:
    """Gives the words of an answer, or the card it draws; ValueError when the platform could not read it."""
    outer = ElementTree.fromstring(text)
    sealed, stamp, nonce = (outer.findtext(name) or "" for name in ("Encrypt", "TimeStamp", "Nonce"))
    if not crypto.same(outer.findtext("MsgSignature") or "", crypto.sign(account.token, stamp, nonce, sealed)):
        raise ValueError("wrong MsgSignature")
    root = ElementTree.fromstring(crypto.decrypt(account.aes_key, sealed, account.app_id))
    if (root.findtext("ToUserName"), root.findtext("FromUserName")) != (sender, account.app_id):
        raise ValueError("addressed to somebody else")
    kind = root.findtext("MsgType")
    if kind == "text":
        return root.findtext("Content") or ""
    drawn = Drawn(f"[{kind}]")
    if kind == "update_button":
        drawn.card = {"button": {"replace_name": _needed(root, "Button/ReplaceName")}}
    elif kind == "update_template_card":
        drawn.card = _card(root)
    else:
        raise ValueError(f"a passive answer may not be {kind}")
    return drawn


def _card(root: ElementTree.Element) -> dict[str, Any]:
    """The vote card as JSON, as message/send would take it."""
    base = "TemplateCard/"
    card: dict[str, Any] = {
        "card_type": _needed(root, base + "CardType"), "task_id": _needed(root, base + "TaskId"),
        "main_title": {"title": _needed(root, base + "MainTitle/Title"), "desc": root.findtext(base + "MainTitle/Desc") or ""},
        "checkbox": {
            "question_key": _needed(root, base + "CheckBox/QuestionKey"), "mode": int(_needed(root, base + "CheckBox/Mode")),
            "disable": root.findtext(base + "CheckBox/Disable") == "true",
            "option_list": [{"id": _needed(one, "Id"), "text": _needed(one, "Text"),
                             "is_checked": one.findtext("IsChecked") == "true"}
                            for one in root.iterfind(base + "CheckBox/OptionList")]},
        "submit_button": {"text": _needed(root, base + "SubmitButton/Text"), "key": _needed(root, base + "SubmitButton/Key")}}
    more = {"sub_title_text": root.findtext(base + "SubTitleText"), "replace_text": root.findtext(base + "ReplaceText")}
    if root.find(base + "CardAction") is not None:
        card["card_action"] = {"type": int(_needed(root, base + "CardAction/Type")), "url": _needed(root, base + "CardAction/Url")}
    return card | {name: value for name, value in more.items() if value}


def _needed(root: ElementTree.Element, path: str) -> str:
    found = root.findtext(path)
    if not found:
        raise ValueError(f"no {path}")
    return found
