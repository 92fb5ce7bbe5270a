"""The 自建应用 against the simulated platform: every error code and its consequence, limits, groups, pictures, updates."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.serving import make_server

from bot.channels import Account, build
from bot.message import Channel, ChannelError, Link, Outgoing
from domain.card import Button, Card, Option
from ops.doctor_accounts import wecom_app
from simulator.delivery import Pace
from simulator.server import create_app
from simulator.world import APP_CHAT, Group, SimAccount
from tests.simulator.stage import KEY, WORLD, Clock

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
VOTE = Card("poll-12", "P5 要不要装电梯", "每人一票", says="P5", options=(Option("1", "1 同意"), Option("2", "2 反对")))
BUTTONS = Card("issue-7", "I7 电梯坏了", buttons=(Button("附议 I7", "附议", True),))
TOWN = replace(WORLD, groups=(*WORLD.groups, Group("议事群", "wrApp", road="app", owner="zhou")), people=tuple(
    replace(p, groups=(*p.groups, "议事群")) if p.userid != "xiaohe" else p for p in WORLD.people))


@dataclass
class Wire:
    """Our channel, and the platform it talks to."""

    channel: Any
    sim: Any
    clock: Clock
    account: Account

    def refused(self, post: Outgoing) -> ChannelError:
        """Sends what is not accepted."""
        with pytest.raises(ChannelError) as caught:
            self.channel.send(post)
        assert "s3cret" not in str(caught.value) and "access_token" not in str(caught.value)
        return caught.value

    def fault(self, endpoint: str, code: int, times: int = 1) -> None:
        """Lets the next calls fail."""
        self.sim.faults.change({endpoint: {"errcode": code, "times": times}})

    def shown(self) -> list[Any]:
        """What is on the phones."""
        return self.sim.feed.after(0)

    def other(self, **changes: Any) -> Channel:
        """The same app, configured otherwise."""
        return build(replace(self.account, **changes), redis=None, clock=lambda: datetime.fromtimestamp(self.clock.now, UTC))


@pytest.fixture
def wire(clock: Clock) -> Iterator[Wire]:
    """A platform with one app and a group that the app has made."""
    sim_account = SimAccount("wecom_app", "app", "http://127.0.0.1:9/wire/app", "tok", KEY, "wwcorp", "s3cret", agent_id="218")
    platform = create_app(TOWN, [sim_account], clock=clock, pace=Pace(), carriers=1)
    server = make_server("127.0.0.1", 0, platform, threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    account = Account("app", "wecom_app", "test", f"http://127.0.0.1:{server.server_port}", "tok", KEY, "", "wwcorp", "s3cret",
                      agent_id="218")
    found = Wire(None, platform.extensions["simulation"], clock, account)
    found.channel = found.other()
    yield found
    found.sim.close()
    server.shutdown()


def to(userid: str, text: str = "您好 ]]>🛗") -> Outgoing:
    return Outgoing(userid, "text", text, key=text)


def in_group(kind: str = "text", **more: Any) -> Outgoing:
    return Outgoing("wrApp", kind, **({"text": "结果出来了"} | more), group=True, key="poll:1:result:chat:1")


def test_a_member_gets_words_once_however_often_they_are_sent(wire: Wire) -> None:
    """The second sending of the same post, whose answer was lost, is accepted and not shown."""
    assert wire.channel.send(to("wang")).id and wire.channel.send(to("wang")).id
    wire.channel.send(to("wang", "另一句"))
    assert [(e["chat"], e["person"], e["text"]) for e in wire.shown()] == [
        (APP_CHAT, "王阿姨", "您好 ]]>🛗"), (APP_CHAT, "王阿姨", "另一句")]


def test_the_test_of_the_connection_passes_and_another_app_is_refused(wire: Wire) -> None:
    """What an admin tries from the console works against the simulated platform as against the real one."""
    assert [f.good for f in wecom_app(wire.account)] == [True, True]
    assert [f.good for f in wecom_app(replace(wire.account, agent_id="219"))] == [True, False]


@pytest.mark.parametrize(("code", "retryable", "wait", "gone"), [
    (-1, True, None, False), (45009, True, 60, False), (60020, True, 3600, False), (40003, False, None, True),
    (81013, False, None, True), (40008, False, None, False), (40058, False, None, False), (44004, False, None, False),
    (45002, False, None, False), (301002, False, None, False), (42045, False, None, False), (60011, False, None, False)])
def test_each_refusal_has_its_consequence(wire: Wire, code: int, retryable: bool, wait: float | None, gone: bool) -> None:
    """Wait, give up, or know that the person is out of reach."""
    wire.fault("app_send", code)
    error = wire.refused(to("wang"))
    assert (error.code, error.retryable, error.wait_s, error.person_gone) == (code, retryable, wait, gone)


@pytest.mark.parametrize("code", [40050, 86003, 40008, 40058])
def test_each_refusal_of_a_group_post_is_final(wire: Wire, code: int) -> None:
    """A group that is not ours stays so; and no person is to blame."""
    wire.fault("appchat_send", code)
    error = wire.refused(in_group())
    assert (error.code, error.retryable, error.person_gone) == (code, False, False)


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_replaced_once(wire: Wire, code: int) -> None:
    """One more try with another token, never a loop."""
    wire.channel.send(to("wang", "先拿到令牌"))
    wire.fault("app_send", code)
    wire.sim.tokens.void_all()
    assert wire.channel.send(to("wang")).id
    wire.clock.now += 61
    wire.fault("app_send", code, times=9)
    calls = len(wire.sim.calls.after(0))
    assert wire.refused(to("wang", "再来")).retryable
    assert [c["endpoint"] for c in wire.sim.calls.after(calls)].count("app_send") <= 2


def test_a_wrong_secret_or_company_is_final_or_waits(wire: Wire) -> None:
    """40013 for a company, 40001 for a secret, before anything is sent."""
    for changes, code in (({"app_id": "wwother"}, 40013), ({"app_secret": "wrong"}, 40001)):
        with pytest.raises(ChannelError) as caught:
            wire.other(**changes).send(to("wang"))
        assert caught.value.code == code
    assert not wire.shown()


def test_another_agent_is_refused_by_the_platform(wire: Wire) -> None:
    """301002: the secret is not that agent's."""
    with pytest.raises(ChannelError) as caught:
        wire.other(agent_id="219").send(to("wang"))
    assert caught.value.code == 301002 and not caught.value.retryable


