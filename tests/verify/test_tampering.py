"""Every kind of tampering with an export is found, and the message names the place."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain import merkle
from domain.export import GENESIS, link
from domain.receipts import canonical
from tests.verify.elections import ELECTIONS, SPECIAL, Election, owners, verify

Files = dict[str, bytes]
VOTE = owners(45, 15, 0, secrecy="named")  # exactly at the limit: any ballot more or less would show in the result


def change(files: Files, name: str, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Edits a JSON file in place."""
    thing = json.loads(files[name])
    edit(thing)
    files[name] = canonical(thing)


def lines(files: Files, name: str) -> list[dict[str, Any]]:
    """A file's rows."""
    return [json.loads(line) for line in files[name].splitlines()]


def rewrite(files: Files, name: str, rows: list[dict[str, Any]]) -> None:
    """Writes a file's rows."""
    files[name] = b"".join(canonical(row) + b"\n" for row in rows)


def relink(rows: list[dict[str, Any]]) -> None:
    """Computes the log's chain anew, as a forger would."""
    prev = GENESIS
    for seq, row in enumerate(rows, 1):
        row.pop("hash")
        row |= {"seq": seq, "prev": prev}
        prev = row["hash"] = link(row)


def remake(files: Files) -> None:
    """Makes the manifest fit the files again, as a forger would."""
    leaves = files["ballots.jsonl"].split(b"\n")[:-1]
    change(files, "manifest.json", lambda m: m.update(
        files={name: sha256(data).hexdigest() for name, data in files.items() if name != "manifest.json"}, tree_size=len(leaves),
        root=merkle.root(leaves).hex(), log_head=lines(files, "log.jsonl")[-1]["hash"]))


def facts(files: Files) -> dict[str, Any]:
    """The manifest."""
    return json.loads(files["manifest.json"])


def nth(files: Files, n: int, **new: Any) -> str:
    """Changes the n-th published ballot (from 1); its receipt."""
    rows = lines(files, "ballots.jsonl")
    rows[n - 1] |= new
    rewrite(files, "ballots.jsonl", rows)
    return str(rows[n - 1]["receipt"])


def wrong(tmp_path: Path, files: Files, *needles: str, args: tuple[str, ...] = ()) -> str:
    """The verifier says that it is wrong, in these words; what it said."""
    code, said = verify(tmp_path, files, *args)
    assert code == 1, said
    for needle in needles:
        assert needle in said, said
    return said


def flipped(files: Files, n: int) -> str:
    """The n-th ballot turned from one side to the other."""
    return nth(files, n, choice={"0": "1", "1": "0"}[lines(files, "ballots.jsonl")[n - 1]["choice"]])


def test_a_changed_ballot(tmp_path: Path) -> None:
    """Root, file, log and count disagree, and the ballot is named."""
    files = VOTE.files()
    receipt = flipped(files, 17)
    wrong(tmp_path, files, "ballots.jsonl 与清单", "选票的根是", f"第 17 张票（{receipt}）的选择在日志里没有", "公布的票数，第 1 项“同意”是 45")


def test_a_changed_ballot_with_the_manifest_made_to_fit(tmp_path: Path) -> None:
    """The ballot is found by the log; the closing row no longer fits the root."""
    files = VOTE.files()
    receipt = flipped(files, 17)
    remake(files)
    said = wrong(tmp_path, files, f"第 17 张票（{receipt}）的选择在日志里没有", "与日志 closed 那一行记下的不同")
    assert "ballots.jsonl 与清单" not in said


def test_a_changed_ballot_is_named_in_the_internal_export_of_a_vote_named_to_staff(tmp_path: Path) -> None:
    """With the salts the log can be looked up there too."""
    files = owners(45, 15, 0).files(internal=True)
    assert verify(tmp_path, files)[0] == 0
    receipt = flipped(files, 3)
    remake(files)
    wrong(tmp_path, files, f"第 3 张票（{receipt}）的选择在日志里没有")


