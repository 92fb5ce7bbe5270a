"""The console's pages on understanding: trying a sentence, the community's own words, and corrections."""

import re

from sqlalchemy import select

import handlers  # noqa: F401 - registers every command, as the running house does
from models.tables import audit, community_word, correction, issue, message
from tests.web.desk import Desk, token


def _post(desk: Desk, path: str, **form: str) -> str:
    client = desk.client("east")
    return client.post(path, data={**form, "csrf_token": token(client, "/console/password")}, follow_redirects=True).text


def test_a_tried_sentence_shows_each_step_and_leaves_nothing(desk: Desk) -> None:
    """Intent, facts, and the steps in words; no message, no issue, no ballot."""
    with desk.db.read() as tx:
        before = len(tx.all(select(message.c.id))), len(tx.all(select(issue.c.id)))
    page = _post(desk, "/console/understand", text="要是不加钱我就举手", where="mention", role="resident",
        options="同意 反对", title="", quote="")
    assert "像投票但没选清" in page and "带了条件" in page and "一步一步" in page
    with desk.db.read() as tx:
        assert before == (len(tx.all(select(message.c.id))), len(tx.all(select(issue.c.id))))


def test_a_tried_order_of_a_resident_is_shown_as_not_carried_out(desk: Desk) -> None:
    """The same sentence, said by two roles."""
    for role, refused in (("resident", True), ("grid_worker", False)):
        page = _post(desk, "/console/understand", text="结束 P5", where="mention", role=role, options="", title="", quote="")
        assert ("没有权限" in page) is refused


def test_script_in_a_tried_sentence_is_only_text(desk: Desk) -> None:
    """It comes back escaped."""
    page = _post(desk, "/console/understand", text="<script>alert(1)</script>电梯坏了", where="group", role="resident",
        options="", title="", quote="")
    assert "<script>alert(1)" not in page and "&lt;script&gt;" in page


def test_own_words_are_added_heard_and_removed(desk: Desk) -> None:
    """A new place is understood in the next sentence, and every change is on record."""
    assert "听雨轩" in _post(desk, "/console/words/add", word="听雨轩", kind="place")
    page = _post(desk, "/console/understand", text="听雨轩的灯坏了没人修", where="mention", role="resident", options="",
        title="", quote="")
    assert re.search(r"地点</th><td[^>]*>听雨轩", page)
    assert "听雨轩" not in _post(desk, "/console/words/remove", word="听雨轩")
    with desk.db.read() as tx:
        acts = [r.action for r in tx.all(select(audit.c.action).where(audit.c.action.like("word.%")).order_by(audit.c.seq))]
    assert acts == ["word.add", "word.remove"]


def test_words_that_are_none_are_refused_with_a_reason(desk: Desk) -> None:
    """Too short, only digits, or of no kind."""
    for word, kind in (("亭", "place"), ("123", "place"), ("听雨轩", "nonsense"), ("长" * 30, "place")):
        page = _post(desk, "/console/words/add", word=word, kind=kind)
        assert "2 到 20 个字" in page or "没有这个类别" in page
    with desk.db.read() as tx:
        assert not tx.all(select(community_word))


def test_a_correction_changes_the_issue_and_is_kept_for_learning(desk: Desk) -> None:
    """Category, place and intent; what makes no sense is refused."""
    mine = desk.ids["east"]["issue"]
    assert "停车" in _post(desk, f"/console/issues/{mine}/correct", field="category", value="parking")
    _post(desk, f"/console/issues/{mine}/correct", field="place", value="北门")
    _post(desk, f"/console/issues/{mine}/correct", field="intent", value="chitchat")
    client = desk.client("east")
    wrong = client.post(f"/console/issues/{mine}/correct", data={"field": "category", "value": "aliens",
        "csrf_token": token(client, "/console/password")})
    assert wrong.status_code == 400
    with desk.db.read() as tx:
        row = tx.first(select(issue).where(issue.c.id == mine))
        kept = {r.field: r.after for r in tx.all(select(correction).where(correction.c.issue_id == mine))}
    assert row is not None and (row.category, row.place) == ("parking", "北门")
    assert kept == {"category": "parking", "place": "北门", "intent": "chitchat"}


def test_the_issue_of_another_community_cannot_be_corrected(desk: Desk) -> None:
    """It does not exist for this account."""
    client = desk.client("east")
    answer = client.post(f"/console/issues/{desk.ids['west']['issue']}/correct",
                         data={"field": "category", "value": "parking", "csrf_token": token(client, "/console/password")})
    assert answer.status_code == 404
