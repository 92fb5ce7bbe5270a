"""Other people's libraries: what they seal our endpoints accept, and what we answer they can open."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bot.message import Reply, WireError, WireRequest, WireResponse
from tests.channels import kit
from tests.channels.test_wire_contract import account_of, inner_of

PEERS = Path(__file__).parents[1] / "peers"
NODE = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
NAMES = {"mp": "mp.text.xml", "wecom_app": "wecom_app.text.xml", "wecom_aibot": "wecom_aibot.group_text.json"}
CASES = [(peer, kind) for peer in ("@wecom/crypto", "wechat-crypto") for kind in NAMES]
SAID = "收到 🛗 ]]> <&>\"'\n" + "议" * 500


def speak(*jobs: dict[str, Any]) -> list[Any]:
    """Lets the peers do the jobs; without them the tests are skipped, but never in CI."""
    if NODE is None or not (PEERS / "node_modules").is_dir():
        if os.environ.get("CI"):
            pytest.fail("CI has no peers: make .venv/.peers")
        pytest.skip("no peers here: make .venv/.peers")
    done = subprocess.run([NODE, "--no-deprecation", "speak.js"], cwd=PEERS, input=json.dumps(jobs).encode(),
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: list[Any] = json.loads(done.stdout)
    return found


def _job(peer: str, do: str, kind: str, **more: Any) -> dict[str, Any]:
    account = kit.ACCOUNTS[kind]
    return {"peer": peer, "do": do, "token": account.token, "key": account.aes_key, "id": _id(kind)} | more


def _id(kind: str) -> str:
    return "" if kind == "wecom_aibot" else kit.ACCOUNTS[kind].app_id


def _request(peer: str, kind: str, inner: str) -> WireRequest:
    stamp, nonce = str(int(kit.NOW.timestamp())), "1514711492"
    (sealed,) = speak(_job(peer, "seal", kind, text=inner))
    (signature,) = speak(_job(peer, "sign", kind, timestamp=stamp, nonce=nonce, sealed=sealed))
    query = {"timestamp": [stamp], "nonce": [nonce], "msg_signature": [signature]} | (
        {"encrypt_type": ["aes"]} if kind == "mp" else {})
    body = json.dumps({"encrypt": sealed}) if kind == "wecom_aibot" else (
        f"<xml><ToUserName>x</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>")
    return WireRequest("POST", query, body.encode())


def _envelope(kind: str, answer: WireResponse) -> tuple[str, str, str, str]:
    """What is sealed in our answer, its signature, time and nonce."""
    if kind == "wecom_aibot":
        outer = json.loads(answer.body)
        return outer["encrypt"], outer["msgsignature"], str(outer["timestamp"]), outer["nonce"]
    root = ElementTree.fromstring(answer.body)
    found = [root.findtext(name) or "" for name in ("Encrypt", "MsgSignature", "TimeStamp", "Nonce")]
    return found[0], found[1], found[2], found[3]


@pytest.mark.parametrize(("peer", "kind"), [case for case in CASES if case != ("wechat-crypto", "wecom_aibot")])
def test_what_a_peer_seals_and_signs_is_heard(peer: str, kind: str) -> None:
    """The same message as from the platform."""
    name = NAMES[kind]
    channel = kit.channel(account_of(name))
    ours = channel.parse(kit.callback(account_of(name), inner_of(name)), now=kit.NOW)
    assert channel.parse(_request(peer, kind, inner_of(name)), now=kit.NOW) == ours and ours is not None and ours.text


@pytest.mark.parametrize(("peer", "kind"), CASES)
def test_what_we_answer_a_peer_can_open(peer: str, kind: str) -> None:
    """Its signature is ours, the receiver is right, and every character arrives."""
    name = NAMES[kind]
    channel, request = kit.channel(account_of(name)), kit.callback(account_of(name), inner_of(name))
    message = channel.parse(request, now=kit.NOW)
    assert message is not None
    sealed, signature, stamp, nonce = _envelope(kind, channel.respond(request, message, Reply(SAID)))
    signed, opened = speak(_job(peer, "sign", kind, timestamp=stamp, nonce=nonce, sealed=sealed),
                           _job(peer, "open", kind, sealed=sealed))
    assert signed == signature and opened["id"] == _id(kind)
    if kind == "wecom_aibot":
        assert json.loads(opened["message"])["stream"]["content"] == SAID
    else:
        assert ElementTree.fromstring(opened["message"]).findtext("Content") == SAID


@pytest.mark.parametrize("kind", NAMES)
def test_what_a_peer_seals_for_somebody_else_is_refused(kind: str) -> None:
    """The receiver inside the envelope counts, whoever signed it."""
    (sealed,) = speak(_job("@wecom/crypto", "seal", kind, text=inner_of(NAMES[kind]), id="wwsomebody"))
    stamp = str(int(kit.NOW.timestamp()))
    (signature,) = speak(_job("@wecom/crypto", "sign", kind, timestamp=stamp, nonce="1", sealed=sealed))
    query = {"timestamp": [stamp], "nonce": ["1"], "msg_signature": [signature], "encrypt_type": ["aes"]}
    body = json.dumps({"encrypt": sealed}) if kind == "wecom_aibot" else f"<xml><Encrypt>{sealed}</Encrypt></xml>"
    with pytest.raises(WireError):
        kit.channel(kit.ACCOUNTS[kind]).parse(WireRequest("POST", query, body.encode()), now=kit.NOW)
