"""One real task on every page of the console, done in a browser as its user would; a page without a task fails the first test."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from pypdf import PdfReader

from domain import totp
from models.accounts import account_post
from models.deeds import point
from models.tables import (
    ballot_log,
    building,
    forward,
    home,
    issue,
    issue_event,
    message,
    outbox,
    owner,
    paper_ballot,
    party,
    person,
    poll,
    promise,
    residence,
    session,
)
from tests.chat_script import camera
from tests.web.busy import PASSWORD, Busy
from tests.web.desk import OPEN
from tests.web.gallery import NO_PAGES

Task = Callable[[Any, Busy], None]
TASKS: dict[str, Task] = {}
WHO = dict.fromkeys(("communities", "accounts", "account_of"), "boss") | dict.fromkeys(("jobs", "job"), "firm")


def task(endpoint: str) -> Callable[[Task], Task]:
    """Registers what is done on this page."""
    def register(done: Task) -> Task:
        TASKS[endpoint] = done
        return done
    return register


def sign_in(page: Any, busy: Busy, who: str, password: str = PASSWORD) -> None:
    """By the form."""
    page.goto(f"{busy.base}/login")
    page.get_by_label("账号").fill(who)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"{busy.base}/**")


def go(page: Any, busy: Busy, path: str) -> None:
    """Opens a page of the console."""
    answer = page.goto(f"{busy.base}/{path}")
    assert answer.status == 200, path


def filed(page: Any, busy: Busy, button: Any) -> bytes:
    """Presses a button that brings a file."""
    with page.expect_download() as got:
        button.click()
    return Path(got.value.path()).read_bytes()


def sheet(data: bytes) -> list[tuple[Any, ...]]:
    """The rows of a workbook's first sheet."""
    return list(load_workbook(io.BytesIO(data), read_only=True).worksheets[0].iter_rows(values_only=True))


def narrowed(page: Any, field: str, value: str, shown: str, hidden: str) -> None:
    """Narrows a list to what is looked for: `shown` is there afterwards, `hidden` is there before only."""
    rows = page.locator("main tbody, main p.empty")
    rows.get_by_text(hidden).first.wait_for()
    found = page.locator(f"main form.filters [name={field}]")
    if field == "kind":
        found.select_option(label=value)
    else:
        found.fill(value)
    page.get_by_role("button", name="筛选").click()
    page.wait_for_url(f"**{field}=*")
    page.locator("main").get_by_text(shown).first.wait_for()
    assert rows.get_by_text(hidden).count() == 0


# --- the door ---------------------------------------------------------------------------------------------------
@task("login")
def _login(page: Any, busy: Busy) -> None:
    sign_in(page, busy, "admin", "not the password")
    page.get_by_role("alert").wait_for()
    sign_in(page, busy, "admin")
    page.get_by_role("heading", level=1).first.wait_for()
    page.goto(f"{busy.base}/issues")
    page.get_by_text("北门路灯不亮").first.wait_for()


@task("second")
def _second(page: Any, busy: Busy) -> None:
    go(page, busy, "second")
    page.get_by_role("button", name="开始设置").click()
    secret = page.locator("code.key").inner_text().replace(" ", "")
    page.locator("[name=code]").first.fill(totp.code(secret, totp.step_of(busy.now)))
    page.get_by_role("button", name="开启").click()
    page.locator("ol.codes").wait_for()


@task("login_code")
def _login_code(page: Any, busy: Busy) -> None:
    sign_in(page, busy, "admin")
    _second(page, busy)
    spare = page.locator("ol.codes code").first.inner_text()
    page.context.clear_cookies()
    sign_in(page, busy, "admin")
    page.locator("[name=code]").fill(spare)
    page.locator("button.primary").click()
    page.get_by_role("heading", name="概览").wait_for()


@task("password")
def _password(page: Any, busy: Busy) -> None:
    go(page, busy, "password")
    page.get_by_label("现在的密码").fill(PASSWORD)
    page.get_by_label("新密码").fill("another long one")
    page.get_by_role("button", name="修改").click()
    page.context.clear_cookies()
    sign_in(page, busy, "admin", "another long one")
    page.get_by_role("heading", name="概览").wait_for()


