"""What admins decide on an issue's page, and that looking at a kept-back name leaves a record."""

from sqlalchemy import func, select, update

from models.tables import audit as audit_table
from models.tables import correction, issue, issue_event, warning
from tests.web.desk import EVIL, Desk, token


def _post(desk: Desk, who: str, ids: dict[str, int], what: str, **data: str) -> int:
    client = desk.client(who)
    data["csrf_token"] = token(client, "/console/password")
    return client.post(f"/console/issues/{ids['issue']}/{what}", data=data).status_code


def test_a_level_is_set_with_a_reason_and_shown_with_its_history(desk: Desk) -> None:
    ids = desk.ids["east"]
    assert _post(desk, "east", ids, "level", level="red", reason="") == 400
    assert _post(desk, "east", ids, "level", level="purple", reason="看错了") == 400
    assert _post(desk, "east", ids, "level", level="red", reason=f"两家动手{EVIL}") == 302
    assert _post(desk, "east", ids, "level", level="auto", reason="弄错了") == 302
    page = desk.client("east").get(f"/console/issues/{ids['issue']}").text
    assert "红色" in page and "两家动手&lt;script&gt;" in page and "弄错了" in page and "<script>" not in page
    with desk.db.read() as tx:
        rows = tx.all(select(warning).order_by(warning.c.id))
        assert [row.level for row in rows] == ["red", "none"] and rows[0].made_by.startswith("account:")


def test_nobody_of_another_community_decides(desk: Desk) -> None:
    ids = desk.ids["east"]
    for what, data in (("level", {"level": "red"}), ("track", {"track": "public"}), ("reveal", {})):
        assert _post(desk, "west", ids, what, reason="四个字以上", **data) == 404
    with desk.db.read() as tx:
        assert tx.all(select(warning)) == []


def test_the_track_is_corrected_and_kept_to_learn_from(desk: Desk) -> None:
    ids = desk.ids["east"]
    assert _post(desk, "east", ids, "track", track="nobody") == 400
    assert _post(desk, "east", ids, "track", track="public", reason="要城管执法") == 302
    page = desk.client("east").get(f"/console/issues/{ids['issue']}").text
    assert "政务" in page and "要城管执法" in page
    with desk.db.read() as tx:
        kept = tx.execute(select(correction)).one()
        assert (kept.field, kept.before, kept.after) == ("track", "shared", "public")


def test_a_kept_back_name_is_shown_once_and_only_for_a_reason(desk: Desk) -> None:
    """Neither the page, the list, its file nor the course says who; looking is in the chain and on the course."""
    ids = desk.ids["east"]
    with desk.db.write() as tx:
        tx.execute(update(issue).where(issue.c.id == ids["issue"]).values(anonymous=True))
        tx.execute(update(issue_event).where(issue_event.c.issue_id == ids["issue"]).values(actor_id=None))
    client = desk.client("east")
    for path in (f"/console/issues/{ids['issue']}", "/console/issues", "/console/issues?person=3幢2单元501"):
        assert "李east" not in client.get(path).text and 'data-title="反映人">3幢' not in client.get(path).text
    assert "李east" not in desk.csv(client, "/console/issues.csv")
    csrf = token(client, "/console/password")
    assert client.post(f"/console/issues/{ids['issue']}/reveal", data={"csrf_token": csrf, "reason": "想看"}).status_code == 400
    shown = client.post(f"/console/issues/{ids['issue']}/reveal", data={"csrf_token": csrf, "reason": "老人摔倒要上门"})
    assert shown.status_code == 200 and "李east" in shown.text
    page = client.get(f"/console/issues/{ids['issue']}").text
    assert "李east" not in page and "老人摔倒要上门" in page
    with desk.db.read() as tx:
        done = list(tx.connection.scalars(select(audit_table.c.actor).where(audit_table.c.action == "issue.reveal").order_by(audit_table.c.seq)))
        assert done[-1].startswith("account:")


def test_an_issue_with_a_name_needs_no_look(desk: Desk) -> None:
    ids = desk.ids["east"]
    looks = select(func.count()).select_from(audit_table).where(audit_table.c.action == "issue.reveal")
    with desk.db.read() as tx:
        before = tx.scalar(looks)
    assert _post(desk, "east", ids, "reveal", reason="老人摔倒要上门") == 302
    with desk.db.read() as tx:
        assert tx.scalar(looks) == before
