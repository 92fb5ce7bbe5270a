"""The town with everything that has a page of its own, and the list of every page for phones."""

from sqlalchemy import select

from models.tables import person
from services import mydata, pages, round_making
from tests.services.crowd import close, gather
from tests.web.town import ISSUE, POLL, Town

MANY, SECRET, VOID, DONE = (pages.path_of("poll", "test", n) for n in (2, 3, 4, 5))
SOLVED = pages.path_of("issue", "test", 2)
ROUND = pages.path_of("round", "test", 1)
REPORT = pages.path_of("report", "crowd", 1)
NO_PAGES = {"static", "enter", "verifier", "round_picture", "photo", "picture", "ballots", "report", "sign", "data", "data_zip"}
View = tuple[str | None, str]  # who holds the phone, and the address


def furnish(town: Town) -> None:
    """A poll of every kind and an issue in every state that looks different, and a round."""
    say = town.stage.play
    say("周敏: 发起投票 公共收益优先用在哪里 选项 电梯大修 楼道照明 充电棚 最多选2项 范围 全小区 截止 明晚8点")
    say("周敏: 发起投票 换不换物业公司 选项 换 不换 匿名 范围 全小区 截止 明晚8点")
    say("周敏: 发起投票 要不要装道闸 选项 要 不要 范围 全小区 截止 明晚8点")
    say("周敏: 作废 P4 选项写错了")
    say("周敏: 发起投票 先修哪里 选项 屋顶漏水 地下车库 范围 全小区 截止 今天11点")
    for who, option in (("李叔", "1"), ("陈老师", "2")):
        town.press(town.phone(who), DONE, "投票", option=option)
    town.press(town.phone("李叔"), MANY, "投票", option=["1", "3"])
    say("李叔: 反映 5幢门口路灯晚上不亮")
    say("周敏: 受理 I2")
    say("周敏: 办结 I2 灯泡换好了")
    say("周敏(私聊): 发起征言 I1 电梯停了怎么办 5天 种子 先修主板，半年内不换新；整部换新，一楼少出一点")
    say("陈老师(私聊): 征言 I1")
    say("陈老师(私聊): 1")
    say("时间 2026-03-02 11:01")


def with_a_report(town: Town) -> None:
    """A round of another community that has ended and has its report."""
    close(town.stage.db, gather(town.stage.db, people=16, statements=10), now=town.stage.now)
    round_making.make_due(town.stage.db, now=town.stage.now)


def phone_views(town: Town) -> list[View]:
    """Every page for phones, from the route map: a new one fails here until somebody says whose phone shows it."""
    with town.stage.db.read() as tx:
        uncle = next(row.id for row in tx.all(select(person)) if row.name == "李叔")
    shown: dict[str, list[View]] = {
        "front": [(None, "/m/")], "back": [(None, "/m/back")], "home": [("李叔", "/m/test/")],
        "me": [("李叔", "/m/test/me"), ("小赵", "/m/test/me")], "promises": [("李叔", "/m/test/promises")],
        "notices": [("李叔", "/m/test/notices")], "round": [(None, ROUND), ("李叔", ROUND), ("陈老师", ROUND)],
        "round_report": [(None, REPORT)],
        "data_by_ticket": [("李叔", f"/m/test/data/{mydata.ticket(uncle, now=town.stage.now)}")],
        "thing": [*[("李叔", path) for path in (POLL, MANY, SECRET, VOID, DONE, ISSUE, SOLVED, f"{POLL}?told=choose")],
                  ("陈老师", ISSUE), (None, POLL), (None, ISSUE), (None, DONE), (None, "/m/test/P1-000000000000")],
    }
    names = {rule.endpoint.removeprefix("phone.") for rule in town.app.url_map.iter_rules()
             if rule.endpoint.startswith("phone.") and "GET" in (rule.methods or ())}
    assert names - NO_PAGES == set(shown), f"new or gone: {(names - NO_PAGES) ^ set(shown)}: say whose phone shows it"
    return [view for views in shown.values() for view in views]