@task("account")
def _account(page: Any, busy: Busy) -> None:
    other = page.context.browser.new_context()
    theirs = other.new_page()
    sign_in(theirs, busy, "admin")
    go(page, busy, "account")
    page.get_by_role("button", name="结束").first.click()
    page.get_by_text("就是这里").wait_for()
    theirs.goto(f"{busy.base}/issues")
    theirs.get_by_label("密码", exact=True).wait_for()
    other.close()


@task("communities")
def _communities(page: Any, busy: Busy) -> None:
    go(page, busy, "communities")
    page.locator("tr, li", has_text="桂花苑").get_by_role("button", name="进入").click()
    go(page, busy, "issues")
    page.locator("p.empty").wait_for()


@task("accounts")
def _accounts(page: Any, busy: Busy) -> None:
    go(page, busy, "accounts")
    page.locator("[name=username]").fill("auditor")
    page.locator("main [name=role]").select_option("auditor")
    page.locator("main form.filters button.primary").click()
    page.get_by_text("auditor").first.wait_for()
    assert "auditor" in busy.values(account_post.c.role)


@task("account_of")
def _account_of(page: Any, busy: Busy) -> None:
    go(page, busy, "accounts")
    page.get_by_role("link", name="front").click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="停用", exact=True).click()
    page.get_by_text("已停用").first.wait_for()
    page.context.clear_cookies()
    sign_in(page, busy, "front")
    page.get_by_role("alert").wait_for()


# --- overview, issues, work -------------------------------------------------------------------------------------
@task("overview")
def _overview(page: Any, busy: Busy) -> None:
    go(page, busy, "")
    page.locator("main a[href*='kind=dead']").first.click()
    page.get_by_text("errcode 93000").wait_for()


@task("issues")
def _issues(page: Any, busy: Busy) -> None:
    go(page, busy, "issues")
    narrowed(page, "text", "路灯", "北门路灯不亮", "乱停车")
    rows = sheet(filed(page, busy, page.get_by_role("button", name="导出 xlsx")))
    assert len(rows) == 2 and "北门路灯不亮" in rows[1]


@task("issue")
def _issue(page: Any, busy: Busy) -> None:
    go(page, busy, f"issues/{busy.one(issue, number=1)}")
    page.get_by_role("button", name="受理", exact=True).click()
    page.get_by_text("已受理").first.wait_for()
    assert busy.values(issue.c.state, number=1) == ["accepted"]


@task("board")
def _board(page: Any, busy: Busy) -> None:
    go(page, busy, "board")
    for each in ("I1", "I5"):
        page.get_by_label(f"选中 {each}").check()
    page.get_by_label("做什么").first.select_option(label="受理")
    page.get_by_role("button", name="办理", exact=True).first.click()
    page.get_by_text("2 件办成").wait_for()
    assert busy.values(issue.c.state, number=5) == ["accepted"]


@task("order")
def _order(page: Any, busy: Busy) -> None:
    go(page, busy, "order")
    page.get_by_label("命令", exact=True).fill("不予受理 I5 属派出所职责，请打 110")
    page.get_by_role("button", name="办理", exact=True).click()
    page.get_by_text("I5").first.wait_for()
    assert busy.values(issue.c.state, number=5) == ["rejected"]


@task("similar")
def _similar(page: Any, busy: Busy) -> None:
    go(page, busy, "similar")
    page.get_by_role("link", name="I4").first.click()
    page.locator("summary", has_text="合并").click()
    page.locator("details[open] [name=into]").fill("1")
    page.locator("details[open] button.primary").click()
    page.get_by_text("I1").first.wait_for()
    assert busy.values(issue.c.state, number=4) == ["merged"]


@task("promises")
def _promises(page: Any, busy: Busy) -> None:
    go(page, busy, "promises")
    narrowed(page, "kind", "已兑现", "没有符合条件的记录", "画好停车线")
    page.get_by_role("link", name="清除").click()
    page.get_by_role("link", name="I3").first.click()
    page.get_by_text("画好停车线").first.wait_for()
    assert busy.values(promise.c.state) == ["open"]


@task("figures")
def _figures(page: Any, busy: Busy) -> None:
    go(page, busy, "figures")
    page.get_by_label("按类别").select_option(label="电梯故障")
    page.get_by_role("button", name="查看", exact=True).click()
    page.get_by_role("img").first.wait_for()
    page.get_by_text("用表格看").first.click()
    assert any("电梯故障" in map(str, row) for row in sheet(filed(page, busy, page.get_by_role("button", name="导出 xlsx"))))


