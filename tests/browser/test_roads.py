"""One poll on four roads at once: bot group, 公众号, an ordinary group by hand, a 客户群; one resident, one ballot; the result everywhere."""

import re
import time
from collections.abc import Callable
from typing import Any

import requests

GROUP, MP, TASKS, CUSTOMERS, OWNERS = "翠苑三区居民群", "公众号", "群发助手", "翠苑客户群", "业主微信群"
STEWARDS, COUNCIL, APP = "楼组长群", "翠苑议事会", "社区应用"
PATIENCE_S = 30
Event = dict[str, Any]


class Town:
    """The simulated phones, by their controls."""

    def __init__(self, base: str):
        self.base, self.seen = base.rstrip("/"), 0
        self.mark()

    def events(self, after: int | None = None, wait_s: float = 0) -> list[Event]:
        """Everything the phones have shown since the mark, or after a number; with `wait_s` not before there is something."""
        asked = {"after": self.seen if after is None else after, "wait": wait_s}
        answer = requests.get(f"{self.base}/sim/events", params=asked, timeout=10 + wait_s).json()
        found: list[Event] = answer["events"] if isinstance(answer, dict) else answer
        return found

    def mark(self) -> None:
        """From here on."""
        self.seen = max((e["n"] for e in self.events()), default=self.seen)

    def wait(self, test: Callable[[Event], bool]) -> Event:
        """The first event since the mark that passes; fails when none comes."""
        until, at = time.monotonic() + PATIENCE_S, self.seen
        while (left := until - time.monotonic()) > 0:
            new = self.events(at, wait_s=left)
            if found := next((e for e in new if test(e)), None):
                return found
            at = max((e["n"] for e in new), default=at)
        raise AssertionError([(e["type"], e["chat"], e["person"], e["text"][:60]) for e in self.events()])

    def post(self, path: str, **body: Any) -> None:
        """One thing done on a phone."""
        answer = requests.post(f"{self.base}/sim/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    def say(self, person: str, to: str, text: str, hears: str) -> str:
        """Says something and waits for these words in the answer."""
        self.mark()
        self.post("say", person=person, to=to, text=text)
        return str(self.wait(lambda e: e["type"] == "reply" and e["person"] == person and hears in e["text"])["text"])

    def page(self, person: str, url: str) -> tuple[requests.Session, str]:
        """Opens a link on somebody's phone."""
        browser = requests.Session()
        answer = browser.get(f"{self.base}/sim/open", params={"person": person, "url": url}, timeout=10)
        assert answer.status_code == 200 and "<form" in answer.text, answer.text[:300]
        return browser, answer.text

    def vote(self, person: str, url: str, option: str) -> str:
        """Votes on the page that a link opens."""
        browser, page = self.page(person, url)
        form = next(f for f in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'name="choose"' in f)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        where = url.split("/m/")[0] + re.findall(r'action="([^"]+)"', form)[0]
        return browser.post(where, data=fields | {"option": option, "choose": "1"}, timeout=10).text

    def carried(self, what: str) -> str:
        """The grid worker carries the finished text into the ordinary group and ticks it off; gives what stands there now."""
        kit = self.wait(lambda e: e["chat"] == MP and e["person"] == "周敏" and what in e["text"])
        asked = [e["text"] for e in self.events() if e["n"] < kit["n"] and e["person"] == "周敏" and "转好后回复" in e["text"]][-1]
        ticked = re.findall(r"回复“(已转发 [F\d ]+)”", asked)[0]
        self.post("forward", person="周敏", from_chat=MP, n=kit["n"], to=OWNERS)
        shown = self.wait(lambda e: e["chat"] == OWNERS and what in e["text"])["text"]
        self.say("周敏", MP, ticked, "记下了")
        return str(shown)

    def confirmed(self, what: str) -> str:
        """The owner of the 客户群 presses 发送; gives what stands in the group now."""
        task = self.wait(lambda e: e["type"] == "card" and e["chat"] == TASKS and what in e["text"])
        self.post("tap", person="周敏", chat=TASKS, task_id=task["id"], key="send")
        return str(self.wait(lambda e: e["chat"] == CUSTOMERS and what in e["text"])["text"])


def test_one_poll_on_four_roads_is_one_ballot_and_its_result_reaches_all(demo: dict[str, str]) -> None:
    """李叔 votes by card, by word, through the ordinary group's link and through the customer group's."""
    town = Town(demo["phones"])
    opened = town.say("周敏", GROUP, "发起投票 要不要装门禁 选项 装 不装 范围 全小区 截止 明晚8点", "意向征集")
    poll = re.findall(r"P\d+", opened)[0]
    card = town.wait(lambda e: e["type"] == "card" and e["chat"] == GROUP and poll in e["text"])
    link = r"http\S+/m/\S+"
    by_hand = re.findall(link, town.carried("要不要装门禁"))[0]
    town.seen = card["n"] - 1  # the task may have come before the kit
    by_task = re.findall(link, town.confirmed("要不要装门禁"))[0]

    town.mark()
    town.post("tap", person="李叔", chat=GROUP, task_id=card["id"], key=poll, selected={"choice": ["1"]})
    mine = town.wait(lambda e: e["type"] == "card_update" and e["person"] == "李叔")["card"]
    assert [o["is_checked"] for o in mine["checkbox"]["option_list"]] == [True, False]
    town.say("李叔", MP, f"{poll} 不装", "改好了：不装")
    assert "改好了：装" in town.vote("李叔", by_hand, "1")
    assert "改好了：不装" in town.vote("李叔", by_task, "2")
    state = town.say("李叔", MP, poll, "您选的是：不装")
    assert "不装：1 票（100%）" in state and "已有 1 人参加" in state

    town.say("周敏", GROUP, f"结束 {poll} 演示到此", "已结束")
    result = "意向征集结果"
    town.wait(lambda e: e["type"] == "post" and e["chat"] == GROUP and result in e["text"])
    town.wait(lambda e: e["chat"] == MP and e["person"] == "李叔" and result in e["text"])
    ended = town.seen
    assert "不装：1 票" in town.carried(result)
    town.seen = ended
    assert "不装：1 票" in town.confirmed(result)


def test_the_app_answers_its_members_and_posts_to_its_group_and_the_council_hears_too(demo: dict[str, str]) -> None:
    """Nobody has to speak in the council first: somebody greeted the bot when the demo began."""
    town = Town(demo["phones"])
    opened = town.say("周敏", GROUP, "发起投票 要不要换健身器材 选项 换 不换 范围 全小区 截止 明晚8点", "意向征集")
    poll = re.findall(r"P\d+", opened)[0]
    assert re.search(r"http\S+/m/\S+", town.wait(lambda e: e["chat"] == STEWARDS and "要不要换健身器材" in e["text"])["text"])
    town.wait(lambda e: e["type"] == "card" and e["chat"] == COUNCIL and poll in e["text"])
    town.carried("要不要换健身器材")
    assert "记下了：换" in town.say("吴姐", APP, f"{poll} 换", "记下了")
    town.say("周敏", GROUP, f"结束 {poll} 演示到此", "已结束")
    ended = town.seen
    for group in (STEWARDS, COUNCIL):
        town.seen = ended
        town.wait(lambda e, g=group: e["type"] == "post" and e["chat"] == g and "意向征集结果" in e["text"])  # type: ignore[misc]
        town.wait(lambda e, g=group: e["type"] == "picture" and e["chat"] == g)  # type: ignore[misc]
