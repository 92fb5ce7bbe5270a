"""What is published of a poll is recounted by a stranger's program; whatever is changed in the database is found."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import delete, select, update

from domain.errors import Refusal
from domain.roles import SYSTEM
from models.base import Database, Tx
from models.tables import ballot, ballot_log, identity, metadata, outbox, poll, secret_choice
from services import browse, pictures, proving, published, standing
from services.paging import Filter
from tests.chat_script import Stage

VERIFIER = Path(__file__).parents[2] / "verify" / "linyi_verify.py"
TOWN = "群 翠苑三区: 王阿姨=网格员, 李叔, 陈老师, 小赵, 小何, 老钱, 吴姐"
POLLS = {
    "single": ("要不要装电梯 选项 同意 反对", ["1", "2", "1", "1", "2"]),
    "anonymous": ("要不要装电梯 选项 同意 反对 匿名", ["1", "2", "1", "1", "2"]),
    "secret": ("要不要装电梯 选项 同意 反对 秘密投票", ["1", "2", "1", "1", "2"]),
    "multiple": ("装什么 选项 甲 乙 丙 可选2项", ["1、2", "2", "3、1", "2", "1"]),
    "score": ("打几分 打分 选项 甲 乙", ["1打5分 2打3分", "都打4分", "2打1分", "1打2分", "都打0分"]),
    "irv": ("选谁 排序 选项 甲 乙 丙", ["1 2", "2 1", "3 2", "1", "2"]),
    "stv": ("选谁 选举2人 选项 甲 乙 丙 丁", ["1 2", "1 3", "1 2 3", "4 1", "2"]),
    "schulze": ("选谁 两两比较 选项 甲 乙 丙", ["1>2=3", "2>1", "3", "1", "2>3"]),
    "budget": ("花园 预算5万 平分预算 选项 长椅2万 路灯3万 石桌1万", ["1、2", "3", "2、3", "1", "1、3"]),
    "signup": ("包粽子 报名4人 每户2人", ["报名2人", "报名", "报名2人", "报名", "报名"]),
    "times": ("哪天 约时间 选项 周六 周日", ["都可以", "1可以 2勉强", "2", "1", "2"]),
}
PEOPLE = ("李叔", "陈老师", "小赵", "小何", "老钱")


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """A group of six."""
    found = Stage(db, redis)
    found.play("时间 2026-03-02 10:00")
    found.play(TOWN)
    yield found
    found.close()


def held(stage: Stage, name: str, *, close: bool = True) -> None:
    """A poll in which everybody votes, somebody changes their mind and somebody takes it back."""
    title, ballots = POLLS[name]
    stage.play(f"王阿姨(私聊): 发起投票 {title} 范围 全小区 截止 明晚8点")
    for who, words in zip(PEOPLE, ballots, strict=True):
        assert "记下了" in "".join(stage.play(f"{who}(私聊): P1 {words}")), words
    stage.play(f"吴姐(私聊): P1 {ballots[0]}")
    stage.play("吴姐(私聊): 撤票 P1")
    stage.play(f"李叔(私聊): P1 {ballots[1]}")
    stage.play(f"吴姐(私聊): P1 {ballots[3]}")
    if close:
        stage.play("时间 2026-03-03 20:01")


def exported(stage: Stage, *, internal: bool = False) -> bytes:
    """The archive of P1."""
    with stage.db.write() as tx:
        found = published.archive(tx, SYSTEM, tx.execute(select(poll)).one(), internal=internal, now=stage.now)
        tx.notes.clear()
        return found


def verified(data: bytes, folder: Path, *more: str) -> tuple[int, str]:
    """What the stranger's program says, alone in its own process."""
    path = folder / "export.zip"
    path.write_bytes(data)
    done = subprocess.run([sys.executable, "-I", "-S", str(VERIFIER), str(path), *more], cwd=folder, capture_output=True, text=True,
                          env={"PYTHONIOENCODING": "utf-8"}, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", POLLS)
def test_the_export_of_every_kind_is_recounted_by_a_stranger(stage: Stage, tmp_path: Path, name: str) -> None:
    """Also against the root that was posted in the group."""
    held(stage, name)
    with stage.db.read() as tx:
        root, head = tx.execute(select(poll.c.root, poll.c.log_head)).one()
        assert list(proving.check(tx)) == []
    code, said = verified(exported(stage), tmp_path, "--root", root, "--log-head", head)
    assert code == 0, said
    assert verified(exported(stage), tmp_path, "--root", "0" * 64)[0] == 1
    if name != "secret":
        assert verified(exported(stage, internal=True), tmp_path)[0] == 0
    else:
        with pytest.raises(ValueError, match="secret"):
            exported(stage, internal=True)


def test_a_ballot_changed_twice_is_one_ballot_and_three_lines(stage: Stage) -> None:
    """A, B, A before the end: the last one counts; after the end nothing does. (DOMAIN.md, worked example 18)"""
    stage.play("王阿姨(私聊): 发起投票 要不要装电梯 选项 同意 反对 范围 全小区 截止 明晚8点")
    for minute, words in enumerate(("同意", "反对", "同意"), 1):
        stage.play(f"时间 10:0{minute}")
        stage.play(f"李叔(私聊): P1 {words}")
    stage.play("时间 2026-03-03 20:01")
    stage.play("李叔(私聊): P1 反对")
    with stage.db.read() as tx:
        assert [(r.choice, r.state) for r in tx.all(select(ballot))] == [("0", "counted")]
        assert list(tx.connection.scalars(select(ballot_log.c.choice).order_by(ballot_log.c.id))) == ["0", "1", "0"]
        assert tx.scalar(select(poll.c.result))["marks"] == [1, 0]


@pytest.mark.parametrize("yes", [0, 1, 2])
def test_a_decision_of_households_is_recounted_by_a_stranger(stage: Stage, tmp_path: Path, yes: int) -> None:
    """Quorum, majority and verdict too; a threshold changed in the export is found."""
    stage.play("群 户代表群: 甲叔@3幢2单元501, 乙叔@3幢1单元302, 丙叔@1幢1单元101")
    stage.play("王阿姨(私聊): 发起投票 动用公共收益 户代表表决 范围 全小区 截止 明晚8点")
    for n, who in enumerate(("甲叔", "乙叔")):
        stage.play(f"{who}(私聊): P1 {'同意' if n < yes else '弃权'}")
    stage.play("时间 2026-03-03 20:01")
    with stage.db.read() as tx:
        row = tx.execute(select(poll)).one()
        assert row.result["class"]["passed"] is (yes == 2) and list(proving.check(tx)) == []
    code, said = verified(exported(stage), tmp_path, "--root", row.root, "--log-head", row.log_head)
    assert code == 0, said
    with stage.db.write() as tx:
        tx.execute(update(poll).values(preset=row.preset | {"pass": ["1/9", "at_least"]}))
    with stage.db.read() as tx:
        assert list(proving.check(tx)) != []
    assert verified(exported(stage), tmp_path, "--log-head", row.log_head)[0] == 1


def _swap(tx: Tx) -> None:
    row = tx.first(select(ballot).where(ballot.c.choice == "0").limit(1))
    assert row is not None
    tx.execute(update(ballot).where(ballot.c.id == row.id).values(choice="1"))


def _options(tx: Tx) -> None:
    tx.execute(update(poll).values(options=["反对", "同意"]))


def _title(tx: Tx) -> None:
    tx.execute(update(poll).values(title="要不要拆电梯"))


def _count(tx: Tx) -> None:
    row = tx.execute(select(poll)).one()
    tx.execute(update(poll).values(result=row.result | {"marks": [9, 0]}))


def _drop(tx: Tx) -> None:
    tx.execute(delete(ballot).where(ballot.c.id == tx.scalar(select(ballot.c.id).limit(1))))


def _add(tx: Tx) -> None:
    row = tx.first(select(ballot).limit(1))
    assert row is not None
    tx.add(ballot, **{k: v for k, v in row._mapping.items() if k not in ("id", "voter", "receipt")}, voter="person:99",
           receipt="0000-0000")


def _log_row(tx: Tx) -> None:
    tx.execute(delete(ballot_log).where(ballot_log.c.id == tx.scalar(select(ballot_log.c.id).limit(1))))


def _log_tail(tx: Tx) -> None:
    tx.execute(delete(ballot_log).where(ballot_log.c.id == tx.scalar(select(ballot_log.c.id).order_by(ballot_log.c.id.desc()).limit(1))))


def _log_choice(tx: Tx) -> None:
    tx.execute(update(ballot_log).where(ballot_log.c.id == tx.scalar(select(ballot_log.c.id).limit(1))).values(seal="0" * 64))


def _root(tx: Tx) -> None:
    tx.execute(update(poll).values(root="0" * 64))


def _rules(tx: Tx) -> None:
    tx.execute(update(poll).values(kind="approval"))


def _receipt(tx: Tx) -> None:
    tx.execute(update(ballot).where(ballot.c.id == tx.scalar(select(ballot.c.id).limit(1))).values(receipt="0000-0000"))


CHANGES = [_swap, _options, _title, _count, _drop, _add, _log_row, _log_tail, _log_choice, _root, _rules, _receipt]


@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__[1:])
def test_whatever_is_changed_afterwards_is_found(stage: Stage, change: Callable[[Tx], None]) -> None:
    """In the database itself, by whoever holds it."""
    held(stage, "single")
    with stage.db.write() as tx:
        change(tx)
    with stage.db.read() as tx:
        assert list(proving.check(tx)) != []