def test_who_is_no_member_is_known_to_be_out_of_reach(wire: Wire) -> None:
    """81013 when nobody is left, invaliduser in lower case when some are."""
    error = wire.refused(to("NoBody"))
    assert (error.code, error.person_gone) == (81013, True)
    assert wire.channel.send(to("wang|NoBody")).missed == ("nobody",)


@pytest.mark.parametrize(("post", "code"), [
    (to("wang", " \x0b"), 44004), (to("wang", "议" * 683), 45002), (Outgoing("wang", "link", "x"), 40008),
    (Outgoing("wang", "link", link=Link("javascript:x", "t"), key="k"), 40058), (Outgoing("wang", "image", image=b"GIF89a"), 40009),
    (Outgoing("wang", "card", "x"), 40008), (Outgoing("no parts", "update", card=VOTE), 40058)])
def test_what_cannot_be_posted_never_leaves(wire: Wire, post: Outgoing, code: int) -> None:
    """Our own limits, before the platform's."""
    assert wire.refused(post).code == code and not wire.sim.calls.after(0)


def test_a_link_and_a_picture_reach_members_and_groups(wire: Wire) -> None:
    """Titles are cut to the platform's bytes; pictures are uploaded first."""
    link = Link("https://linyi.test/p/5", "议" * 60, "说明" * 200)
    for address, group in (("wang", False), ("wrApp", True)):
        wire.channel.send(Outgoing(address, "link", link=link, group=group, key="l"))
        wire.channel.send(Outgoing(address, "image", image=PNG, group=group, key="i"))
    assert [(e["type"], e["chat"]) for e in wire.shown()] == [
        ("post", APP_CHAT), ("picture", APP_CHAT), ("post", "议事群"), ("picture", "议事群")]
    assert wire.shown()[0]["url"] == link.url and wire.shown()[0]["text"].startswith("议" * 42 + "\n")
    assert wire.sim.feed.picture(wire.shown()[1]["image"].rpartition("/")[2]) == PNG