def test_everything_forged_but_the_root_was_posted(tmp_path: Path) -> None:
    """A whole new export, consistent in itself: only what was posted tells."""
    posted, forged = facts(VOTE.files()), owners(44, 16, 0, secrecy="named", facts={"passed": False}).files()
    assert verify(tmp_path, forged)[0] == 0
    assert "没有与群里公布的根或日志末尾比较" in verify(tmp_path, forged)[1]
    wrong(tmp_path, forged, "选票与公布的根不符：群里公布的是 " + posted["root"], args=("--root", posted["root"]))
    wrong(tmp_path, forged, "选票与公布的根不符", args=("--root", posted["root"][:32].upper()))
    wrong(tmp_path, forged, "日志与公布的不符", args=("--log-head", posted["log_head"]))


def test_the_posted_root_and_log_head_fit_the_true_export(tmp_path: Path) -> None:
    """In any case and with spaces, and the first half is enough; less is not."""
    files = VOTE.files()
    known = facts(files)
    code, said = verify(tmp_path, files, "--root", known["root"][:32].upper(), "--log-head", known["log_head"][:20] + " " + known["log_head"][20:])
    assert code == 0 and "与群里公布的相同" in said and "与公布的相同" in said and "注意" not in said
    assert "根只管选票" in verify(tmp_path, files, "--root", known["root"])[1]
    wrong(tmp_path, files, "与公布的根不符", args=("--root", known["root"][:31]))


def test_ballots_and_root_forged_but_not_the_log(tmp_path: Path) -> None:
    """The closing row of the log holds the root."""
    files = owners(45, 15, 0).files()
    flipped(files, 9)
    remake(files)
    wrong(tmp_path, files, "与日志 closed 那一行记下的不同", "公布的票数")


def test_an_older_copy_names_the_ballots_that_differ(tmp_path: Path) -> None:
    """What the root alone cannot do."""
    from domain.export import zipped
    old, files = VOTE.files(), VOTE.files()
    (tmp_path / "old.zip").write_bytes(zipped(old))
    assert "每张票都相同" in verify(tmp_path, old, "--against", str(tmp_path / "old.zip"))[1]
    receipt = flipped(files, 17)
    rows = lines(files, "ballots.jsonl")
    gone = rows.pop(30)["receipt"]
    rewrite(files, "ballots.jsonl", rows)
    remake(files)
    wrong(tmp_path, files, f"第 17 张票（{receipt}）与早先的导出不同", f"早先的导出里有 {gone} 这张票，这里没有", args=("--against", str(tmp_path / "old.zip")))


def test_a_removed_ballot(tmp_path: Path) -> None:
    """Fewer ballots than the log says were cast."""
    files = VOTE.files()
    rewrite(files, "ballots.jsonl", [r for i, r in enumerate(lines(files, "ballots.jsonl")) if i != 4])
    remake(files)
    wrong(tmp_path, files, "日志里投出、录入了 60 张票，选票却有 59 张", "公布的计票的张数是 60，重新数是 59")


def test_an_added_ballot(tmp_path: Path) -> None:
    """More ballots than the log says were cast, and this one is not in it."""
    files = VOTE.files()
    rows = lines(files, "ballots.jsonl")
    rows.insert(0, rows[0] | {"receipt": "0000-0001", "head": "h99"})
    rewrite(files, "ballots.jsonl", rows)
    remake(files)
    wrong(tmp_path, files, "日志里投出、录入了 60 张票，选票却有 61 张", "第 1 张票（0000-0001）的选择在日志里没有")


def test_a_duplicated_ballot(tmp_path: Path) -> None:
    """The same receipt twice."""
    files = VOTE.files()
    rows = lines(files, "ballots.jsonl")
    rewrite(files, "ballots.jsonl", [*rows[:7], rows[6], *rows[7:]])
    remake(files)
    wrong(tmp_path, files, f"第 8 张票（{rows[6]['receipt']}）的回执号与第 7 张票相同")


