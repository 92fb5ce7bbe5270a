"""The public Polis export format: written, read again, and refused with a clear sentence when something is wrong."""

import json
from pathlib import Path

import pytest

import app
from domain.errors import Refusal
from opinions import polis
from tests.opinions.planted import camps

COMMENTS = [polis.Comment("0", "a", "多装几盏灯", 1, 1_700_000_000_000), polis.Comment("1", "b", "含“引号”,逗号\n换行", 0, 5),
            polis.Comment("2", "a", "广告", -1, 9)]
VOTES = [polis.Vote("b", "0", 1, 10), polis.Vote("a", "0", -1, 11), polis.Vote("b", "1", 0, 12), polis.Vote("b", "0", -1, 13)]
HEAD = "timestamp,datetime,comment-id,voter-id,vote\n"
BODIES = "timestamp,datetime,comment-id,author-id,agrees,disagrees,moderated,comment-body\n1,x,0,a,0,0,1,路灯\n"


def _put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_round_trip(tmp_path: Path) -> None:
    """What was written is read again, the votes in the order they were given."""
    comments = polis.read_comments(_put(tmp_path, "comments.csv", polis.write_comments(COMMENTS, VOTES)))
    assert comments == COMMENTS
    assert polis.read_votes(_put(tmp_path, "votes.csv", polis.write_votes(reversed(VOTES))), comments) == VOTES
    table = polis.write_participants(COMMENTS, VOTES, {"b": 1})
    assert table.splitlines() == ["participant,group-id,n-comments,n-votes,n-agree,n-disagree,0,1,2", "a,,2,1,0,1,-1,,",
                                  "b,1,1,2,0,1,-1,0,"]
    read = polis.read_votes(_put(tmp_path, "participants-votes.csv", table), comments)
    assert {(v.person, v.comment, v.value) for v in read} == {("a", "0", -1), ("b", "0", -1), ("b", "1", 0)}


def test_pseudonyms_say_nothing_and_stay() -> None:
    """Numbers in the order of a secret mark; the next export gives the same."""
    marks = {"wang": "f0", "li": "07", "zhao": "9a"}
    names = polis.pseudonyms(["wang", "zhao", "li"], marks)
    assert names == {"li": "0", "zhao": "1", "wang": "2"} == polis.pseudonyms(reversed(list(marks)), marks)
    comments, votes = polis.renamed([polis.Comment("0", "li", "x")], [polis.Vote("wang", "0", 1)], names)
    assert comments[0].author == "0" and votes[0].person == "2"


@pytest.mark.parametrize(("votes", "said"), [
    ("1,x,0,a,2\n", "第 2 行"), ("1,x,0,a,1\n1,x,7,a,1\n", "第 3 行"), ("1,x,0,,1\n", "voter-id"), ("1,x,0,a\n", "格数不对"),
    ("1,x,0,a,1,9\n", "格数不对"), ("soon,x,0,a,1\n", "timestamp"), ("", "一次表态也没有")])
def test_bad_votes_are_refused_by_row(tmp_path: Path, votes: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 and one sentence that names the row."""
    put = _put(tmp_path, "votes.csv", HEAD + votes), _put(tmp_path, "comments.csv", BODIES)
    assert app.main(["opinions", "--votes", str(put[0]), "--statements", str(put[1])]) == 2
    out, err = capsys.readouterr()
    assert not out and said in err and err.count("\n") == 1


@pytest.mark.parametrize(("text", "key"), [
    ("a,b\n1,2\n", "opinions.file.columns"), (BODIES + "1,x,0,a,0,0,1,again\n", "opinions.file.twice"),
    (BODIES + "1,x,1,a,0,0,yes,text\n", "opinions.file.moderated"), (BODIES + "1,x,,a,0,0,1,text\n", "opinions.file.empty")])
def test_bad_statements_are_refused(tmp_path: Path, text: str, key: str) -> None:
    """Columns, doubles, moderation."""
    with pytest.raises(Refusal) as no:
        polis.read_comments(_put(tmp_path, "comments.csv", text))
    assert no.value.key == key


def test_missing_and_foreign_files_are_refused(tmp_path: Path) -> None:
    """No file; not text."""
    with pytest.raises(Refusal, match=r"opinions\.file\.missing"):
        polis.read_comments(tmp_path / "none.csv")
    (tmp_path / "x.csv").write_bytes("观点".encode("gb18030"))
    with pytest.raises(Refusal, match=r"opinions\.file\.encoding"):
        polis.read_comments(tmp_path / "x.csv")


def test_the_command_writes_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Groups, places, lists and the verdict; one that was taken out is nowhere."""
    events, of = camps(40, 20, 2)
    comments = [polis.Comment(f"s{n}", "p0", f"观点 {n}", -1 if n == 3 else 1) for n in range(20)]
    votes = [polis.Vote(p, s, v, n) for n, (p, s, v) in enumerate(events)]
    files = (_put(tmp_path, "votes.csv", polis.write_votes(votes)), _put(tmp_path, "c.csv", polis.write_comments(comments, votes)))
    out = tmp_path / "out.json"
    assert app.main(["opinions", "--votes", str(files[0]), "--statements", str(files[1]), "--out", str(out)]) == 0
    data = json.loads(out.read_text("utf-8"))
    assert data["gate"]["groups_shown"] and data["gate"]["reason"] is None
    assert sorted(sorted({of[p] for p in group["members"]}) for group in data["groups"]) == [[0], [1]]
    assert data["group_informed_consensus"][0]["text"] == "观点 19" and data["consensus"]["agree"][0]["statement"] == "s19"
    assert len(data["projections"]) == 40 and data["moderated_out"] == ["s3"]
    assert "s3" not in json.dumps([data["groups"], data["consensus"], data["group_informed_consensus"]])
    assert "分成 2 组：20 人、20 人" in capsys.readouterr().err
