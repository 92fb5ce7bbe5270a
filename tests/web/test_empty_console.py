"""A fresh installation: one account, no community. Every page opens and leads on."""

import re
from datetime import timedelta

import pytest

from domain.roles import SYSTEM
from models.base import Database
from models.tables import community
from services import accounts
from tests.web.desk import NOW, Desk, console_of
from tests.web.gallery import NO_PAGES, PARTY_PAGES

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # what is shown does not depend on where it is kept
BARE = ("没有房屋", "没有居民", "没有议题", "没有投票", "没有消息", "没有征言", "没有办过恳谈会", "没有承诺")


@pytest.fixture
def fresh(db: Database) -> Desk:
    """The console on the first day."""
    desk = Desk(db)
    desk.app = console_of(desk)
    with db.write() as tx:
        accounts.create(tx, SYSTEM, username="admin", password="a long password", community_id=None, now=NOW)
    return desk


def test_the_first_page_leads_to_the_guide_until_a_community_can_work(fresh: Desk) -> None:
    """First to make a community, then to what it lacks."""
    client = fresh.client("admin")
    assert "还没有社区" in (page := client.get("/console/").text) and 'href="/console/setup"' in page.partition("<main")[2]
    with fresh.db.write() as tx:
        tx.add(community, code="one", name="翠苑一区", last_issue=0, last_poll=0)
    page = client.get("/console/").text
    assert "还没有社区" not in page and "还没有开办完：楼栋和房屋、群、工作人员" in page


def test_every_page_opens_and_says_what_is_next(fresh: Desk) -> None:
    """A page that needs a community leads to the guide; a list with nothing in it says how something comes into it."""
    assert fresh.app is not None
    client = fresh.client("admin")
    fresh.now += timedelta(minutes=1)
    said = ""
    for rule in fresh.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments or not rule.endpoint.startswith("console.") or rule.endpoint in NO_PAGES | PARTY_PAGES:
            continue
        answer = client.get(rule.rule)
        if rule.endpoint.startswith("console.setup_"):
            assert answer.status_code == 302 and answer.location == "/console/setup", rule.rule
            continue
        assert answer.status_code == 200 or rule.endpoint == "console.login", rule.rule
        assert len(re.findall(r"<h1[ >]", answer.text)) == 1, rule.rule
        said += answer.text
    assert [words for words in BARE if words not in said] == []