@pytest.mark.parametrize("change", [_swap, _drop, _log_tail], ids=lambda f: f.__name__[1:])
def test_it_is_found_while_the_poll_is_open_too(stage: Stage, change: Callable[[Tx], None]) -> None:
    """Long before anything is published."""
    held(stage, "single", close=False)
    with stage.db.read() as tx:
        assert list(proving.check(tx)) == []
    with stage.db.write() as tx:
        change(tx)
    with stage.db.read() as tx:
        assert list(proving.check(tx)) != []


def test_a_secret_choice_changed_before_the_end_is_found_at_once_and_named_at_the_end(stage: Stage) -> None:
    """The way to it still exists, and the chain holds what it was."""
    held(stage, "secret", close=False)
    with stage.db.write() as tx:
        receipt = tx.scalar(select(secret_choice.c.receipt).where(secret_choice.c.choice == "0").limit(1))
        tx.execute(update(secret_choice).where(secret_choice.c.receipt == receipt).values(choice="1"))
    with stage.db.read() as tx:
        assert list(proving.check(tx)) != []
    stage.play("时间 2026-03-03 20:01")
    with stage.db.read() as tx:
        assert tx.execute(select(poll.c.result)).scalar_one()["broken"] == [receipt]


def kept(stage: Stage, *, but: tuple[str, ...] = ("secret_choice", "poll_tree", "poll")) -> str:
    """All that the database holds, unsealed, but for the tables that are published."""
    with stage.db.read() as tx:
        return "\n".join(str(tuple(r)) for table in metadata.sorted_tables if table.name not in but for r in tx.all(select(table)))