def test_reordered_ballots(tmp_path: Path) -> None:
    """Receipts run upwards."""
    files = VOTE.files()
    rows = lines(files, "ballots.jsonl")
    rows[4], rows[5] = rows[5], rows[4]
    rewrite(files, "ballots.jsonl", rows)
    remake(files)
    wrong(tmp_path, files, f"第 6 张票（{rows[5]['receipt']}）没有按回执号的次序排列", "closed")


@pytest.mark.parametrize(("name", "new"), [("options", ["反对", "同意", "弃权"]), ("title", "要不要拆电梯"), ("text", "不收费。"), ("secrecy", "staff"),
    ("rules", {"x": 1}), ("electorate", {"size": 80, "heads": 80, "area": 800000}), ("class", SPECIAL | {"pass": ["2/3", "at_least"]}),
    ("opens_at", "2026-02-20T11:00:00Z"), ("number", 13), ("community", "别的小区"), ("kind", "single")], ids=lambda x: x if isinstance(x, str) else "")
def test_what_was_frozen_is_changed(name: str, new: object, tmp_path: Path) -> None:
    """Text, options, rules, class and electorate stand in the log's first row, even when the manifest is made to fit."""
    files = VOTE.files()
    change(files, "poll.json", lambda p: p.update({name: new}))
    wrong(tmp_path, files, "poll.json 与清单")
    remake(files)
    wrong(tmp_path, files, "标题、说明、选项、规则或应投票人与日志第 1 行（opened）记下的不同")


@pytest.mark.parametrize("name", ["closes_at", "closed_at"])
def test_a_changed_closing_time(name: str, tmp_path: Path) -> None:
    """The last row of the log holds the closing times; ballots cast later are named."""
    files = VOTE.files()
    change(files, "poll.json", lambda p: p.update({name: "2026-03-01T11:30:00Z"}))
    remake(files)
    wrong(tmp_path, files, "与日志 closed 那一行记下的不同", "日志第 33 行（cast）的时间 2026-03-01T11:31:00Z 不在投票时间")


@pytest.mark.parametrize(("edit", "needle"), [
    (lambda r: r["marks"].__setitem__(0, 46), "公布的票数，第 1 项“同意”是 46，重新数是 45"),
    (lambda r: r.update(ballots=61), "公布的计票的张数是 61，重新数是 60"),
    (lambda r: r.update(winners=[1]), "公布的当选项是 [1]，重新数是 [0]"),
    (lambda r: r["class"].update(passed=False), "公布的法定计票·是否通过是 false，重新数是 true"),
    (lambda r: r["class"]["options"][1].update(area=150001), "公布的法定计票·各选项·面积，第 2 项“反对”是 150001，重新数是 150000"),
    (lambda r: r["class"]["took_part"].update(heads=61), "公布的法定计票·参与表决·人数是 61，重新数是 60"),
    (lambda r: r["class"].update(certified=False), "certified"),
    (lambda r: r.pop("tied"), "结果里缺少 并列项"),
    (lambda r: r.update(note="x"), "结果里多出 note"),
], ids=["marks", "ballots", "winner", "passed", "area of an option", "heads", "certified", "fact removed", "fact added"])
def test_a_changed_count(edit: Callable[[dict[str, Any]], Any], needle: str, tmp_path: Path) -> None:
    """The published result is compared fact by fact."""
    files = VOTE.files()
    change(files, "result.json", edit)
    remake(files)
    wrong(tmp_path, files, needle)


@pytest.mark.parametrize("name", [name for name in ELECTIONS if ELECTIONS[name].choices])
def test_in_every_kind_one_ballot_less_is_a_different_result(name: str, tmp_path: Path) -> None:
    """No kind is only nodded through."""
    election = ELECTIONS[name]
    counted = next(n for n, b in enumerate(election.ballots()) if b.state == "counted")
    less = Election(**{**vars(election), "choices": [c for n, c in enumerate(election.choices) if n != counted],
                       "more": {n - (n > counted): m for n, m in election.more.items() if n != counted}})
    wrong(tmp_path, less.files(), "重新数是")


