"""Names, phones and addresses at rest: unreadable in the files, and one key takes another's place on a filled database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, Text, select, text, type_coerce, update

from models import keyring, secret
from models.base import Database, Tx
from models.tables import community, metadata, outbox, person, photo, solitaire
from ops import house, keys, seed
from services import audit, evidence, resealing

SECRET = "a secret for tests, thirty-two characters"
ONE, TWO = "the first data key, thirty-two characters", "the second data key, thirty-two characters"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_keys() -> Iterator[None]:
    """Whatever a test does with the keys, the next one has the usual ones."""
    yield
    secret.set_key(SECRET)


def _stored(db: Database, column: object) -> list[str]:
    """As it lies in the database."""
    with db.read() as tx:
        return [v for v in tx.connection.scalars(select(type_coerce(column, Text))) if v is not None]  # type: ignore[call-overload]


def test_a_key_takes_anothers_place_while_people_work(db: Database) -> None:
    """Sealed before there were keys, sealed with the first, not sealed at all: in the end all by the second, and broken off
    in between it goes on; what somebody writes meanwhile stays; marks can be searched; without the old key nothing is lost."""
    now = house.now()
    secret.set_key(SECRET, ONE)
    seed.load(db, ROOT / "demo" / "community.yaml", now=now)
    with db.write() as tx:
        first = tx.scalar(select(person.c.id).order_by(person.c.id).limit(1))
        where = tx.scalar(select(person.c.community_id).where(person.c.id == first))
        tx.execute(update(person).where(person.c.id == first).values(phone="13812345678", phone_mark=secret.mark("13812345678")))
        names = {r.id: r.name for r in tx.all(select(person.c.id, person.c.name))}
        ancient = secret.ring()._old.encrypt("老住户".encode()).decode()  # as it was sealed before there were data keys
        last = max(names)
        tx.connection.execute(text("UPDATE person SET name = :name WHERE id = :id"), {"name": ancient, "id": last})
        listed = tx.add(solitaire, community_id=where, about="topic:1", entries=[{"n": 1, "name": "甲", "said": ""}], at=now)
        tx.connection.execute(text("UPDATE solitaire SET entries = :plain WHERE id = :id"),
                              {"plain": '[{"n": 1, "name": "李四", "said": "报名"}]', "id": listed})
    names[last] = "老住户"
    assert not any(n in " ".join(_stored(db, person.c.name)) for n in names.values() if n)
    secret.set_key(SECRET, TWO, [ONE])
    with db.write() as tx:  # a first batch, then the machine goes down
        assert resealing.step(tx, person.c.name, 0, 3).sealed == 3
    with db.write() as tx:  # somebody is named anew meanwhile
        tx.execute(update(person).where(person.c.id == first).values(name="新名字"))
    names[first] = "新名字"
    done, lost = keys.reseal(db, batch=4)
    assert done > len(names) and lost == 0
    with db.read() as tx:
        assert set(resealing.census(tx)) == {secret.ring().name}
        assert audit.verify(tx).ok
    secret.set_key(SECRET, TWO)  # the first key is thrown away
    with db.read() as tx:
        assert {r.id: r.name for r in tx.all(select(person.c.id, person.c.name))} == names
        assert tx.scalar(select(solitaire.c.entries))[0]["name"] == "李四"
        found = tx.first(select(person.c.id, person.c.phone).where(person.c.phone_mark == secret.mark("13812345678")))
        assert found is not None and (found.id, found.phone) == (first, "13812345678")
    assert keys.reseal(db) == (0, 0)


def test_what_no_key_opens_is_left_alone_and_named(sqlite_db: Database) -> None:
    """A lost key is counted, not overwritten: whoever finds it again has everything back."""
    secret.set_key(SECRET, ONE)
    seed.load(sqlite_db, ROOT / "demo" / "community.yaml", now=house.now())
    before = _stored(sqlite_db, person.c.name)
    secret.set_key(SECRET, TWO)
    done, lost = keys.reseal(sqlite_db)
    assert (done, lost > 0) == (0, True) and _stored(sqlite_db, person.c.name) == before
    with sqlite_db.read() as tx:
        assert list(resealing.unknown(tx)) == [keyring.Keyring(SECRET, ONE).name]
        assert tx.scalar(select(person.c.name).limit(1)) == secret.UNREADABLE


def test_nobody_can_swap_or_bend_a_sealed_value() -> None:
    """A changed letter, another key's name, a cut end: unreadable, never something else."""
    ring = keyring.Keyring(SECRET, TWO, [ONE])
    sealed = ring.seal("王芳")
    assert ring.open(sealed) == "王芳" and sealed != ring.seal("王芳")
    other = keyring.Keyring(SECRET, ONE)
    for bad in (sealed[:-3], sealed[:30] + ("A" if sealed[30] != "A" else "B") + sealed[31:], f"v1.{other.name}.{sealed[12:]}",
                "v1.", "gAAAA", "", "王芳"):
        with pytest.raises(keyring.WrongKey):
            ring.open(bad)


