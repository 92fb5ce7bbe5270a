"""The platform's pen, written from its documentation and sharing nothing with the product: signs, seals, reads."""

import base64
import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

OURS = "gh_faults000001"


@dataclass(frozen=True, slots=True)
class Keys:
    """What both sides of the wire know."""

    mp_token: str
    mp_aes: str
    mp_app_id: str
    aibot_token: str
    aibot_aes: str


@dataclass(frozen=True, slots=True)
class Packet:
    """One request as it goes over the wire; a retry sends the very same."""

    path: str
    body: bytes
    kind: str


def sign(*parts: str) -> str:
    """Sorted, joined, SHA-1."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def seal(aes: str, text: str, receiver: str) -> str:
    """The envelope of the platform."""
    body = text.encode()
    plain = os.urandom(16) + len(body).to_bytes(4, "big") + body + receiver.encode()
    pad = 32 - len(plain) % 32
    sealer = _cipher(aes).encryptor()
    return base64.b64encode(sealer.update(plain + bytes([pad]) * pad) + sealer.finalize()).decode()


def unseal(aes: str, sealed: str) -> str:
    """What is in an envelope."""
    opener = _cipher(aes).decryptor()
    plain = opener.update(base64.b64decode(sealed)) + opener.finalize()
    return plain[20:20 + int.from_bytes(plain[16:20], "big")].decode()


def _cipher(aes: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(aes + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def mp(keys: Keys, *, msgid: str, sender: str, text: str, at: int, forge: str = "") -> Packet:
    """A text to the 公众号, safe mode."""
    inner = (f"<xml><ToUserName><![CDATA[{OURS}]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
             f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"
             f"<MsgId>{msgid}</MsgId></xml>")
    nonce, stamp = str(secrets.randbelow(10**10)), str(at)
    sealed = seal(keys.mp_aes, inner, keys.mp_app_id)
    query = {"signature": sign(keys.mp_token, stamp, nonce), "timestamp": stamp, "nonce": nonce, "openid": sender,
             "encrypt_type": "aes", "msg_signature": _signature(keys.mp_token, stamp, nonce, sealed, forge)}
    body = f"<xml><ToUserName><![CDATA[{OURS}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    if forge == "plain":  # a correct plain signature, as anybody has who has seen one
        query.pop("encrypt_type")
        body = inner.encode()
    return Packet("/wire/mp?" + urlencode(query), body, "text/xml")


def aibot(keys: Keys, *, msgid: str, sender: str, text: str, at: int, chat: str | None, late: str = "",
          forge: str = "") -> Packet:
    """Words to the 智能机器人, in a group or in private."""
    inner = {"msgid": msgid, "aibotid": "faults", "chattype": "group" if chat else "single", "from": {"userid": sender},
             "response_url": f"{late}/cgi-bin/aibot/response?response_code={msgid}", "msgtype": "text", "text": {"content": f"@小议 {text}" if chat else text}}
    if chat:
        inner["chatid"] = chat
    nonce, stamp = str(secrets.randbelow(10**10)), str(at)
    sealed = seal(keys.aibot_aes, json.dumps(inner, ensure_ascii=False), "")
    query = {"msg_signature": _signature(keys.aibot_token, stamp, nonce, sealed, forge), "timestamp": stamp, "nonce": nonce}
    body = json.dumps(inner if forge == "plain" else {"encrypt": sealed}, ensure_ascii=False).encode()
    return Packet("/wire/aibot?" + urlencode(query), body, "application/json")


def _signature(token: str, stamp: str, nonce: str, sealed: str, forge: str) -> str:
    if forge == "token":
        return sign("not the token", stamp, nonce, sealed)
    good = sign(token, stamp, nonce, sealed)
    if forge == "flip":
        return good[:-1] + ("0" if good[-1] != "0" else "1")
    return sign(token, stamp, nonce, seal(_OTHER, "{}", "")) if forge == "body" else good


_OTHER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPA"


class Unreadable(Exception):
    """A 200 whose body is no answer of the platform's form."""


def read(keys: Keys, packet: Packet, body: bytes) -> str:
    """The words of a passive answer; '' is silence."""
    text = body.decode()
    if text in ("", "success"):
        return ""
    asked = parse_qs(packet.path.partition("?")[2])
    try:
        if packet.kind == "text/xml":
            return _read_mp(keys, text)
        outer = json.loads(text)
        if outer["nonce"] != asked["nonce"][0]:
            raise Unreadable("nonce")
        _check(outer["msgsignature"], keys.aibot_token, str(outer["timestamp"]), outer["nonce"], outer["encrypt"])
        return str(json.loads(unseal(keys.aibot_aes, outer["encrypt"]))["stream"]["content"])
    except (KeyError, ValueError, TypeError, ElementTree.ParseError) as error:
        raise Unreadable(type(error).__name__) from error


def _read_mp(keys: Keys, text: str) -> str:
    outer = {each.tag: each.text or "" for each in ElementTree.fromstring(text)}
    _check(outer["MsgSignature"], keys.mp_token, outer["TimeStamp"], outer["Nonce"], outer["Encrypt"])
    inner = ElementTree.fromstring(unseal(keys.mp_aes, outer["Encrypt"]))
    return inner.findtext("Content") or ""


def _check(given: str, *parts: str) -> None:
    if given != sign(*parts):
        raise Unreadable("signature")


def number(words: str, letter: str) -> int | None:
    """The first I12 or P5 in the words."""
    found = re.search(rf"(?<![A-Za-z0-9]){letter}(\d+)", words)
    return int(found.group(1)) if found else None