def test_a_changed_area(tmp_path: Path) -> None:
    """0.01 m² moved from one flat to another."""
    files = VOTE.files()
    nth(files, 2, area=10001)
    remake(files)
    wrong(tmp_path, files, "closed", "法定计票·参与表决·面积是 600000，重新数是 600001")


def test_a_changed_threshold_changes_what_passes(tmp_path: Path) -> None:
    """The class's fractions are recomputed exactly."""
    files = VOTE.files()
    change(files, "poll.json", lambda p: p["class"].update({"pass": ["3/4", "more_than"]}))
    remake(files)
    wrong(tmp_path, files, "公布的法定计票·是否通过是 true，重新数是 false")


def test_a_held_ballot_counted_all_the_same(tmp_path: Path) -> None:
    """The state is part of the leaf."""
    files = ELECTIONS["owners, a held ballot counts nowhere"].files()
    n = next(i for i, row in enumerate(lines(files, "ballots.jsonl"), 1) if row["state"] == "held")
    nth(files, n, state="counted")
    remake(files)
    wrong(tmp_path, files, "公布的票数，第 1 项“同意”是 45，重新数是 46", "held")


@pytest.mark.parametrize(("edit", "needle"), [
    (lambda rows: rows[5].update(at="2026-03-01T11:00:01Z"), "日志第 6 行（cast）的内容与它自己的哈希不符：这一行被改过"),
    (lambda rows: rows.pop(5), "日志第 6 行（cast）的序号是 7，应是 6"),
    (lambda rows: rows.pop(5), "日志第 6 行（cast）接不上前一行"),
    (lambda rows: rows.pop(), "日志里应有一行 opened、至少一行 closed，现有 1 行和 0 行"),
    (lambda rows: rows.pop(), "日志的末尾是"),
    (lambda rows: rows.insert(3, rows.pop(9)), "日志第 4 行（cast）的序号是 10，应是 4"),
    (lambda rows: rows.pop(0), "日志里应有一行 opened、至少一行 closed，现有 0 行和 1 行"),
    (lambda rows: rows[5].update(act="change", x=1), "日志第 6 行（change）写得不对"),
], ids=["changed", "removed", "removed, link", "tail removed", "tail removed, head", "reordered", "beginning removed", "odd"])
def test_a_log_row_tampered_with(edit: Callable[[list[dict[str, Any]]], Any], needle: str, tmp_path: Path) -> None:
    """The chain names the row."""
    files = VOTE.files()
    head, rows = facts(files)["log_head"], lines(files, "log.jsonl")
    edit(rows)
    rewrite(files, "log.jsonl", rows)
    change(files, "manifest.json", lambda m: m["files"].update({"log.jsonl": sha256(files["log.jsonl"]).hexdigest()}))
    wrong(tmp_path, files, needle, args=("--log-head", head))


@pytest.mark.parametrize(("edit", "needle"), [
    (lambda rows: rows.pop(5), "日志里投出、录入了 59 张票，选票却有 60 张"),
    (lambda rows: rows.pop(), "至少一行 closed，现有 1 行和 0 行"),
    (lambda rows: rows.insert(3, rows.pop(9)), "日志第 5 行（cast）的时间 2026-03-01T11:02:00Z 比前面的行早"),
    (lambda rows: rows.append(rows.pop(9)), "日志第 62 行（cast）在投票结束之后"),
    (lambda rows: rows[4].update(ballot="cd" * 32), "的选择在日志里没有"),
], ids=["removed", "tail removed", "reordered", "after the end", "changed"])
def test_a_log_forged_with_its_chain(edit: Callable[[list[dict[str, Any]]], Any], needle: str, tmp_path: Path) -> None:
    """Even a chain computed anew does not hide it, and the posted head would differ anyway."""
    files = VOTE.files()
    head, rows = facts(files)["log_head"], lines(files, "log.jsonl")
    edit(rows)
    relink(rows)
    rewrite(files, "log.jsonl", rows)
    remake(files)
    wrong(tmp_path, files, needle)
    wrong(tmp_path, files, "日志与公布的不符", args=("--log-head", head))


