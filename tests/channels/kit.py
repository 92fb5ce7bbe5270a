"""The platform's side of the wire for tests: signs, seals and reads by the library, not by our code."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner
from wechatpy.work.crypto import WeChatCrypto as WorkCrypto

from bot.channels import Account, build
from bot.message import Channel, WireRequest, WireResponse

NOW = datetime.fromtimestamp(1793422805, UTC)
BASE = "http://127.0.0.1:9"  # nobody listens
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
OLD_KEY = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvut"
TOKEN, APP_ID = "linyi2026", "wxba5fad812f8e6fb9"
TEMPLATES = {  # of notices: one for each of which a person must allow every message
    "remind": "VRR0UEO9VJOLs0MHlU0OilqX6MVFDwH3_3gz3Oc0NIc thing1=title time2=until thing3=note",
    "result": "9nLIlbOQZC5Y89AZteFEux3WCXRRRG5Wfzkpssu4bLI thing1=title thing2=note"}
MP = Account("gzh", "mp", "cuiyuan", BASE, TOKEN, KEY, "", APP_ID, "canary-app-secret", templates=TEMPLATES)
AIBOT = Account("xiaoyi", "wecom_aibot", "cuiyuan", BASE, TOKEN, KEY)
WEBHOOK = Account("qun", "wecom_webhook", "cuiyuan", BASE)
APP = Account("yingyong", "wecom_app", "cuiyuan", BASE, TOKEN, KEY, "", "wx5823bf96d3bd56c7", "canary-app-secret", agent_id="218")
AIBOT_WS = Account("xiaolin", "wecom_aibot_ws", "cuiyuan", BASE, app_id="aib-ws", app_secret="canary-bot-secret")
CUSTOMER = Account("kehu", "customer_group", "cuiyuan", BASE, app_id="wx5823bf96d3bd56c7", app_secret="canary-app-secret")
ACCOUNTS = {account.kind: account for account in (MP, AIBOT, WEBHOOK, APP, AIBOT_WS, CUSTOMER)}


def channel(account: Account, **changes: Any) -> Channel:
    """The account's channel, with the clock stopped at NOW and no Redis."""
    return build(replace(account, **changes), redis=None, clock=lambda: NOW)


def signed(token: str, *parts: str) -> str:
    """The library's signature."""
    signer = WeChatSigner()
    signer.add_data(token, *parts)
    return str(signer.signature)


def crypto(account: Account) -> Any:
    """The library's envelope for the account."""
    if account.kind == "mp":
        return WeChatCrypto(account.token, account.aes_key, account.app_id)
    return WorkCrypto(account.token, account.aes_key, account.app_id if account.kind == "wecom_app" else "")


def seal(account: Account, inner: str) -> str:
    """The text in the library's envelope."""
    if account.kind == "mp":
        from wechatpy.crypto import PrpCrypto

        return str(PrpCrypto(crypto(account).key).encrypt(inner, account.app_id).decode())
    from wechatpy.work.crypto import PrpCrypto as WorkPrp

    receiver = account.app_id if account.kind == "wecom_app" else ""
    return str(WorkPrp(crypto(account).key).encrypt(inner, receiver).decode())


def callback(
    account: Account,
    inner: str,
    *,
    at: int = int(NOW.timestamp()),
    nonce: str = "1514711492",
    mode: str = "safe",
) -> WireRequest:
    """What the platform would post for this inner text."""
    stamp = str(at)
    query = {"timestamp": [stamp], "nonce": [nonce]}
    if account.kind == "mp":
        query |= {
            "signature": [signed(account.token, stamp, nonce)],
            "openid": ["o9AgO5Kd5ggOC-bXrbNODIiE3bGY"],
        }
        if mode == "plain":
            return WireRequest("POST", query, inner.encode())
    sealed = seal(account, inner)
    query["msg_signature"] = [signed(account.token, stamp, nonce, sealed)]
    if account.kind == "wecom_app":
        outer = f"<xml><ToUserName><![CDATA[{account.app_id}]]></ToUserName><AgentID><![CDATA[218]]></AgentID>"
        return WireRequest("POST", query, f"{outer}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode())
    if account.kind != "mp":
        return WireRequest("POST", query, json.dumps({"encrypt": sealed}).encode())
    query["encrypt_type"] = ["aes"]
    clear = inner.strip().removeprefix("<xml>").removesuffix("</xml>") if mode == "compat" else ""
    body = (
        f"<xml><ToUserName><![CDATA[gh_x]]></ToUserName>{clear}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )
    if mode == "compat":
        body = f"<xml>{clear}<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    return WireRequest("POST", query, body.encode())


def words_of(account: Account, answer: WireResponse) -> str:
    """What a person would read of our answer; the library opens it and a real parser reads it."""
    if account.kind in ("mp", "wecom_app"):
        root = ElementTree.fromstring(answer.body)
        if root.find("Encrypt") is not None:
            text = crypto(account).decrypt_message(
                answer.body, root.findtext("MsgSignature"), root.findtext("TimeStamp"), root.findtext("Nonce")
            )
            root = ElementTree.fromstring(text)
        assert [child.tag for child in root] == [
            "ToUserName",
            "FromUserName",
            "CreateTime",
            "MsgType",
            "Content",
        ]
        return root.findtext("Content") or ""
    outer = json.loads(answer.body)
    assert outer["msgsignature"] == signed(
        account.token, str(outer["timestamp"]), outer["nonce"], outer["encrypt"]
    )
    from wechatpy.work.crypto import PrpCrypto as WorkPrp

    inner = json.loads(WorkPrp(crypto(account).key).decrypt(outer["encrypt"], ""))
    if inner["msgtype"] == "text":
        return str(inner["text"]["content"])
    assert inner["msgtype"] == "stream" and inner["stream"]["finish"] is True and inner["stream"]["id"]
    return str(inner["stream"]["content"])


def card_of(account: Account, answer: WireResponse) -> ElementTree.Element:
    """The passive answer of an app that is no text, opened by the library."""
    root = ElementTree.fromstring(answer.body)
    return ElementTree.fromstring(crypto(account).decrypt_message(
        answer.body, root.findtext("MsgSignature"), root.findtext("TimeStamp"), root.findtext("Nonce")))
