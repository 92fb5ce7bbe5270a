"""The console's pages of news that people carry: who carries what since when, and ticking it off."""

import re
from datetime import timedelta

from sqlalchemy import select, update

from domain.roles import SYSTEM
from models.tables import audit as audit_table
from models.tables import chat, forward, group_task, identity, person
from services import accounts, audit
from tests.web.desk import NOW, Desk, token


def cell(page: str, title: str) -> list[str]:
    """What stands in this column, row by row, without markup."""
    return [re.sub(r"<[^>]+>", "", c).strip() for c in re.findall(rf'<td data-title="{title}"[^>]*>(.*?)</td>', page, re.DOTALL)]


def state(desk: Desk, name: str = "east") -> tuple[str, int | None]:
    """How the forward of this community stands, and who ended it."""
    with desk.db.read() as tx:
        row = tx.first(select(forward.c.state, forward.c.done_by).where(forward.c.id == desk.ids[name]["forward"]))
    assert row is not None
    return row.state, row.done_by


def acts(desk: Desk) -> list[tuple[str, str, str]]:
    """What the chain knows about forwards."""
    with desk.db.read() as tx:
        return [(r.actor.partition(":")[0], r.action, r.detail) for r in tx.all(
            select(audit_table).where(audit_table.c.action.like("forward.%")).order_by(audit_table.c.seq))]


def keep(desk: Desk) -> int:
    """A grid worker keeps the group of east."""
    with desk.db.write() as tx:
        where = tx.scalar(select(person.c.community_id).where(person.c.id == desk.ids["east"]["person"]))
        who = tx.add(person, community_id=where, name="周敏", role="grid_worker", created_at=NOW)
        tx.execute(update(chat).where(chat.c.id == desk.ids["east"]["group"]).values(keeper_id=who))
    return who


def test_the_list_says_what_waits_for_which_group_with_whom_and_since_when(desk: Desk) -> None:
    """Without a keeper all staff carry it."""
    client = desk.client("east")
    page = client.get("/console/forwards?kind=waiting").text
    assert cell(page, "发到哪个群") == ["east群"] and cell(page, "谁来转") == ["全体工作人员"]
    assert cell(page, "时间") == cell(page, "交给了") == ["3 月 2 日（周一）10:00"]
    assert cell(page, "催过几次") == ["1"] and cell(page, "状态") == ["待转发"]
    keep(desk)
    assert cell(client.get("/console/forwards").text, "谁来转") == ["周敏"]


def test_what_is_ticked_off_is_noted_with_the_account_and_leaves_the_list(desk: Desk) -> None:
    """And a second press of the same button says that it is done, and changes nothing."""
    client, path = desk.client("east"), f"/console/forwards/{desk.ids['east']['forward']}/done"
    csrf = token(client, "/console/password")
    answer = client.post(path, data={"csrf_token": csrf})
    assert answer.status_code == 302 and answer.location.endswith("/console/forwards?kind=waiting")
    assert state(desk) == ("done", None)
    assert [a[:2] for a in acts(desk)] == [("account", "forward.done")]
    assert not cell(client.get("/console/forwards?kind=waiting").text, "状态")
    shown = client.get("/console/forwards?kind=done").text
    assert cell(shown, "状态") == ["已转发"] and "deed.forward_done" not in shown and path not in shown
    again = client.post(path, data={"csrf_token": csrf})
    assert again.status_code == 400 and "可能已经转过了" in again.text
    assert len(acts(desk)) == 1 and state(desk, "west") == ("waiting", None)


def test_dropping_needs_a_reason_that_stays_out_of_the_chain(desk: Desk) -> None:
    """Spaces are no reason."""
    client, path = desk.client("east"), f"/console/forwards/{desk.ids['east']['forward']}/drop"
    csrf = token(client, "/console/password")
    for nothing in ("", "  "):
        refused = client.post(path, data={"csrf_token": csrf, "reason": nothing})
        assert refused.status_code == 400 and "请写上不转的原因" in refused.text
    assert state(desk) == ("waiting", None)
    assert client.post(path, data={"csrf_token": csrf, "reason": "群已解散"}).status_code == 302
    assert state(desk) == ("dropped", None)
    assert [a[:2] for a in acts(desk)] == [("account", "forward.dropped")] and "解散" not in acts(desk)[0][2]


def test_an_account_of_every_community_ticks_off_what_it_sees(desk: Desk) -> None:
    """The row in the chain belongs to the community of the group."""
    with desk.db.write() as tx:
        accounts.create(tx, SYSTEM, username="all", password="a long password", community_id=None, now=NOW)
        audit.seal(tx)
    client = desk.client("all")
    client.post(f"/console/forwards/{desk.ids['west']['forward']}/done", data={"csrf_token": token(client, "/console/password")})
    assert state(desk, "west") == ("done", None) and state(desk) == ("waiting", None)
    with desk.db.read() as tx:
        row = tx.first(select(audit_table.c.community_id).where(audit_table.c.action == "forward.done"))
        assert row and row[0] == tx.scalar(select(forward.c.community_id).where(forward.c.id == desk.ids["west"]["forward"]))


def test_tasks_show_the_owner_and_what_became_of_them(desk: Desk) -> None:
    """The owner is called by name when their account is known, else as the platform calls them."""
    client = desk.client("east")
    page = client.get("/console/tasks?kind=waiting").text
    assert cell(page, "群主")[0].startswith("owner-east") and cell(page, "内容") == ["east结果"] and cell(page, "催过几次") == ["2"]
    assert cell(page, "状态") == ["等群主确认"]
    with desk.db.write() as tx:
        owner = tx.scalar(select(group_task.c.owner).where(group_task.c.chat_id == desk.ids["east"]["group"]))
        tx.add(identity, person_id=desk.ids["east"]["person"], channel="customer", external_id=owner, heard_at=NOW)
    assert "3幢2单元501" in cell(client.get("/console/tasks").text, "群主")[0]
    with desk.db.write() as tx:
        tx.execute(update(group_task).values(state="sent", sent_at=NOW + timedelta(hours=1)))
    assert not cell(client.get("/console/tasks?kind=waiting").text, "状态")
    assert cell(client.get("/console/tasks?kind=sent").text, "状态") == ["已发出"]


def test_the_first_page_counts_what_waits_for_people(desk: Desk) -> None:
    """Only of the account's own community."""
    page = desk.client("east").get("/console/").text
    for name, path in (("待转发", "forwards"), ("待群主确认", "tasks")):
        assert re.search(rf'href="/console/{path}\?kind=waiting"><b>1</b>{name}', page), name
    desk_client = desk.client("east")
    desk_client.post(f"/console/forwards/{desk.ids['east']['forward']}/done",
                     data={"csrf_token": token(desk_client, "/console/password")})
    assert '<b>0</b>待转发' in desk_client.get("/console/").text


def test_words_find_a_forward_by_its_group_or_text(desk: Desk) -> None:
    """And percent signs mean themselves."""
    client = desk.client("east")
    for words, found in (("east群", 1), ("转发", 1), ("没有这个", 0), ("%", 0)):
        assert len(cell(client.get(f"/console/forwards?text={words.replace('%', '%25')}").text, "状态")) == found, words