@pytest.mark.parametrize(("kind", "choice", "needle"), [
    ("single", "3", "没有这个选项：3"), ("single", "0,1", "没有这个选项：0,1"), ("single", "", "没有这个选项"), ("single", "00", "没有这个选项"),
    ("single", "１", "没有这个选项"), ("multiple", "0,1,2", "选了 3 项，应选 1 到 2 项"), ("multiple", "2,0", "没有从小到大"), ("approval", "1,1", "选项重复"),
    ("score", "0:11", "分数不在 1 到 10 之间"), ("score", "1:5,0:5", "没有从小到大"), ("score", "0", "分数不在 1 到 10 之间"), ("irv", "0=1", "不能并列"),
    ("irv", "0>1>0", "排了两次"), ("schulze", "1=0", "没有从小到大"), ("ranked pairs", "0>1,2", "没有这个选项：1,2"), ("stv", "5", "没有这个选项：5"),
    ("budget, greedy", "0,4", "没有这个选项：4"), ("signup", "4", "人数应是 1 到 3"), ("signup", "0", "人数应是 1 到 3"), ("times", "0|0", "同一个时间写了两次"),
    ("times", "0|", "没有这个选项"), ("stance", "-1", "没有这个选项：-1")])
def test_a_ballot_that_is_not_possible(kind: str, choice: str, needle: str, tmp_path: Path) -> None:
    """Invalid for its kind, and named with its line and receipt."""
    files = ELECTIONS[kind].files()
    receipt = nth(files, 2, choice=choice)
    remake(files)
    wrong(tmp_path, files, f"第 2 张票（{receipt}）不是有效的票：", needle)


def test_a_secret_poll_that_names_voters(tmp_path: Path) -> None:
    """Neither hashes on ballots nor a list."""
    files = ELECTIONS["secret"].files()
    receipt = nth(files, 1, voter="ab" * 32)
    files["voters.jsonl"] = canonical({"receipt": receipt, "voter": "p0", "salt": ""}) + b"\n"
    remake(files)
    wrong(tmp_path, files, f"第 1 张票（{receipt}）写有投票人，但这是不记名投票", "不记名投票的导出里有 voters.jsonl")


def test_an_internal_list_that_does_not_fit(tmp_path: Path) -> None:
    """A voter exchanged, a voter twice, a voter left out."""
    files = ELECTIONS["single"].files(internal=True)
    rows = lines(files, "voters.jsonl")
    rows[1]["voter"] = rows[0]["voter"]
    gone = rows.pop(3)["receipt"]
    rewrite(files, "voters.jsonl", rows)
    remake(files)
    wrong(tmp_path, files, f"第 2 张票（{rows[1]['receipt']}）的投票人与 voters.jsonl 不符", "同一个人有两张计票的票", f"voters.jsonl 里没有第 4 张票（{gone}）")


def test_more_ballots_than_voters(tmp_path: Path) -> None:
    """The electorate bounds what can come."""
    wrong(tmp_path, owners(45, 15, 0, electorate=(50, 900000)).files(), "票比应投票人（50）还多", "参与表决的人数（60）比全体（50）还多")


def test_one_owner_with_two_opinions(tmp_path: Path) -> None:
    """Several units of one owner speak with one voice; otherwise both are named."""
    election = owners(46, 14, 0, more={59: {"head": "h0", "area": 10000}})
    wrong(tmp_path, election.files(), "同属一位业主（h0），选择却不同")


def test_a_receipt_is_shown_with_its_way_to_the_root(tmp_path: Path) -> None:
    """As people type it; one that is not there is an error."""
    files = VOTE.files()
    row = lines(files, "ballots.jsonl")[30]
    code, said = verify(tmp_path, files, "--receipt", row["receipt"].lower().replace("-", " "))
    assert code == 0 and "第 31 张票：" in said and "✓ 一路合成到根，这张票在里面" in said
    assert facts(files)["root"] in said.split("回执")[1]
    assert sha256(b"\x00" + canonical(row)).hexdigest() in said
    wrong(tmp_path, files, "这份导出里没有这张票", args=("--receipt", "0000-0000"))
