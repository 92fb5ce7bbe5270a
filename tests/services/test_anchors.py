"""Every result that goes into a group carries a head of the audit chain that was committed; a cut or rewritten chain does not know it."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from sqlalchemy import delete, select, update

from domain.roles import SYSTEM, Role
from models.base import Database, Tx
from models.logs import anchor
from models.tables import audit as chain
from models.tables import audit_head, chat, community, forward, outbox, person, poll, poll_chat
from services import anchors, audit, polls
from tests.chat_script import Stage

RESULT = re.compile(r"留痕 (\d+) 号 ([0-9a-f]{16})")


@pytest.fixture
def stage(db: Database, redis: Redis) -> Iterator[Stage]:
    """Two groups, one of which only people reach; a poll that is over, and its result on its way."""
    found = Stage(db, redis)
    for line in ("时间 2026-03-02 10:00", "群 翠苑三区: 王阿姨=网格员, 李叔", "群 业主群(手转): 王阿姨, 陈老师",
                 "王阿姨: 发起投票 要不要装电梯 选项 同意 反对 截止 明晚8点", "李叔: 同意"):
        found.play(line)
    yield found
    found.close()


def _told(tx: Tx) -> list[tuple[str, int, str]]:
    return [(row.group, row.seq, row.hash) for row in anchors.arrived(tx, None)]


def test_a_result_carries_the_head_and_the_last_that_arrived_is_known(stage: Stage) -> None:
    """As the group reads it; what waits for somebody to carry it has not arrived; a week later the weekly bulletin has the next."""
    with stage.db.write() as tx:  # the poll is told in the group by hand too
        tx.add(poll_chat, poll_id=1, chat_id=tx.scalar(select(chat.c.id).where(chat.c.name == "业主群")))
    stage.play("时间 2026-03-03 20:01")
    with stage.db.read() as tx:
        [(group, seq, digest)] = _told(tx)
        text = tx.scalar(select(outbox.c.text).where(outbox.c.key.like("poll:1:result:chat:%"), outbox.c.kind == "text"))
        by_hand = tx.scalar(select(forward.c.text).where(forward.c.key.like("poll:1:result:chat:%")))
        row = tx.execute(select(chain).where(chain.c.seq == seq)).one()
        assert tx.scalar(select(chain.c.action).where(chain.c.seq == seq + 1)) == "poll.close"
    assert group == "翠苑三区" and row.hash == digest
    for words in (text, by_hand):
        assert RESULT.findall(words.splitlines()[-1]) == [(str(seq), digest[:16])]
    assert anchors.read(text.splitlines()[-1]) == anchors.Head(seq, digest[:16])
    with stage.db.write() as tx:
        tx.execute(update(forward).values(state="done", done_at=stage.now + timedelta(hours=1)))
    with stage.db.read() as tx:
        assert [each[0] for each in _told(tx)] == ["业主群", "翠苑三区"] and list(anchors.lost(tx)) == []
        assert anchors.of_poll(tx, 1) == anchors.Head(seq, digest)
    for line in ("王阿姨: 反映 5幢楼道灯不亮", "周报 09:00", "时间 2026-03-09 10:00"):
        stage.play(line)
    with stage.db.read() as tx:
        weekly = tx.scalar(select(outbox.c.text).where(outbox.c.key.like("weekly:%")))
        assert RESULT.search(weekly.splitlines()[-1]) and _told(tx)[0][0] == "翠苑三区" and _told(tx)[0][1] > seq


def test_what_several_posts_became_has_arrived_with_it(stage: Stage) -> None:
    """A bulletin that was merged with other news counts from when that went out, and not before."""
    stage.play("时间 2026-03-03 20:01")
    with stage.db.write() as tx:
        row = tx.execute(select(outbox).where(outbox.c.key.like("poll:1:result:chat:%"), outbox.c.kind == "text")).one()
        whole = tx.add(outbox, **{k: v for k, v in row._mapping.items() if k not in ("id", "key", "state")},
                       key="digest:1", state="waiting")
        tx.execute(update(outbox).where(outbox.c.id == row.id).values(state="merged", merged_into=whole, sent_at=None))
    with stage.db.read() as tx:
        assert _told(tx) == []
    with stage.db.write() as tx:
        tx.execute(update(outbox).where(outbox.c.id == whole).values(state="sent"))
    with stage.db.read() as tx:
        assert len(_told(tx)) == 1


def _relink(tx: Tx) -> None:
    """What somebody does who holds the database: every hash is made anew, so that the chain holds together."""
    prev = audit.GENESIS
    for row in tx.all(select(chain).order_by(chain.c.seq)):
        note = audit.Note(row.at, row.community_id, row.actor, row.action, row.object, row.detail)
        new = audit._link(note, row.seq, prev)
        tx.execute(update(chain).where(chain.c.seq == row.seq).values(prev=prev, hash=new))
        prev = new
    tx.execute(update(audit_head).values(hash=prev, seq=tx.scalar(select(chain.c.seq).order_by(chain.c.seq.desc()).limit(1))))


def _cut(tx: Tx) -> None:
    """The tail goes, and the head says so too."""
    tx.execute(delete(chain).where(chain.c.seq > 2))


def _rewrite(tx: Tx) -> None:
    """One row tells something else."""
    tx.execute(update(chain).where(chain.c.seq == 2).values(detail="{}"))


def _slip_in(tx: Tx) -> None:
    """One row goes, and the others move up."""
    tx.execute(delete(chain).where(chain.c.seq == 2))
    for seq in tx.connection.scalars(select(chain.c.seq).where(chain.c.seq > 2).order_by(chain.c.seq)).all():
        tx.execute(update(chain).where(chain.c.seq == seq).values(seq=seq - 1))


@pytest.mark.parametrize("deed", [_cut, _rewrite, _slip_in])
def test_a_chain_that_was_cut_or_written_anew_does_not_know_what_groups_were_told(stage: Stage, deed: Callable[[Tx], None]) -> None:
    """Though it holds together: found without being told, and between which entries."""
    stage.play("时间 2026-03-03 20:01")
    with stage.db.write() as tx:
        head = tx.execute(select(anchor.c.seq, anchor.c.hash)).one()
        assert list(anchors.lost(tx)) == []
        deed(tx)
        _relink(tx)
    with stage.db.read() as tx:
        assert audit.verify(tx).ok
        [found] = anchors.lost(tx)
        assert f"留痕 {head.seq} 号 {head.hash[:16]}" in found and f"第 1 条到第 {head.seq} 条" in found
        assert not anchors.fits(tx, anchors.Head(head.seq, head.hash[:16])) and not anchors.fits(tx, anchors.Head(None, head.hash))


def test_the_head_in_a_post_was_committed_whoever_writes_at_the_same_time(postgres_db: Database) -> None:
    """Forty polls close while six others write, and while some of it is undone: each head is in the chain where it says."""
    db, now = postgres_db, datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
    numbers = _polls(db, 40, now)
    stop, errors = threading.Event(), []

    def write(n: int) -> None:
        while not stop.is_set():
            try:
                with db.write() as tx:
                    audit.note(tx, SYSTEM, "test.deed", f"thing:{n}", now=now)
                    audit.seal(tx)
                    if n == 0:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                pass
            except Exception as error:
                errors.append(error)

    def close(mine: list[int]) -> None:
        for poll_id in mine:
            try:
                with db.write() as tx:
                    row = tx.execute(select(poll).where(poll.c.id == poll_id).with_for_update()).one()
                    polls.close(tx, SYSTEM, row, reason=None, now=now)
                    audit.seal(tx)
            except Exception as error:
                errors.append(error)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    closers = [threading.Thread(target=close, args=(numbers[n::2],)) for n in range(2)]
    for thread in writers + closers:
        thread.start()
    for thread in closers:
        thread.join()
    stop.set()
    for thread in writers:
        thread.join()
    assert not errors, errors[:3]
    with db.read() as tx:
        heads = tx.all(select(anchor.c.key, anchor.c.seq, anchor.c.hash))
        assert len(heads) == 40 and len({row.seq for row in heads}) > 10 and audit.verify(tx).ok
        assert list(anchors.lost(tx)) == []
        texts = {row.key: row.text for row in tx.all(select(outbox.c.key, outbox.c.text))}
        for row in heads:
            assert f"留痕 {row.seq} 号 {row.hash[:16]}" in texts[row.key]
            closed = tx.scalar(select(chain.c.seq).where(chain.c.action == "poll.close", chain.c.object == f"poll:{row.key.split(':')[1]}"))
            assert closed > row.seq


def _polls(db: Database, count: int, now: datetime) -> list[int]:
    with db.write() as tx:
        where = tx.add(community, code="east", name="东区")
        who = tx.add(person, community_id=where, role=Role.GRID_WORKER, told_version=2, consent_version=2, created_at=now)
        group = tx.add(chat, community_id=where, channel="aibot", external_id="g", name="东区群", post_channel="webhook", post_address="key")
        found = [tx.add(poll, community_id=where, number=n, title="装电梯", options=["同意", "反对"], most=1, household=False, anonymous=True,
                        scope="community", scope_name="东区", state="open", opens_at=now - timedelta(days=1), closes_at=now,
                        opened_by=who) for n in range(1, count + 1)]
        for poll_id in found:
            tx.add(poll_chat, poll_id=poll_id, chat_id=group)
    return found