@task("figure_issues")
def _figure_issues(page: Any, busy: Busy) -> None:
    go(page, busy, "figures")
    page.locator("main a[href*='figures/issues']").first.click()
    page.get_by_role("link", name="I2").click()
    page.get_by_role("heading", name="I2").wait_for()


@task("jobs")
def _jobs(page: Any, busy: Busy) -> None:
    go(page, busy, "jobs")
    assert page.get_by_text("东门口总是乱停车").count() == 0  # nobody's order
    page.get_by_role("link", name="I2 北门路灯不亮").click()
    page.get_by_role("heading", name="I2").wait_for()


@task("job")
def _job(page: Any, busy: Busy) -> None:
    go(page, busy, f"jobs/{busy.one(issue, number=2)}")
    page.get_by_role("button", name="接单").click()
    page.get_by_text("已签收").first.wait_for()
    page.locator("summary", has_text="办完了").click()
    page.locator("details[open] textarea").fill("换了灯泡和接头，晚上试过亮了")
    page.locator("details[open] input[type=file]").set_input_files({"name": "灯.jpg", "mimeType": "image/jpeg", "buffer": camera("灯")})
    page.locator("details[open] button").click()
    page.get_by_text("待回访").first.wait_for()
    assert busy.values(issue.c.state, number=2) == ["resolved"]


# --- polls ------------------------------------------------------------------------------------------------------
@task("polls")
def _polls(page: Any, busy: Busy) -> None:
    go(page, busy, "polls")
    narrowed(page, "kind", "已结束", "停车线画在哪", "更换物业公司")
    page.get_by_role("link", name="P1").click()
    page.get_by_text("东墙：2 票").wait_for()


@task("poll")
def _poll(page: Any, busy: Busy) -> None:
    go(page, busy, f"polls/{busy.one(poll, number=2)}")
    page.locator("summary", has_text="结束投票").click()
    page.locator("details[open] [name=words]").fill("各家都已表态")
    page.locator("details[open] button.primary").click()
    page.get_by_text("P2 已结束").wait_for()
    go(page, busy, f"polls/{busy.one(poll, number=2)}")
    names = zipfile.ZipFile(io.BytesIO(filed(page, busy, page.get_by_role("button", name="下载公布的选票").first))).namelist()
    assert "manifest.json" in names
    assert "要不要装充电桩" in PdfReader(io.BytesIO(filed(page, busy, page.get_by_role("button", name="结果报告（PDF）")))).pages[0].extract_text()


@task("poll_new")
def _poll_new(page: Any, busy: Busy) -> None:
    go(page, busy, "polls/new")
    page.get_by_label("题目").fill("中秋晚会定在哪天")
    page.get_by_label("选项").fill("周六\n周日")
    page.get_by_role("button", name="看看样子").click()
    page.get_by_text("预览：还没有发出去").wait_for()
    assert busy.count(poll) == 3
    page.get_by_role("button", name="发布").first.click()
    page.get_by_role("heading", name="P4 中秋晚会定在哪天").wait_for()


@task("doors")
def _doors(page: Any, busy: Busy) -> None:
    go(page, busy, f"polls/{busy.one(poll, number=3)}")
    page.get_by_role("link", name="入户名单").click()
    page.get_by_text("还没有投票的 5 套").wait_for()
    page.emulate_media(media="print")
    assert not page.locator("header.bar, nav.side, details.menu").first.is_visible() and page.get_by_text("1幢1单元302").is_visible()


@task("paper")
def _paper(page: Any, busy: Busy) -> None:
    go(page, busy, f"polls/{busy.one(poll, number=3)}/paper")
    page.get_by_label("房屋").fill("1幢1单元201")
    page.get_by_label("票上选的").fill("反对")
    page.get_by_label("照片").set_input_files({"name": "票.jpg", "mimeType": "image/jpeg", "buffer": camera("票")})
    page.get_by_role("button", name="录入").click()
    page.get_by_text("1幢1单元201").first.wait_for()
    page.context.clear_cookies()
    sign_in(page, busy, "front")
    go(page, busy, f"polls/{busy.one(poll, number=3)}/paper")
    second = page.locator("section form", has=page.locator("[name=choice]"))
    second.locator("[name=choice]").fill("反对")
    second.locator(".go button").click()
    page.get_by_text("已计票").first.wait_for()
    assert busy.values(paper_ballot.c.state) == ["counted"] and busy.count(ballot_log) == 6


