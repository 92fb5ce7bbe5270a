"""The console's pages of rounds: the result, its files for who may have them, and a round of elsewhere taken in by a form."""

import io
import re
import zipfile

import pytest
from sqlalchemy import select, update

from domain.roles import SYSTEM
from models.rounds import opinion, opinion_round
from models.tables import audit as audit_table
from models.tables import message
from services import accounts, audit, round_making
from tests.services.crowd import BRIDGE, close, gather
from tests.web.desk import EVIL, NOW, Desk, token

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@pytest.fixture
def held(desk: Desk) -> tuple[Desk, int]:
    """A round of twenty that is over, in a community with an account `crowd`."""
    crowd = gather(desk.db, people=20, statements=10)
    with desk.db.write() as tx:
        accounts.create(tx, SYSTEM, username="crowd", password="a long password", community_id=crowd.community_id, now=NOW)
        said = tx.add(message, channel="mp", external_id="said", community_id=crowd.community_id, kind="text", state="done", sent_at=NOW, received_at=NOW)
        tx.execute(update(opinion).where(opinion.c.id == crowd.bridge).values(message_id=said))
        audit.seal(tx)
    close(desk.db, crowd, now=NOW)
    round_making.make_due(desk.db, now=NOW)
    return desk, crowd.round_id


def test_the_page_shows_the_result_and_leads_to_what_was_said(held: tuple[Desk, int]) -> None:
    desk, key = held
    client = desk.client("crowd")
    assert "加装电梯怎么装" in client.get("/console/rounds").text and "east" not in client.get("/console/rounds").text
    page = client.get(f"/console/rounds/{key}").text
    assert f"“{BRIDGE}”" in page and "1幢" in page and "各幢" in page
    link = re.findall(r'<a href="(/console/messages\?before=\d+)">', page)
    assert len(link) == 1 and client.get(link[0]).status_code == 200
    picture = client.get(f"/console/rounds/{key}.png")
    assert picture.data.startswith(b"\x89PNG") and picture.headers["Cache-Control"] == "no-store" or "private" in picture.headers["Cache-Control"]
    assert "居民0" not in page


def test_the_files_are_given_to_its_own_account_and_that_is_noted(held: tuple[Desk, int]) -> None:
    desk, key = held
    client = desk.client("crowd")
    csrf = token(client, "/console/password")
    answer = client.post(f"/console/rounds/{key}.zip", data={"csrf_token": csrf})
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as box:
        assert BRIDGE in box.read("comments.csv").decode()
    other = desk.client("east")
    assert other.post(f"/console/rounds/{key}.zip", data={"csrf_token": token(other, "/console/password")}).status_code == 404
    few = other.post(f"/console/rounds/{desk.ids['east']['round']}.zip", data={"csrf_token": token(other, "/console/password")})
    assert few.status_code == 400 and "不到 5 人" in few.text
    with desk.db.read() as tx:
        assert [r.actor for r in tx.all(select(audit_table).where(audit_table.c.action == "round.export"))] == ["account:3"]


COMMENTS = f"timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body\n0,x,1,,0,0,1,先修排水{EVIL}\n0,x,2,,0,0,1,明年再说\n"
VOTES = "timestamp,datetime,comment-id,voter-id,vote\n" + "".join(f"0,x,{c},{v},{1 if c == 1 else -1 if v % 2 else 1}\n" for v in range(8) for c in (1, 2))


def test_a_round_of_elsewhere_is_taken_in_by_a_form(desk: Desk) -> None:
    """Its findings are there at once, what was said is escaped; wrong files and numbers say what is wrong and change nothing."""
    client = desk.client("east")
    csrf = token(client, "/console/password")

    def send(issue: str = "I1", comments: str = COMMENTS, votes: str = VOTES):  # type: ignore[no-untyped-def]
        return client.post("/console/rounds", content_type="multipart/form-data", data={
            "csrf_token": csrf, "issue": issue, "title": "Polis 的一轮", "comments": (io.BytesIO(comments.encode()), "c.csv"),
            "votes": (io.BytesIO(votes.encode()), "v.csv")})
    with desk.db.write() as tx:
        from models.tables import person
        tx.execute(update(person).where(person.c.id == desk.ids["east"]["person"]).values(role="grid_worker"))
    for wrong, words in (({"issue": "x"}, "议题编号"), ({"issue": "I99"}, "没有 I99"), ({"comments": ""}, "comments.csv"),
                         ({"votes": VOTES.replace(",1,0,1", ",7,0,1")}, "不在观点文件里"), ({"votes": "".join(VOTES.splitlines(True)[:7])}, "不到 5 人")):
        answer = send(**wrong)
        assert answer.status_code == 400 and words in answer.text, (wrong, re.findall(r'role="status">(.*?)<', answer.text))
    with desk.db.read() as tx:
        assert len(tx.all(select(opinion_round))) == 2
    answer = send()
    assert answer.status_code == 302
    page = client.get(answer.location).text
    assert "先修排水&lt;script&gt;" in page and "<script>" not in page and "同意 8，不同意 0" in page and "导入的" in page
    again = client.post(f"{answer.location}.zip", data={"csrf_token": csrf})
    with zipfile.ZipFile(io.BytesIO(again.data)) as box:
        assert box.read("votes.csv").decode() == VOTES
