"""The whole main job by hand, in a browser, on the running demo: real processes, real wire, real pages."""

import re
from typing import Any

from ops.demo import ADMIN, PASSWORD

GROUP = "翠苑三区居民群"
PATIENCE_MS = 20_000


class Phone:
    """One phone on the page, in one person's hand, open at one chat."""

    def __init__(self, page: Any, number: int, person: str, chat: str):
        self.at = page.locator(f"[data-phone='{number}']")
        self.at.locator(".owner").click()
        self.at.locator(".people .row", has_text=person).click()
        if self.at.locator(".chat .back").is_visible():
            self.at.locator(".chat .back").click()
        self.at.locator(".chats .row", has_text=chat).click()

    def say(self, text: str, answer: str) -> str:
        """Types and sends, and waits for an answer that holds these words."""
        before = self.at.locator(".message .bubble", has_text=answer).count()
        self.at.locator("textarea").fill(text)
        self.at.locator("textarea").press("Enter")
        bubble = self.at.locator(".message .bubble", has_text=answer).nth(before)
        bubble.wait_for(timeout=PATIENCE_MS)
        return str(bubble.inner_text())

    def sees(self, words: str) -> None:
        """Waits until these words stand on the screen."""
        self.at.locator(".message .bubble", has_text=words).first.wait_for(timeout=PATIENCE_MS)


def test_from_a_sentence_to_the_result_in_the_group_and_the_admins_log(demo: dict[str, str], browser: Any) -> None:
    """A resident registers, three neighbours vote, the grid worker runs the poll, the admin finds each step."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(demo["phones"])
    page.wait_for_selector("body[data-ready=yes]")
    resident = Phone(page, 0, "李叔", GROUP)
    assert "小议会保存" in resident.say("反映 3幢2单元电梯停了一周没人修", "回复 1")
    number = re.search(r"I\d+", resident.say("1", "记下了，编号"))
    assert number
    worker = Phone(page, 1, "周敏", GROUP)
    poll = re.search(r"P\d+", worker.say(f"{number.group()} 投票 先大修还是换新 选项 大修 换新 截止 明晚8点", "意向征集"))
    assert poll
    for person, words in (("陈老师", "1"), ("小赵", "投第二个"), ("孙奶奶", f"{poll.group()} 换新")):
        Phone(page, 0, person, GROUP).say(words, "记下了")
    Phone(page, 0, "老钱", GROUP).say("要是不加钱我就举手", "没有计票")
    worker.say(f"结束 {poll.group()} 演示到此", "已结束")
    worker.sees("意向征集结果")
    worker.sees("换新：2 票（67%）")
    page.locator("[data-phone='1'] .message img").first.wait_for(timeout=PATIENCE_MS)
    page.close()
    look_in_the_console(demo["console"], browser, poll.group())


def test_the_menu_and_a_code_of_the_mp_account(demo: dict[str, str], browser: Any) -> None:
    """A resident touches the menu under the 公众号's chat; one who comes by a code is greeted; nobody has voted by it."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(demo["phones"])
    page.wait_for_selector("body[data-ready=yes]")
    phone = Phone(page, 0, "李叔", "公众号")
    phone.at.locator(".menu button").nth(2).wait_for(timeout=PATIENCE_MS)
    assert phone.at.locator(".menu button").all_inner_texts() == ["议题", "投票", "我的"]
    phone.at.locator(".menu button", has_text="我的").click()
    phone.sees("您绑定的房屋" if phone.at.locator(".owner-home").inner_text().strip() else "您还没有绑定房屋")
    for event in ("unsubscribe", "scan"):
        done = page.request.post(f"{demo['phones']}sim/event", data={
            "person": "李叔", "to": "公众号", "event": event, "scene": "join"})
        assert done.status == 200
    phone.sees("您好，我是小议")
    page.close()


def test_a_ballot_by_the_link_in_a_group_is_the_ballot_of_the_chat(demo: dict[str, str], browser: Any) -> None:
    """The link opens on the phone of who touches it; what is chosen there is seen in chat, and changed there, on the page."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(demo["phones"])
    page.wait_for_selector("body[data-ready=yes]")
    worker = Phone(page, 1, "周敏", GROUP)
    made = re.search(r"P\d+", worker.say("发起投票 凉亭要不要翻新 选项 翻新 不翻新 范围 全小区 截止 明晚8点", "意向征集"))
    assert made
    phone = Phone(page, 0, "老钱", GROUP)
    with context.expect_page() as opened:
        phone.at.locator(".message", has_text="凉亭要不要翻新").locator("a.tappable").last.click(timeout=PATIENCE_MS)
    h5 = opened.value
    h5.get_by_label("翻新", exact=True).check(timeout=PATIENCE_MS)
    h5.get_by_role("button", name="投票").click()
    h5.get_by_text("您现在选的是：翻新").wait_for(timeout=PATIENCE_MS)
    Phone(page, 0, "老钱", "公众号").say(f"{made.group()} 不翻新", "改好了")
    h5.goto(h5.url.split("?")[0])
    h5.get_by_text("您现在选的是：不翻新").wait_for(timeout=PATIENCE_MS)
    context.close()


def look_in_the_console(address: str, browser: Any, poll: str) -> None:
    """Signs in and finds the issue, the poll with its ballots, the messages and the posts; the chain is whole."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(address)
    page.fill("[name=username]", ADMIN)
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.get_by_role("button", name="校验审计链").click()
    page.get_by_text("首尾相连").wait_for()
    for list_name, words in (("议题", "3幢2单元电梯停了一周没人修"), ("投票", "先大修还是换新"), ("消息", "记下了：换新"),
                             ("发件箱", "意向征集结果")):
        through_the_menu(page, list_name)
        page.get_by_text(words).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{list_name} is wider than a phone"
    through_the_menu(page, "投票")
    page.get_by_role("link", name=poll, exact=True).click()
    page.get_by_text("投票记录").wait_for()
    page.close()
    assert problems == []


def through_the_menu(page: Any, name: str) -> None:
    """Opens the menu, as on a phone, and goes where it leads."""
    page.locator("details.menu > summary").click()
    page.locator("details.menu").get_by_role("link", name=name, exact=True).click()