# --- rounds and sessions ----------------------------------------------------------------------------------------
@task("rounds")
def _rounds(page: Any, busy: Busy) -> None:
    go(page, busy, "rounds")
    page.get_by_role("link", name="停车怎么管").or_(page.get_by_role("link", name="I3")).first.click()
    page.get_by_text("消防通道一律不停车").wait_for()


@task("round")
def _round(page: Any, busy: Busy) -> None:
    go(page, busy, "rounds/1")
    page.get_by_role("button", name="下载公开数据").click()
    page.get_by_text("参加的不到 5 人，为保护隐私不导出").wait_for()


@task("session")
def _session(page: Any, busy: Busy) -> None:
    go(page, busy, f"sessions/{busy.one(session, number=1)}")
    page.get_by_text("充电桩装在哪").wait_for()
    page.locator("summary", has_text="纪要").or_(page.get_by_role("button", name="纪要")).first.click()
    page.get_by_text("东门，下周动工").first.wait_for()


@task("sessions")
def _sessions(page: Any, busy: Busy) -> None:
    go(page, busy, "sessions")
    assert filed(page, busy, page.get_by_role("button", name="PDF"))[:5] == b"%PDF-"


# --- what was said and sent -------------------------------------------------------------------------------------
@task("messages")
def _messages(page: Any, busy: Busy) -> None:
    go(page, busy, "messages")
    narrowed(page, "text", "路灯", "北门路灯不亮", "乱停车")


@task("readings")
def _readings(page: Any, busy: Busy) -> None:
    go(page, busy, "readings")
    narrowed(page, "kind", "没听懂，给了提示", "3幢1单元302 陈**", "北门路灯不亮")


@task("notices")
def _notices(page: Any, busy: Busy) -> None:
    go(page, busy, "notices")
    page.locator("[name=notice]").fill("周五上午 9 点消防演练，请把电动车挪到东门")
    page.locator("section.handle button.primary").click()
    assert not busy.count_of(outbox.c.text, "消防演练")  # looked at first
    page.get_by_role("button", name="1").or_(page.locator("form button.primary")).first.click()
    go(page, busy, "notices")
    page.locator("main table").get_by_text("消防演练").first.wait_for()


@task("outbox")
def _outbox(page: Any, busy: Busy) -> None:
    go(page, busy, "outbox")
    page.get_by_label("状态").select_option(label="失败")
    page.get_by_role("button", name="筛选").click()
    page.get_by_role("button", name="重发").click()
    page.wait_for_url("**kind=waiting")
    assert "dead" not in busy.values(outbox.c.state)


@task("deliveries")
def _deliveries(page: Any, busy: Busy) -> None:
    go(page, busy, "deliveries")
    narrowed(page, "text", "路灯", "北门路灯不亮", "更换物业公司")


@task("forwards")
def _forwards(page: Any, busy: Busy) -> None:
    go(page, busy, "forwards")
    page.locator("form[action$='/forwards/1/done'] button").click()
    page.wait_for_url("**/forwards?kind=waiting")
    assert busy.values(forward.c.state, id=1) == ["done"]


@task("tasks")
def _tasks(page: Any, busy: Busy) -> None:
    go(page, busy, "tasks")
    narrowed(page, "kind", "已发出", "没有符合条件的记录", "等群主确认")


@task("sweeps")
def _sweeps(page: Any, busy: Busy) -> None:
    go(page, busy, "sweeps")
    narrowed(page, "kind", "出错的", "没有符合条件的记录", "到期截止投票")


@task("verify")
def _verify(page: Any, busy: Busy) -> None:
    go(page, busy, "audit/verify")
    page.get_by_role("button", name="开始核对").click()
    page.get_by_text("首尾相连，没有被改动").wait_for()


@task("audit")
def _audit(page: Any, busy: Busy) -> None:
    go(page, busy, "audit")
    page.get_by_role("button", name="校验审计链").click()
    page.get_by_text("完整").first.wait_for()


@task("logins")
def _logins(page: Any, busy: Busy) -> None:
    go(page, busy, "logins")
    narrowed(page, "kind", "登录", "登录", "新建账号")


