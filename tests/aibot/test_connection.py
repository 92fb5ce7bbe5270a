"""The connection itself: one owner, lost lines, thrown out, wrong secrets, and answers that outlive a process."""

import base64
import hashlib
import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.channels.aibot_socket import Denied, dial
from bot.message import ChannelError, Outgoing
from models.base import Database
from models.tables import lease, message, outbox
from services import leases
from tests.aibot.conftest import COUNCIL, SWIFT, Town, until

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
HALF = timedelta(seconds=30)


def replies(town: Town, heard_id: str) -> int:
    """How many bubbles answer this message."""
    return sum(e["type"] == "reply" and e.get("reply_to") == heard_id for e in town.sim.feed.after(0))


def test_a_lease_has_one_owner_until_it_ends_or_is_given_back(db: Database) -> None:
    with db.write() as tx:
        assert leases.take(tx, "aibot:x", "a", now=NOW, lasts=HALF)
        assert not leases.take(tx, "aibot:x", "b", now=NOW + HALF / 2, lasts=HALF)
        assert leases.take(tx, "aibot:x", "a", now=NOW + HALF / 2, lasts=HALF)  # renewed: it lasts to 1.5 halves
        assert not leases.take(tx, "aibot:x", "b", now=NOW + HALF, lasts=HALF)
        assert leases.take(tx, "aibot:x", "b", now=NOW + 2 * HALF, lasts=HALF)
        assert not leases.take(tx, "aibot:x", "a", now=NOW + 2 * HALF, lasts=HALF)  # too late to renew
        leases.release(tx, "aibot:x", "a")  # not a's to give
        assert not leases.take(tx, "aibot:x", "a", now=NOW + 2 * HALF, lasts=HALF)
        leases.release(tx, "aibot:x", "b")
        assert leases.take(tx, "aibot:x", "a", now=NOW + 2 * HALF, lasts=HALF)


def test_the_second_process_waits_and_takes_over(town: Town) -> None:
    first = town.start(name="first")
    town.connected()
    second = town.start(name="second")
    assert "议题" in town.ask("王阿姨", "帮助")
    assert second.channel.line is None
    town.stop(first)
    until(lambda: second.channel.line is not None)
    town.connected()
    assert "议题" in town.ask("王阿姨", "帮助")


def test_a_dead_owner_is_replaced_when_its_lease_ends(town: Town) -> None:
    with town.db.write() as tx:  # a process that died without a word
        leases.take(tx, "aibot:aibot_ws", "dead", now=datetime.now(UTC), lasts=timedelta(seconds=1))
    town.start(name="alive")
    town.connected()
    with town.db.read() as tx:
        assert tx.scalar(select(lease.c.owner)) == "alive"