def test_after_a_secret_poll_nothing_joins_person_and_choice(stage: Stage) -> None:
    """No row, no time, no order, no answer that was given or asked for again, no post that was sent; the operator has the key."""
    held(stage, "secret", close=False)
    for words in ("查票 P1", "我的", "P1", "P1 随便"):
        stage.play(f"李叔(私聊): {words}")
    with stage.db.read() as tx:
        receipts = [r.receipt for r in tx.all(select(secret_choice))]
    assert any(receipt in kept(stage) for receipt in receipts)
    stage.play("时间 2026-03-03 20:01")
    with stage.db.read() as tx:
        assert {(r.choice, r.receipt, r.salt, r.link) for r in tx.all(select(ballot))} == {("*", None, None, None)}
        assert len({r.cast_at for r in tx.all(select(ballot))}) == 1
        rows = [r.receipt for r in tx.all(select(secret_choice))]
        assert len(rows) == 6 and rows == sorted(receipts)
    assert "公布" in "".join(stage.play(f"李叔(私聊): 查票 P1 {receipts[0]}"))  # who asks by receipt is not written beside it
    everything = kept(stage)
    assert not [receipt for receipt in receipts if receipt in everything]
    assert not [line for line in everything.splitlines() if "您选的是" in line or "记下了：" in line]