def test_every_column_with_names_or_phones_is_sealed() -> None:
    """A new column that is called like one must say so."""
    sealed = {(c.table.name, c.name) for c in resealing.columns()}
    open_ = {("chat", "name"), ("community", "name"), ("building", "name"), ("party", "name"), ("calendar_day", "name"),
             ("lease", "name"), ("heartbeat", "name"), ("poll", "scope_name"), ("account", "username"), ("promise", "owner"),
             ("group_task", "owner"), ("lease", "owner"), ("sweep_run", "name"), ("wording", "name"), ("own_course", "name"),
             ("community_setting", "name"), ("community_day", "name"),
             ("own_category", "name")}  # of things, offices and logins, not of residents
    named = {(t.name, c.name) for t in metadata.sorted_tables for c in t.columns
             if c.name.split("_")[-1] in ("name", "phone", "username", "owner")}
    assert named - sealed - open_ == set()
    assert outbox.c.address in resealing.columns()


def _photo(tx: Tx, data: bytes) -> int:
    where = tx.add(community, code=f"c{len(data)}", name="东区")
    who = tx.add(person, community_id=where, role="resident", told_version=2, consent_version=2, created_at=house.now())
    return tx.add(photo, community_id=where, person_id=who, kind="report", channel="mp", data=data, state="kept", at=house.now())


def test_a_photo_lies_sealed_and_follows_the_keys(db: Database) -> None:
    """Unreadable in the database; one from before photos were sealed is seen until it is sealed too; without its key there is none."""
    picture, old = b"\xff\xd8\xff a face and a number plate" * 999, b"\xff\xd8\xff from last year"
    secret.set_key(SECRET, ONE)
    with db.write() as tx:
        new_id, old_id = _photo(tx, picture), _photo(tx, b"-")
        tx.connection.execute(text("UPDATE photo SET data = :data WHERE id = :id"), {"data": old, "id": old_id})
    stored = type_coerce(photo.c.data, LargeBinary)
    with db.read() as tx:
        lies = {row.id: row.data for row in tx.all(select(photo.c.id, stored.label("data")))}
        assert b"face" not in lies[new_id] and len(lies[new_id]) < len(picture) + 60 and lies[old_id] == old
        assert (evidence.picture(tx, new_id), evidence.picture(tx, old_id)) == (picture, old)
        assert resealing.census(tx)[keyring.PLAIN] == 1
    secret.set_key(SECRET, TWO, [ONE])
    assert keys.reseal(db) == (2, 0) and keys.reseal(db) == (0, 0)
    secret.set_key(SECRET, TWO)
    with db.read() as tx:
        assert set(resealing.census(tx)) == {secret.ring().name}
        assert (evidence.picture(tx, new_id), evidence.picture(tx, old_id)) == (picture, old)
    secret.set_key(SECRET, ONE)
    with db.read() as tx:
        assert evidence.picture(tx, new_id) is None