@task("reveals")
def _reveals(page: Any, busy: Busy) -> None:
    go(page, busy, f"issues/{busy.one(issue, number=5)}")
    page.locator("summary", has_text="匿名反映").click()
    page.locator("details[open] [name=reason]").fill("派出所书面要求")
    page.locator("details[open] button").last.click()
    page.get_by_text("陈老师").first.wait_for()
    go(page, busy, "reveals")
    page.get_by_text("admin").first.wait_for()
    page.get_by_text("I5").or_(page.get_by_text("issue:5")).first.wait_for()


@task("search")
def _search(page: Any, busy: Busy) -> None:
    go(page, busy, "search")
    page.get_by_label("找什么").fill("3-2-501 P1 东墙")
    page.get_by_role("button", name="查找", exact=True).click()
    page.get_by_text("P1 东墙").first.wait_for()
    link = page.url
    page.goto("about:blank")
    page.goto(link)
    page.get_by_text("P1 东墙").first.wait_for()


@task("live")
def _live(page: Any, busy: Busy) -> None:
    go(page, busy, "live")
    page.get_by_role("button", name="暂停").click()
    page.get_by_role("button", name="继续").wait_for()
    page.locator("#live a").first.click()
    page.get_by_role("heading", level=1).wait_for()


def _story(kind: str, path: Callable[[Busy], str], *shown: str) -> None:
    """The chain before and after, in order, and from one of its lines on to the story of that line."""
    @task(f"story_{kind}")
    def done(page: Any, busy: Busy) -> None:
        go(page, busy, f"story/{kind}/{path(busy)}")
        said = page.locator("main").inner_text()
        places = [said.index(each) for each in shown]
        assert places == sorted(places)
        page.locator("main .story time").locator("xpath=ancestor::a").first.click()
        page.get_by_role("heading", level=1).wait_for()


_story("message", lambda busy: str(busy.first(message.c.text, "北门路灯不亮")), "反映 北门路灯不亮", "受理 I2", "派单 I2")
_story("issue", lambda busy: str(busy.one(issue, number=3)), "反映 东门口", "受理 I3", "投票开始", "投票截止")
_story("poll", lambda busy: str(busy.one(poll, number=1)), "投票开始", "投票：东墙", "投票截止", "意向征集结果")
_story("ballot", lambda busy: "1", "投票开始", "您点的这一条", "投票截止")
_story("post", lambda busy: str(busy.first(outbox.c.text, "【派单】I2")), "反映 北门路灯不亮", "已派单", "您点的这一条")


@task("story_home")
def _story_home(page: Any, busy: Busy) -> None:
    go(page, busy, f"homes/{busy.one(home, label='1幢1单元101')}")
    page.get_by_role("link", name="来龙去脉").first.click()
    page.get_by_text("投票：西墙").first.wait_for()
    page.get_by_text("目前计入").first.wait_for()


# --- people and homes -------------------------------------------------------------------------------------------
@task("people")
def _people(page: Any, busy: Busy) -> None:
    go(page, busy, "people")
    row = page.locator("tr", has_text="1幢1单元201")
    row.locator("summary").click()
    row.locator("[name=role]").select_option(label="网格员")
    row.locator("form[action$='/role'] button").click()
    page.locator("tr", has_text="1幢1单元201").get_by_text("网格员").first.wait_for()
    assert busy.values(person.c.role, id=6) == ["grid_worker"]


@task("homes")
def _homes(page: Any, busy: Busy) -> None:
    go(page, busy, "homes?text=3幢2单元602")
    page.get_by_role("button", name="一次性码").click()
    page.get_by_text("3幢2单元602").first.wait_for()


@task("unit")
def _unit(page: Any, busy: Busy) -> None:
    go(page, busy, "homes?text=1幢1单元101")
    page.get_by_role("link", name="1幢1单元101").click()
    page.get_by_text("已计入").wait_for()
    page.get_by_text("没有被改动").wait_for()


@task("person_data")
def _person_data(page: Any, busy: Busy) -> None:
    go(page, busy, "people/3/data")
    page.get_by_label("查看原因").select_option(label="联系本人办事")
    page.get_by_role("button", name="查看姓名和电话").click()
    page.get_by_text("李叔").first.wait_for()
    page.get_by_role("button", name="解除绑定").click()
    page.get_by_role("button", name="解除绑定").wait_for(state="detached")
    assert len(busy.values(residence.c.id, until=None)) == 3


