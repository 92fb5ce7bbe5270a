"""`app.py round import` and `export`: a round of the public format goes in, is computed, and comes out as it was."""

import zipfile
from pathlib import Path

import pytest
from sqlalchemy import select

from models.base import Database
from models.round_reports import round_report
from models.rounds import opinion_round
from models.tables import community, issue, person
from ops import database, house
from services import round_view, rounds
from tests.ops.test_tools import installation, run  # noqa: F401 - the fixture

COMMENTS = "timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body\n1000,x,7,3,0,0,1,先修排水\n1000,x,9,4,0,0,-1,广告\n"
VOTES = "timestamp,datetime,comment-id,voter-id,vote\n" + "".join(f"{1000 + v},x,7,{v},1\n" for v in range(6))


def test_in_and_out_again(installation: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    """Without --apply nothing changes; with it the findings are there; a wrong file or number is one sentence and 2."""
    assert run("db", "upgrade") == 0
    db = Database(f"sqlite:///{tmp_path / 'linyi.db'}")
    assert database.current(db)[0] == database.newest()
    with db.write() as tx:
        where = tx.add(community, code="east", name="东区", last_issue=1)
        who = tx.add(person, community_id=where, name="周敏", role="grid_worker", told_version=1, consent_version=1, created_at=house.now())
        tx.add(issue, community_id=where, number=1, state="accepted", category="other", title="排水", text="排水", submitter_id=who,
               created_at=house.now(), changed_at=house.now())
    said, cast = tmp_path / "comments.csv", tmp_path / "votes.csv"
    said.write_text(COMMENTS, "utf-8")
    cast.write_text(VOTES, "utf-8")
    words = ("round", "import", "I1", "--community", "east", "--statements", str(said), "--votes", str(cast))
    assert run(*words) == 0 and "加 --apply" in capsys.readouterr().out
    with db.read() as tx:
        assert tx.first(select(opinion_round)) is None
    assert run(*words, "--apply", "--title", "别处的一轮") == 0
    assert "6 人，2 条观点，6 次表态，大家都认可的 1 条" in capsys.readouterr().out
    with db.read() as tx:
        report = round_view.of(tx, rounds.of_issue(tx, where, 1))
        assert report is not None and [report.text(key) for key in report.common] == ["先修排水"] and report.round.title == "别处的一轮"
        assert tx.scalar(select(round_report.c.made_at)) is not None
    out = tmp_path / "out.zip"
    assert run("round", "export", "I1", "--community", "east", "--out", str(out)) == 0
    with zipfile.ZipFile(out) as box:
        assert [line for line in box.read("votes.csv").decode().splitlines() if line.endswith(",5,1")]
    for wrong, what in ((("round", "export", "x", "--community", "east", "--out", str(out)), "议题编号"),
                        (("round", "export", "I1", "--community", "west", "--out", str(out)), "west"),
                        (("round", "export", "I9", "--community", "east", "--out", str(out)), "I9"),
                        ((*words[:-1], str(said)), "缺少列")):
        assert run(*wrong) == 2 and what in capsys.readouterr().err
    db.close()
