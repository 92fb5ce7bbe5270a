"""The page of a round's result: everything that was found, quoted as it was said, for whoever was given the address."""

import html
import re

import pytest
from sqlalchemy import select, update

from models.rounds import opinion, opinion_round
from services import pages
from tests.web.town import ISSUE, Town

REPORT = pages.path_of("report", "test", 1)
ROUND = pages.path_of("round", "test", 1)
NAMES = ("李叔", "陈老师", "甲", "乙", "丙", "丁")
pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what differs is the page, not the SQL


@pytest.fixture
def closed(town: Town) -> Town:
    """A round of six, with a seed that all accept, one that divides, and a statement with markup in it."""
    town.stage.play("群 第二个群: 甲, 乙, 丙, 丁")
    town.stage.play("周敏(私聊): 发起征言 I1 电梯怎么办 3天 种子 先修再说；整部换新")
    town.stage.play("甲(私聊): 征言 I1 <b>一楼</b>少出一点")
    for n, name in enumerate(NAMES):
        town.stage.play(f"{name}(私聊): 征言 I1 1 同意")
        town.stage.play(f"{name}(私聊): 征言 I1 2 {'同意' if n % 2 else '不同意'}")
    town.stage.play("周敏(私聊): 结束征言 I1")
    return town


def test_before_the_result_is_made_the_page_says_so(town: Town) -> None:
    town.stage.play("周敏(私聊): 发起征言 I1 电梯怎么办 3天 种子 先修再说；整部换新")
    page = town.phone("李叔").get(REPORT)
    assert page.status_code == 200 and "还没有结束" in page.text and ROUND in page.text
    town.stage.play("周敏(私聊): 结束征言 I1")
    assert "正在整理" in town.phone("李叔").get(REPORT).text
    town.stage.play("时间 2026-03-02 10:30")
    assert "没有人表态" in town.phone().get(REPORT).text


def test_the_page_shows_all_that_was_found_in_the_words_that_were_said(closed: Town) -> None:
    closed.stage.play("时间 2026-03-02 10:30")
    page = closed.phone().get(REPORT)
    assert page.status_code == 200 and "<b>一楼" not in page.text and "&lt;b&gt;一楼" in page.text
    assert "同意 6，不同意 0" in page.text and "同意 3，不同意 3" in page.text and "不到 5 人表态，不显示数字" in page.text
    with closed.stage.db.read() as tx:
        said = {row.text for row in tx.all(select(opinion))}
    shown = html.unescape(re.sub(r"<[^>]+>", "", page.text))
    for quote in re.findall("“([^”]*)”", shown):
        assert quote in said or (quote.endswith("…") and any(text.startswith(quote[:-1]) for text in said)) or quote.startswith("征言"), quote
    numbers = set(re.findall(r'href="#o(\d+)"', page.text))
    assert numbers and all(f'id="o{n}"' in page.text for n in numbers)
    assert not set(NAMES) & set(re.findall("|".join(NAMES), shown.partition("登录")[0]))
    picture = closed.phone().get(re.findall(r'<img class="result" src="([^"]+)"', page.text)[0])
    assert picture.status_code == 200 and picture.data.startswith(b"\x89PNG")
    assert REPORT in closed.phone("李叔").get(ROUND).text and REPORT in closed.phone().get(ISSUE).text


def test_the_page_knows_the_summary_and_the_poll_that_followed(closed: Town) -> None:
    closed.stage.play("时间 2026-03-02 10:30")
    for line in ("周敏(私聊): 征言小结 I1 大家都同意先修", "周敏(私聊): 发布", "周敏(私聊): 共识投票 I1 截止 明晚8点", "周敏(私聊): 发布"):
        closed.stage.play(line)
    page = closed.phone().get(REPORT).text
    assert "大家都同意先修" in page and pages.path_of("poll", "test", 2) in page


def test_a_forgotten_statement_and_a_private_matter_leave_the_page(closed: Town) -> None:
    """What is hidden or struck later is not kept by the report; of a private matter there is no page; no address can be guessed."""
    closed.stage.play("时间 2026-03-02 10:30")
    with closed.stage.db.write() as tx:
        tx.execute(update(opinion).where(opinion.c.number == 1).values(text="（已按本人要求删除）"))
        tx.execute(update(opinion).where(opinion.c.number == 2).values(state="hidden"))
    page = closed.phone().get(REPORT).text
    assert "先修再说" not in page and "已按本人要求删除" in page and "整部换新" not in page
    assert closed.phone().get(REPORT[:-1] + ("0" if REPORT[-1] != "0" else "1")).status_code == 404
    assert closed.phone().get(REPORT.replace("R1-", "P1-")).status_code == 404
    with closed.stage.db.write() as tx:
        from models.tables import issue
        tx.execute(update(issue).values(private=True))
    assert closed.phone().get(REPORT).status_code == 404 and closed.phone().get(f"{REPORT}.png").status_code == 404
    with closed.stage.db.read() as tx:
        assert tx.scalar(select(opinion_round.c.reported_at)) is not None