@task("points")
def _points(page: Any, busy: Busy) -> None:
    go(page, busy, "points")
    page.locator("summary", has_text="加分").click()
    page.locator("details[open] [name=who]").fill("赵姐")
    page.locator("details[open] [name=amount]").fill("5")
    page.locator("details[open] [name=done]").fill("帮邻居搬花架")
    page.locator("details[open] button.primary").click()
    page.get_by_text("5 分").first.wait_for()
    go(page, busy, "points")
    page.locator("main table").get_by_text("1幢1单元101 赵*").first.wait_for()


@task("ledger")
def _ledger(page: Any, busy: Busy) -> None:
    go(page, busy, "ledger")
    page.get_by_text("周六巡逻两小时").wait_for()
    page.locator("summary", has_text="更正").click()
    page.locator("details[open] [name=words]").fill("记错了人")
    page.locator("details[open] button").last.click()
    go(page, busy, "ledger")
    page.get_by_text("记错了人").wait_for()
    assert len(busy.values(point.c.id)) == 2


@task("requests")
def _requests(page: Any, busy: Busy) -> None:
    go(page, busy, "requests")
    page.get_by_role("link", name="R1").click()
    page.get_by_text("姓名应为钱建国").wait_for()


@task("request")
def _request(page: Any, busy: Busy) -> None:
    go(page, busy, "requests/1")
    page.get_by_label("怎么办的").fill("看过身份证，改好了")
    page.get_by_role("button", name="办好了，告诉本人").click()
    page.get_by_text("答复：看过身份证").wait_for()
    assert busy.first(outbox.c.text, "看过身份证，改好了")


@task("register")
def _register(page: Any, busy: Busy) -> None:
    go(page, busy, "register")
    book = Workbook()
    for row in (["房屋", "面积", "业主"], ["3幢2单元501", 101.77, "李建国"]):
        book.worksheets[0].append(row)
    data = io.BytesIO()
    book.save(data)
    table = {"name": "名册.xlsx", "mimeType": "application/octet-stream", "buffer": data.getvalue()}
    page.locator("[name=table]").set_input_files(table)
    page.get_by_role("button", name="先检查").click()
    page.locator("[name=table]").last.set_input_files(table)
    page.get_by_role("button", name="导入 1 户").click()
    page.get_by_text("已导入 1 户").wait_for()
    assert busy.count(owner) == 4


# --- how it is set up -------------------------------------------------------------------------------------------
@task("setup")
def _setup(page: Any, busy: Busy) -> None:
    go(page, busy, "setup")
    page.get_by_label("社区名称").first.fill("翠苑三区社区")
    page.get_by_role("button", name="保存").first.click()
    page.get_by_text("翠苑三区社区").first.wait_for()


@task("setup_homes")
def _setup_homes(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/homes")
    for label, value in (("从几幢", "8"), ("到几幢", "8"), ("每幢单元数", "2"), ("楼层数", "3"), ("每层户数", "2")):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="先看看结果").last.click()
    page.get_by_role("button", name="导入 12 户").click()
    page.get_by_text("已导入 12 户").wait_for()
    assert "8幢" in busy.values(building.c.name)