def test_a_database_that_is_away_for_a_moment_does_not_end_the_process(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    town.start()
    town.connected()
    with town.db.write() as tx:
        tx.execute(text("ALTER TABLE lease RENAME TO away"))
    until(lambda: "could not be renewed" in caplog.text)
    with town.db.write() as tx:
        tx.execute(text("ALTER TABLE away RENAME TO lease"))
    assert "议题" in town.ask("王阿姨", "帮助")
    assert town.results == []


def test_a_lost_connection_is_made_anew(town: Town) -> None:
    town.start()
    town.connected()
    town.sim.socket.drop()
    town.connected()
    assert "议题" in town.ask("王阿姨", "帮助")


def test_two_heartbeats_without_an_answer_end_the_connection(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    owner = town.start(patience=replace(SWIFT, ping=0.1))
    until(lambda: owner.channel.line is not None)
    town.client.post("/sim/faults", json={"socket_deaf": True})
    until(lambda: "heartbeats" in caplog.text and owner.channel.line is None)
    town.client.post("/sim/faults", json={"socket_deaf": False})
    until(lambda: owner.channel.line is not None)
    assert "议题" in town.ask("王阿姨", "帮助")


def test_who_is_thrown_out_does_not_fight(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    owner = town.start(patience=replace(SWIFT, kicked=60))
    town.connected()
    newer = dial(town.sim.socket.url, "aib2", "s3cret")
    until(lambda: "another connection took over" in caplog.text)
    until(lambda: owner.channel.line is None)
    assert town.sim.socket.connected(town.sim.accounts[-1])  # the newer one still has it
    newer.close()
    town.stop(owner)


def test_after_being_thrown_out_it_comes_back_when_the_pause_is_over(town: Town) -> None:
    owner = town.start(patience=replace(SWIFT, kicked=0.3))
    town.connected()
    newer = dial(town.sim.socket.url, "aib2", "s3cret")
    until(lambda: owner.channel.line is None)
    newer.close()
    until(lambda: owner.channel.line is not None)


def test_a_wrong_secret_stops_with_a_clear_word_and_without_the_secret(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Denied):
        dial(town.sim.socket.url, "aib2", "canary-wrong")
    town.start(app_secret="canary-wrong")
    until(lambda: town.results == [1])
    assert "not accepted" in caplog.text and "canary" not in caplog.text


def test_an_answer_committed_before_a_crash_arrives_once_from_the_next_process(town: Town) -> None:
    town.start(sends=False, name="dies")  # hears and commits, but never gets to send
    town.connected()
    heard_id = town.say("王阿姨", "帮助")
    until(lambda: _state(town) == "waiting")
    town.stop(town.running[0][0])
    assert replies(town, heard_id) == 0
    town.start(name="lives")
    assert "议题" in town.answer(heard_id)
    until(lambda: _state(town) == "sent")
    assert replies(town, heard_id) == 1


def test_an_answer_whose_acknowledgement_is_lost_is_marked_as_doubtful(town: Town) -> None:
    town.start()
    town.connected()
    town.client.post("/sim/faults", json={"socket": {"lost": True, "times": 1}})  # taken, and then the line breaks
    heard_id = town.say("王阿姨", "帮助")
    assert "议题" in town.answer(heard_id)
    until(lambda: _state(town) == "sent")
    with town.db.read() as tx:
        assert tx.scalar(select(outbox.c.doubtful)) is True


def test_a_message_that_comes_twice_is_answered_once(town: Town) -> None:
    owner = town.start()
    town.connected()
    heard_id = town.say("王阿姨", "帮助")
    town.answer(heard_id)
    body = {"msgid": heard_id, "aibotid": "aib2", "chattype": "group", "chatid": "wrCuiyuanCouncil", "msgtype": "text",
            "from": {"userid": "wangayi"}, "text": {"content": "@小邻 帮助"}}
    owner._handle({"cmd": "aibot_msg_callback", "headers": {"req_id": "again"}, "body": body})
    with town.db.read() as tx:
        assert len(tx.all(select(message.c.id))) == len(tx.all(select(outbox.c.id))) == 1


def test_news_is_pushed_to_a_chat_that_has_spoken_and_refused_elsewhere(town: Town) -> None:
    owner = town.start()
    town.connected()
    town.ask("王阿姨", "帮助")
    owner.channel.send(Outgoing("wrCuiyuanCouncil", "text", text="明天停水", group=True))
    assert town.event("post", chat=COUNCIL)["text"] == "明天停水"
    for address, group in (("wrElsewhere", True), ("zhoumin", False)):  # 周敏 has not written to the bot
        with pytest.raises(ChannelError) as no:
            owner.channel.send(Outgoing(address, "text", text="明天停水", group=group))
        assert no.value.code == 93006 and not no.value.retryable


def test_more_than_thirty_a_minute_wait_and_the_platform_counts_the_same(town: Town) -> None:
    owner = town.start()
    town.connected()
    town.ask("王阿姨", "帮助")
    for n in range(29):  # the answer was the first
        owner.channel.send(Outgoing("wrCuiyuanCouncil", "text", text=str(n), group=True))
    with pytest.raises(ChannelError) as wait:
        owner.channel.send(Outgoing("wrCuiyuanCouncil", "text", text="31", group=True))
    assert wait.value.retryable and wait.value.wait_s == 60 and wait.value.code == 45009
    line = owner.channel.line
    assert line is not None
    push = {"chatid": "wrCuiyuanCouncil", "chat_type": 2, "msgtype": "markdown", "markdown": {"content": "31"}}
    assert line.request("aibot_send_msg", push)["errcode"] == 45009


def png(size: int) -> bytes:
    """So many bytes that look like a picture."""
    return b"\x89PNG\r\n\x1a\n" + bytes(n % 251 for n in range(size - 8))


def test_a_picture_travels_in_pieces_and_arrives_whole(town: Town) -> None:
    owner = town.start()
    town.connected()
    town.ask("王阿姨", "帮助")
    data = png(2 * 512 * 1024 + 1)
    owner.channel.send(Outgoing("wrCuiyuanCouncil", "image", image=data, group=True))
    assert town.client.get(town.event("picture", chat=COUNCIL)["image"]).data == data
    steps = [c["path"].removeprefix("aibot_upload_media_") for c in town.client.get("/sim/calls").json["calls"]
             if c["path"].startswith("aibot_upload")]
    assert steps == ["init", "chunk", "chunk", "chunk", "finish"]


@pytest.mark.parametrize("change,code", [({"md5": "0" * 32}, 301019), ({"total_size": 9}, 40058), ({"total_chunks": 2}, 40058)])
def test_an_upload_that_does_not_add_up_is_refused(town: Town, change: dict[str, Any], code: int) -> None:
    owner = town.start()
    town.connected()
    town.ask("王阿姨", "帮助")  # by then our end knows too that it is connected
    line = owner.channel.line
    assert line is not None
    data = png(300)
    given = line.request("aibot_upload_media_init", {"type": "image", "filename": "a.png", "total_size": 300, "total_chunks": 1,
                                                     "md5": hashlib.md5(data).hexdigest()} | change)["body"]["upload_id"]
    piece = {"upload_id": given, "chunk_index": 0, "base64_data": base64.b64encode(data).decode()}
    assert line.request("aibot_upload_media_chunk", piece)["errcode"] == 0
    assert line.request("aibot_upload_media_finish", {"upload_id": given})["errcode"] == code
    push = {"chatid": "wrCuiyuanCouncil", "chat_type": 2, "msgtype": "image", "image": {"media_id": "made up"}}
    assert line.request("aibot_send_msg", push)["errcode"] == 40007


def test_a_platform_that_refuses_an_upload_is_asked_again_and_nothing_is_doubtful(town: Town) -> None:
    owner = town.start()
    town.connected()
    town.ask("王阿姨", "帮助")
    town.client.post("/sim/faults", json={"socket": {"errcode": 45009, "times": 1}})
    with pytest.raises(ChannelError) as no:
        owner.channel.send(Outgoing("wrCuiyuanCouncil", "image", image=png(300), group=True))
    assert (no.value.retryable, no.value.wait_s, no.value.unknown) == (True, 60, False)
    assert not [e for e in town.sim.feed.after(0) if e["type"] == "picture"]


def test_what_is_no_picture_is_refused_before_it_leaves(town: Town) -> None:
    owner = town.start()
    town.connected()
    town.ask("王阿姨", "帮助")
    with pytest.raises(ChannelError) as no:
        owner.channel.send(Outgoing("wrCuiyuanCouncil", "image", image=b"<svg>", group=True))
    assert no.value.code == 40009 and not no.value.retryable


@pytest.mark.parametrize("code,retryable,wait_s", [(45009, True, 60), (-1, True, None), (93001, False, None), (853000, True, None)])
def test_every_error_has_its_consequence(town: Town, code: int, retryable: bool, wait_s: float | None) -> None:
    owner = town.start()
    town.connected()
    town.ask("王阿姨", "帮助")
    town.client.post("/sim/faults", json={"socket": {"errcode": code, "times": 1}})
    with pytest.raises(ChannelError) as no:
        owner.channel.send(Outgoing("wrCuiyuanCouncil", "text", text="明天停水", group=True))
    assert (no.value.code, no.value.retryable, no.value.wait_s, no.value.unknown) == (code, retryable, wait_s, False)


def test_without_a_connection_nothing_is_lost_or_doubtful(town: Town) -> None:
    with pytest.raises(ChannelError) as no:
        town.channel().send(Outgoing("wrCuiyuanCouncil", "text", text="明天停水", group=True))
    assert no.value.retryable and not no.value.unknown


def test_a_tap_answered_too_late_never_reaches_the_group(town: Town) -> None:
    town.start(sends=False)
    town.connected()
    town.say("周敏", "发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点")
    until(lambda: _state(town) == "waiting")
    with town.db.write() as tx:  # an update that waited for an hour
        row = tx.first(select(outbox.c.address))
        assert row is not None
        address = row.address.replace('"how": "msg"', '"how": "update"').replace('"task": ""', '"task": "poll-1@0123456789abcdef"')
        tx.execute(update(outbox).values(address=address.replace('"at": 1', '"at": 0')))
    town.stop(town.running[0][0])
    town.start()
    until(lambda: _state(town) in ("sent", "dead"))
    assert not [e for e in town.sim.feed.after(0) if e["chat"] == COUNCIL and e["type"] in ("reply", "post", "card", "card_update")]


def test_stopping_waits_for_what_is_in_hand(town: Town) -> None:
    owner = town.start()
    town.connected()
    free, held = threading.Event(), threading.Event()

    def write() -> None:
        with town.db.write():
            held.set()
            free.wait(10)

    writer = threading.Thread(target=write)
    writer.start()
    held.wait(10)
    heard_id = town.say("王阿姨", "帮助")
    until(lambda: any(e.get("reply_to") == heard_id for e in town.sim.feed.after(0)))  # "in hand" is shown: it was heard
    owner.stop.set()
    free.set()
    writer.join()
    assert "议题" in town.answer(heard_id)


def _state(town: Town) -> str:
    with town.db.read() as tx:
        return str(tx.scalar(select(outbox.c.state).order_by(outbox.c.id).limit(1)) or "")
