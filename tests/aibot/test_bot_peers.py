"""Clients that others wrote connect to the simulator as they would to the platform; what they need, ours must not break."""

import asyncio
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.aibot.conftest import COUNCIL, Town

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(700_000)  # two pieces
PEERS = Path(__file__).parents[1] / "peers"


@pytest.fixture(scope="session")
def node() -> str:
    """Node with the official client installed from the lock file; without it the test is skipped, but never in CI."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        if os.environ.get("CI"):
            pytest.fail("CI has no Node")
        pytest.skip("no Node here")
    if not (PEERS / "node_modules/@wecom/aibot-node-sdk").exists():
        subprocess.run([npm, "ci", "--silent", "--ignore-scripts"], cwd=PEERS, check=True, timeout=120)
    return found


def told(pipe: Any, event: str) -> dict[str, Any]:
    """The next line of the client, which must be this event."""
    found: dict[str, Any] = json.loads(pipe.readline())
    assert found["event"] == event, found
    return found


def test_the_official_client_hears_streams_pushes_and_updates_a_card(town: Town, node: str) -> None:
    with subprocess.Popen([node, "aibot.mjs", town.sim.socket.url, "aib2", "s3cret"], cwd=PEERS, stdout=subprocess.PIPE,
                          text=True) as client:
        try:
            told(client.stdout, "authenticated")
            heard_id = town.say("王阿姨", "电梯坏了")
            assert told(client.stdout, "text") == {"event": "text", "content": "@小邻 电梯坏了", "from": "wangayi"}
            assert told(client.stdout, "answered")["codes"] == [0, 0]
            shown = [e["text"] for e in town.sim.feed.after(0) if e.get("reply_to") == heard_id]
            assert shown == ["想一想", "想好了"]
            town.tap("李叔", town.event("card", chat=COUNCIL), "seen")
            assert told(client.stdout, "touched") == {"event": "touched", "key": "seen", "task": "peer-1", "code": 0}
            changed = town.event("card_update")
            assert changed["person"] == "李叔" and changed["card"]["button_list"][0]["text"] == "看过"
            assert client.wait(10) == 0
        finally:
            client.kill()


def test_the_official_client_is_refused_with_a_wrong_secret(town: Town, node: str) -> None:
    with subprocess.Popen([node, "aibot.mjs", town.sim.socket.url, "aib2", "wrong"], cwd=PEERS, stdout=subprocess.PIPE,
                          text=True) as client:
        try:
            assert "853000" in told(client.stdout, "error")["text"]
        finally:
            client.kill()


def test_the_python_client_hears_streams_and_pushes(town: Town) -> None:
    sdk = pytest.importorskip("wecom_aibot_sdk")
    seen: list[Any] = []
    ready, done = threading.Event(), threading.Event()

    async def talk() -> None:
        client = sdk.WSClient(bot_id="aib2", secret="s3cret", ws_url=town.sim.socket.url)

        async def heard(frame: Any) -> None:
            body = frame["body"] if isinstance(frame, dict) else frame.body
            seen.append(body["text"]["content"])
            await client.reply_stream(frame, "stream-1", "想好了", True)
            await client.send_message(body["chatid"], {"msgtype": "markdown", "markdown": {"content": "明天停水"}})
            lent = await client.upload_media(PICTURE, type="image", filename="result.png")
            await client.send_media_message(body["chatid"], "image", lent["media_id"])
            done.set()

        client.on("authenticated", lambda *_: ready.set())
        client.on("message.text", heard)
        started = client.connect()
        if asyncio.iscoroutine(started):
            await started
        while not done.is_set():
            await asyncio.sleep(0.01)
        stopped = client.disconnect()
        if asyncio.iscoroutine(stopped):
            await stopped

    thread = threading.Thread(target=lambda: asyncio.run(talk()), daemon=True)
    thread.start()
    assert ready.wait(10)
    heard_id = town.say("王阿姨", "电梯坏了")
    assert town.answer(heard_id) == "想好了" and seen == ["@小邻 电梯坏了"]
    assert town.event("post", chat=COUNCIL)["text"] == "明天停水"
    assert town.client.get(town.event("picture", chat=COUNCIL)["image"]).data == PICTURE
    thread.join(10)
