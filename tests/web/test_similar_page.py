"""The page of issues that seem to be one matter: proposals with links, the words of the week, and no other community's."""

from datetime import timedelta

from sqlalchemy import select

from models.tables import issue, issue_group, person
from tests.web.desk import NOW, Desk


def put(desk: Desk, name: str, *titles: str, grouped: bool = True) -> list[int]:
    """Open issues of different people, proposed as one matter."""
    with desk.db.write() as tx:
        where = tx.scalar(select(issue.c.community_id).where(issue.c.id == desk.ids[name]["issue"]))
        found = []
        for n, title in enumerate(titles, 20):
            who = tx.add(person, community_id=where, name=f"名字{n}", role="resident",
                told_version=1, consent_version=1, created_at=NOW)
            found.append(tx.add(issue, community_id=where, number=n, state="submitted", category="elevator",
                title=title, text=title,
                                submitter_id=who, created_at=NOW - timedelta(hours=1), changed_at=NOW))
        if grouped:
            for each in found:
                tx.add(issue_group, issue_id=each, first_id=found[0])
    return found


def test_proposed_groups_are_shown_with_links_and_the_command(desk: Desk) -> None:
    """Each issue leads to its page; the command is there to copy, and no button does it."""
    first, second = put(desk, "east", "3幢电梯停运没人修", "3幢电梯又停运了")
    page = desk.client("east").get("/console/similar").text
    assert f'href="/console/issues/{first}"' in page and f'href="/console/issues/{second}"' in page
    assert "合并 I21 I20" in page and page.count("<form") == 1  # signing out
    assert "名字" not in page


def test_another_community_s_groups_and_words_are_not_shown(desk: Desk) -> None:
    """Neither titles nor keywords."""
    put(desk, "east", "3幢电梯停运没人修", "3幢电梯又停运了")
    page = desk.client("west").get("/console/similar").text
    assert "电梯停运" not in page and "I20" not in page and "没有说得像同一件事" in page


def test_a_group_of_which_one_is_left_is_no_group(desk: Desk) -> None:
    """Merged or done issues fall out by themselves."""
    first, _ = put(desk, "east", "3幢电梯停运没人修", "3幢电梯又停运了")
    with desk.db.write() as tx:
        tx.execute(issue.update().where(issue.c.id == first).values(state="closed"))
    assert "没有说得像同一件事" in desk.client("east").get("/console/similar").text


def test_the_words_of_the_week_are_shown_with_their_issues(desk: Desk) -> None:
    """Two people's issues share them."""
    put(desk, "east", "3幢水管漏水没人修", "1幢水管漏水", grouped=False)
    page = desk.client("east").get("/console/similar").text
    assert "水管漏水（" not in page and "<b>水管漏水</b>" in page and ">I20</a>" in page and ">I21</a>" in page and "2 人" in page