def test_a_group_gets_the_words_of_a_card(wire: Wire) -> None:
    """appchat has no template_card; mentions cannot be smuggled in."""
    wire.channel.send(in_group("card", text="P5 要不要装电梯 <@all>", card=VOTE))
    (event,) = wire.shown()
    assert (event["type"], event["chat"], event["text"]) == ("post", "议事群", "P5 要不要装电梯 ＜@all>")


@pytest.mark.parametrize(("chatid", "code"), [("", 40050), ("wrNone", 40050), ("wrB3", 86003)])
def test_a_group_that_the_app_has_not_made_is_refused(wire: Wire, chatid: str, code: int) -> None:
    """Unknown, or somebody else's."""
    assert wire.refused(replace(in_group(), address=chatid)).code == code


def test_a_card_is_changed_once_by_its_code_within_three_days(wire: Wire) -> None:
    """A second use and a late one are refused for good."""
    first = wire.channel.send(Outgoing("wang", "card", "x", card=VOTE, key="a"))
    task, over = wire.shown()[0]["id"], replace(VOTE, closed="已结束")
    change = Outgoing(f"{task}|wang|{first.code}", "update", card=over, key="u")
    wire.channel.send(change)
    assert wire.shown()[1]["type"] == "card_update" and wire.shown()[1]["card"]["checkbox"]["disable"] is True
    assert wire.refused(change).code == 40058
    late = wire.channel.send(Outgoing("wang", "card", "x", card=VOTE, key="b"))
    wire.clock.now += 72 * 3600 + 1
    assert not wire.refused(Outgoing(f"{task}|wang|{late.code}", "update", card=over, key="u2")).retryable


def test_buttons_are_replaced_by_words(wire: Wire) -> None:
    """A card without options loses its buttons."""
    sent = wire.channel.send(Outgoing("wang", "card", "x", card=BUTTONS, key="a"))
    task = wire.shown()[0]["id"]
    wire.channel.send(Outgoing(f"{task}|wang|{sent.code}", "update", card=replace(BUTTONS, closed="已办结"), key="u"))
    assert wire.shown()[1]["card"]["replace_text"] == "已办结" and wire.shown()[1]["card"]["button_list"] == []


def test_the_platform_drops_in_silence_what_we_never_reach(wire: Wire) -> None:
    """30 a minute to a member, 200 through groups; our own pace is below both."""
    for number in range(31):
        wire.channel.send(to("wang", f"第 {number} 条"))
    assert len(wire.shown()) == 30 and wire.sim.app_side.dropped == {"wang": 1}
    for _ in range(201):
        wire.channel.send(in_group())
    assert wire.sim.app_side.dropped["zhou"] == 1
    abilities = wire.channel.capabilities
    assert abilities.per_minute <= 30 and abilities.per_hour <= 1000


def test_twenty_thousand_person_times_a_minute_are_the_limit_for_groups(wire: Wire) -> None:
    """A group of a hundred counts a hundred; then 45009 and a pause."""
    group = wire.sim.app_side.groups["wrApp"]
    group.members = [f"m{n}" for n in range(2000)]
    for _ in range(10):
        wire.channel.send(in_group())
    error = wire.refused(in_group())
    assert (error.code, error.wait_s) == (45009, 60)


def test_a_group_is_made_of_members_only(wire: Wire) -> None:
    """Two at least, the owner among them, everybody known; and then it can be posted to."""
    chatid = wire.channel.create_group("楼长群", "zhou", ["zhou", "wang"], "louzhang1")
    assert chatid == "louzhang1"
    wire.channel.send(replace(in_group(), address=chatid))
    assert wire.shown()[-1]["chat"] == "楼长群"
    for name, owner, members, code in (("楼" * 51, "zhou", ["zhou", "wang"], 40058), ("群", "zhou", ["zhou"], 40058),
                                       ("群", "xiaohe", ["zhou", "wang"], 40058), ("群", "zhou", ["zhou", "ghost"], 40003)):
        with pytest.raises(ChannelError) as caught:
            wire.channel.create_group(name, owner, members, "")
        assert caught.value.code == code


def test_a_lost_answer_is_tried_again_and_shown_once(wire: Wire) -> None:
    """Nobody knows whether it went out; the platform does."""
    wire.sim.faults.change({"app_send": {"lost": True}})
    assert wire.refused(to("wang")).unknown
    wire.channel.send(to("wang"))
    assert len(wire.shown()) == 1
