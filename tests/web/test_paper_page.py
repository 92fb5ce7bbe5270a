"""The console's page for ballots on paper."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select, update

from models.tables import account, ballot, paper_ballot, poll
from tests.web.desk import Desk, token


def _photo() -> tuple[BytesIO, str]:
    into = BytesIO()
    Image.new("RGB", (300, 200), "white").save(into, "PNG")
    into.seek(0)
    return into, "票.png"


def _post(desk: Desk, who: str, path: str, **data: object) -> tuple[int, str]:
    client = desk.client(who)
    answer = client.post(path, data={**data, "csrf_token": token(client, "/console/password")}, content_type="multipart/form-data",
                         follow_redirects=True)
    return answer.status_code, answer.text


@pytest.fixture
def asked(desk: Desk) -> tuple[Desk, str]:
    """An open poll of households."""
    key = desk.ids["east"]["poll1"]
    with desk.db.write() as tx:
        tx.execute(update(poll).where(poll.c.id == key).values(household=True, anonymous=False, state="open", secret=False))
    return desk, f"/console/polls/{key}/paper"


def test_a_paper_is_entered_confirmed_by_another_and_shown(asked: tuple[Desk, str]) -> None:
    desk, path = asked
    with desk.db.read() as tx:
        options = tx.scalar(select(poll.c.options).where(poll.c.id == desk.ids["east"]["poll1"]))
    code, page = _post(desk, "east", path, home="3幢2单元501", choice=options[0], proxy="", photo=_photo())
    assert code == 200 and "请另一位工作人员" in page, page
    with desk.db.read() as tx:
        one = tx.scalar(select(paper_ballot.c.id).order_by(paper_ballot.c.id.desc()))
    assert desk.client("east").get(f"{path}/{one}.jpg").data.startswith(b"\xff\xd8")
    code, page = _post(desk, "east", f"{path}/{one}", choice=options[0])
    assert code == 400 and "不能自己核对" in page
    with desk.db.write() as tx:  # as if somebody else had entered it
        other = tx.scalar(select(account.c.id).order_by(account.c.id.desc()))
        tx.execute(update(paper_ballot).where(paper_ballot.c.id == one).values(entered_by=f"account:{other}"))
    code, page = _post(desk, "east", f"{path}/{one}", choice=options[0])
    assert code == 200 and "核对一致，已计票" in page
    with desk.db.read() as tx:
        assert tx.scalar(select(ballot.c.choice).where(ballot.c.poll_id == desk.ids["east"]["poll1"], ballot.c.person_id.is_(None))) == "0"
    shown = desk.client("east").get(path.removesuffix("/paper")).text
    assert "代录" in shown and "纸质票或电话票核对后计入" in shown


def test_papers_of_another_community_are_not_there(asked: tuple[Desk, str]) -> None:
    desk, path = asked
    assert desk.client("west").get(path).status_code == 404
    assert desk.client("west").get(f"{path}/1.jpg").status_code == 404
    assert _post(desk, "west", path, home="3幢2单元501", choice="1", photo=_photo())[0] == 404


def test_a_note_from_outside_is_not_shown(asked: tuple[Desk, str]) -> None:
    """Only the page's own sentences, by name."""
    desk, path = asked
    assert "快去别处" not in desk.client("east").get(f"{path}?done=快去别处").text
