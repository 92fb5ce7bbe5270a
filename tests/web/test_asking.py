"""WeChat's button for one notice on the pages for phones: when it is there, what it may load, and whose pages are signed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models.tables import identity, permission
from services import notices
from tests.web.town import ISSUE, POLL, Town

NOTICES = "/m/test/notices"


def offered(page: str) -> list[str]:
    """The templates the button asks for."""
    found = re.findall(r'<wx-open-subscribe template="([^"]*)">', page)
    return found[0].split(",") if found else []


def allow(town: Town, template: str, who: str = "o-李叔") -> None:
    with town.stage.db.write() as tx:
        notices.grant(tx, identity_id=tx.scalar(select(identity.c.id).where(identity.c.external_id == who)), template=template,
                      event_id=f"e-{template}", now=town.stage.now)


def test_it_comes_after_voting_and_goes_when_something_is_allowed(town: Town) -> None:
    phone = town.phone("李叔")
    assert offered(phone.get(POLL).text) == []
    page = town.press(phone, POLL, "投票", option="1").text
    assert offered(page) == ["tmpl-remind"] and "下次快截止时提醒我一次" in page and "<section id=\"asking\"" in page
    allow(town, "result")
    assert offered(phone.get(POLL).text) == ["tmpl-remind"]
    allow(town, "remind")
    assert offered(phone.get(POLL).text) == []


def test_it_comes_after_seconding(town: Town) -> None:
    phone = town.phone("陈老师")
    assert offered(phone.get(ISSUE).text) == []
    page = town.press(phone, ISSUE, "我也遇到了，附议").text
    assert offered(page) == ["tmpl-result"] and "办好了通知我一次" in page
    assert offered(town.phone("李叔").get(ISSUE).text) == ["tmpl-result"]  # who raised it
    town.stage.play("周敏: 不予受理 I1 不归我们管")
    assert offered(phone.get(ISSUE).text) == []


def test_it_is_not_for_a_poll_that_is_over_or_a_visitor_nobody_knows(town: Town) -> None:
    phone = town.phone("李叔")
    town.press(phone, POLL, "投票", option="1")
    assert offered(town.phone().get(POLL).text) == []
    town.stage.play("周敏: 结束 P1 够了")
    assert offered(phone.get(POLL).text) == []


def test_the_page_of_notices_asks_for_all_at_most_three(town: Town) -> None:
    phone = town.phone("李叔")
    assert offered(phone.get(NOTICES).text) == ["tmpl-remind", "tmpl-result"]
    town.account.subscriptions = {str(n): f"t{n}" for n in range(5)}
    assert offered(phone.get(NOTICES).text) == ["t0", "t1", "t2"]
    town.account.subscriptions = {}
    page = phone.get(NOTICES)
    assert offered(page.text) == [] and "还没有开通提醒" in page.text and "<script" not in page.text


def test_only_wechats_script_is_let_in_and_only_where_its_button_is(town: Town) -> None:
    phone = town.phone("李叔")
    plain = phone.get(POLL).headers["Content-Security-Policy"]
    wider = phone.get(NOTICES).headers["Content-Security-Policy"]
    assert "http" not in plain and "connect-src" not in plain
    was, now = (dict(part.split(" ", 1) for part in policy.split("; ")) for policy in (plain, wider))
    assert now.pop("connect-src") == "'self'" and now.pop("script-src") == "'self' http://127.0.0.1:9"
    assert re.fullmatch(r"'self' 'sha256-[\w+/]{43}='", now.pop("style-src"))
    assert now == {name: was[name] for name in now} and set(was) - set(now) == {"script-src", "style-src"}
    assert phone.get(POLL).headers["Content-Security-Policy"] == plain


def test_the_button_is_hidden_until_wechat_shows_it_and_the_page_stays_small(town: Town) -> None:
    phone = town.phone("李叔")
    page = phone.get(NOTICES).text
    assert re.search(r'<section id="asking"[^>]* hidden ', page)
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/m/static/asking.js" defer>']
    assert sum(len(phone.get(p).data) for p in (NOTICES, "/m/static/phone.css", "/m/static/asking.js")) < 30_000


def test_a_page_of_ours_is_signed_for_its_visitor(town: Town) -> None:
    phone = town.phone("李叔")
    answer = phone.get("/m/test/sign", query_string={"url": f"http://localhost{POLL}?told=x"})
    assert answer.get_json() == {"appId": "wx1", "timestamp": 1, "nonceStr": "n", "signature": f"t http://localhost{POLL}?told=x"}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("who", "code", "url", "status"), [
    ("李叔", "test", "http://elsewhere.example/m/", 400), ("李叔", "test", "http://localhost/console/", 400),
    ("李叔", "test", "javascript://localhost/m/", 400), ("李叔", "test", "", 400), ("李叔", "test", "http://localhost/m/" + "x" * 1000, 400),
    ("李叔", "other", f"http://localhost{POLL}", 403), (None, "test", f"http://localhost{POLL}", 403)])
def test_nothing_else_is_signed(town: Town, who: str | None, code: str, url: str, status: int) -> None:
    assert town.phone(who).get(f"/m/{code}/sign", query_string={"url": url}).status_code == status


def test_without_a_ticket_the_page_is_told_so_and_opens_as_ever(town: Town) -> None:
    phone = town.phone("李叔")
    town.account.ticket = ""
    assert phone.get("/m/test/sign", query_string={"url": f"http://localhost{POLL}"}).status_code == 503
    assert phone.get(NOTICES).status_code == 200


@pytest.mark.parametrize("send", [lambda p: p.get("/m/test/sign?url=http://localhost/m/"), lambda p: p.get(NOTICES), lambda p: p.post(NOTICES),
                                  lambda p: p.post("/m/test/sign")])
def test_no_page_allows_anything_by_itself(town: Town, send: Callable[[FlaskClient], Any]) -> None:
    send(town.phone("李叔"))
    with town.stage.db.read() as tx:
        assert tx.all(select(permission.c.id)) == []