@task("setup_groups")
def _setup_groups(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/groups")
    form = page.locator("form", has=page.get_by_role("button", name="加入"))
    form.get_by_label("群名").fill("一幢业主群")
    form.get_by_label("怎么发").select_option(label="普通微信群，由人转发")
    form.get_by_label("谁照看").select_option(label="周敏")
    form.get_by_role("button", name="加入").click()
    page.get_by_text("一幢业主群").first.wait_for()


@task("setup_staff")
def _setup_staff(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/staff")
    page.get_by_label("姓名").fill("吴佳")
    page.get_by_role("button", name="加入").click()
    page.get_by_text("已加入").wait_for()


@task("setup_categories")
def _setup_categories(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/categories?new=1")
    page.get_by_label("名称").fill("无人机")
    page.locator("[name=like]").select_option(label="噪音")
    page.locator("[name=sure]").fill("无人机、航拍")
    page.locator("button[value=add]").click()
    go(page, busy, "setup/categories")
    page.locator("[name=try]").fill("楼顶天天有人飞无人机")
    page.locator("button[value=try]").click()
    page.get_by_role("status").get_by_text("无人机").first.wait_for()


@task("setup_parties")
def _setup_parties(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/parties")
    page.locator("summary", has_text="物业").click()
    page.get_by_role("checkbox", name="停车", exact=True).first.check()
    page.locator("details[open]").get_by_role("button", name="归他负责").or_(page.locator("details[open] form:has(fieldset) button")).first.click()
    page.get_by_text("管 3 类").wait_for()
    assert busy.count(party) == 1


@task("setup_duty")
def _setup_duty(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/duty")
    form = page.locator("form", has=page.locator("[name=until]")).first
    form.get_by_label("姓名").select_option(label="周敏")
    form.get_by_label("从").fill("2026-03-03")
    form.get_by_label("到（含当天）").fill("2026-03-09")
    form.get_by_role("button", name="加入").click()
    page.get_by_text("现在没有人值班").wait_for(state="hidden")


@task("setup_accounts")
def _setup_accounts(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/accounts")
    page.get_by_role("button", name="测试连接").click()
    page.get_by_text("连得上").wait_for()


@task("setup_rules")
def _setup_rules(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/rules")
    form = page.locator("form", has=page.locator("[name=start]"))
    form.get_by_label("从").fill("20:00")
    form.get_by_label("到").fill("07:30")
    form.get_by_role("button", name="保存").click()
    page.locator("[name=start]").wait_for()
    assert page.locator("[name=start]").input_value() == "20:00"


@task("setup_courses")
def _setup_courses(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/courses")
    page.locator("section", has_text="红茶议事会").get_by_role("link", name="照着写一份").click()
    page.locator("[name='0.名称']").fill("绿茶议事会")
    page.get_by_role("button", name="检查", exact=True).or_(page.get_by_role("button", name="看看样子")).last.click()
    page.get_by_role("status").first.wait_for()
    page.locator("button[name=keep]").click()
    go(page, busy, "setup/courses")
    page.get_by_role("heading", name="绿茶议事会").wait_for()


@task("setup_wordings")
def _setup_wordings(page: Any, busy: Busy) -> None:
    go(page, busy, "setup/wordings?key=issue.signed.notice")
    field = page.locator("[name=source]")
    field.fill(field.input_value().replace("已签收", "接下了"))
    page.get_by_role("button", name="看看样子").click()
    page.get_by_text("物业接下了您反映的").first.wait_for()
    page.locator("button[name=keep]").first.click()
    page.get_by_text("接下了").first.wait_for()


@task("words")
def _words(page: Any, busy: Busy) -> None:
    go(page, busy, "words")
    page.get_by_label("词语").fill("玉兰亭")
    page.get_by_role("button", name="加入").click()
    page.get_by_role("cell", name="玉兰亭").wait_for()


@task("understand")
def _understand(page: Any, busy: Busy) -> None:
    go(page, busy, "understand")
    page.get_by_label("这句话").fill("楼上天天半夜装修，吵死了")
    page.get_by_role("button", name="看看怎么理解").click()
    page.get_by_text("反映").first.wait_for()
    assert not busy.values(message.c.id, text="楼上天天半夜装修，吵死了") and busy.count(issue_event)


def test_every_page_has_a_task(busy: Busy) -> None:
    """Pages are known from the routes: a new one needs a task here."""
    pages = {rule.endpoint for rule in busy.app.url_map.iter_rules() if rule.endpoint.startswith("console.") and "GET" in (rule.methods or set())}
    assert {name.removeprefix("console.") for name in pages - NO_PAGES - (OPEN - {"console.login"})} == set(TASKS) - {"login_code"}


@pytest.mark.parametrize("name", sorted(TASKS))
def test_the_task(name: str, busy: Busy, browser: Any) -> None:
    """Done, its effect seen, and nothing that the browser complains of."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844}, accept_downloads=True)
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.set_default_timeout(10_000)
    if name not in ("login", "login_code"):
        sign_in(page, busy, WHO.get(name, "admin"))
    try:
        TASKS[name](page, busy)
    except Exception as error:
        raise AssertionError(f"{page.url} says:\n{page.locator('main').inner_text()[:3000]}") from error
    context.close()
    assert [each for each in troubles if "status of 40" not in each] == []  # a refusal is a page, and a line in the browser's own log