def test_a_secret_answer_that_waited_to_be_sent_is_struck_when_it_has_gone(stage: Stage) -> None:
    """Put off under load, or queued at the moment of closing."""
    with stage.db.write() as tx:
        who = tx.execute(select(identity).where(identity.c.external_id == "o-李叔")).one()
        tx.add(outbox, key="message:1:reply", community_id=1, channel=who.channel, target="late:1", address=who.external_id,
               kind="text", text="选了 1，回执 7K3M-Q9XD", facts=None, weight=1, state="waiting", attempts=0, next_at=stage.now, doubtful=False,
               quiet=False, created_at=stage.now)
    assert "7K3M-Q9XD" in "".join(stage.play("时间 2026-03-02 10:30")) and "选了 1" not in kept(stage)
    with stage.db.read() as tx:
        row = tx.execute(select(outbox).where(outbox.c.key == "message:1:reply")).one()
        assert (row.state, row.text) == ("sent", "")


def test_a_secret_poll_that_is_called_off_keeps_nothing(stage: Stage) -> None:
    """Nor does anybody learn how it stood: a new poll cannot be opened with the old one's count in hand."""
    held(stage, "secret", close=False)
    with stage.db.read() as tx:
        receipts = [r.receipt for r in tx.all(select(secret_choice))]
    stage.play("王阿姨(私聊): 作废 P1 写错了")
    with stage.db.read() as tx:
        assert tx.all(select(secret_choice)) == [] and {r.link for r in tx.all(select(ballot))} == {None}
        assert list(proving.check(tx)) == []
    assert not [receipt for receipt in receipts if receipt in kept(stage, but=())]


@pytest.mark.parametrize(("how", "deed"), [
    ("匿名", ""), ("匿名", "作废 P1 写错了"), ("秘密投票", "延期 P1 后天晚8点 再等等"), ("秘密投票", "作废 P1 写错了"), ("截止前不公布", ""),
    ("截止前不公布", "延期 P1 后天晚8点 再等等"), ("截止前不公布", "作废 P1 写错了")])
def test_what_is_hidden_until_the_end_stays_hidden_whatever_staff_do(stage: Stage, how: str, deed: str) -> None:
    """No count, no bar, no choice beside a person: not in chat, on the page, in the console's list, nor in the message log."""
    stage.play(f"王阿姨(私聊): 发起投票 要不要装电梯 选项 同意 反对 {how} 范围 全小区 截止 明晚8点")
    for who, words in zip(PEOPLE, ("1", "2", "1", "1", "2"), strict=True):
        stage.play(f"{who}(私聊): P1 {words}")
    if deed:
        stage.play(f"王阿姨(私聊): {deed}")
    said = "".join("".join(stage.play(f"王阿姨(私聊): {words}")) for words in ("P1", "P1 接龙", "未投 P1"))
    assert "3 票" not in said and "60%" not in said and "1 同意：" not in said
    with stage.db.read() as tx:
        row = tx.execute(select(poll)).one()
        tally = standing.of(tx, row)
        assert tally.hidden and tally.lines == [] and tally.ending == "" and pictures.facts(row, tally) is None
        assert browse.only_voters(row) and "choice" not in browse.ballots(tx, row, Filter()).rows[0]._mapping
        log = browse.messages(tx, Filter()).rows
        assert not [r for r in log if r.text in ("P1 1", "P1 2") or "记下了" in (r.reply or "")]
    with pytest.raises(Refusal):
        exported(stage)


@pytest.mark.parametrize(("ballots", "shown"), [(1, False), (4, False), (5, True)])
def test_few_secret_ballots_are_not_published(stage: Stage, ballots: int, shown: bool) -> None:
    """Fewer than five would tell who chose what; nor are they exported."""
    stage.play("王阿姨(私聊): 发起投票 要不要装电梯 选项 同意 反对 秘密投票 范围 全小区 截止 明晚8点")
    for who in PEOPLE[:ballots]:
        stage.play(f"{who}(私聊): P1 1")
    stage.play("时间 2026-03-03 20:01")
    with stage.db.read() as tx:
        assert ("marks" in tx.execute(select(poll.c.result)).scalar_one()) is shown
    if shown:
        assert exported(stage)
        return
    with pytest.raises(Refusal):
        exported(stage)
