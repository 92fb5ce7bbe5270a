"""Loads a community from a file: buildings with homes and areas, groups, people. Running it again changes nothing."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import insert, select, update

from domain.roles import SYSTEM, Role
from models.base import Database, Tx
from models.secret import fingerprint
from models.tables import (
    building,
    chat,
    chat_member,
    community,
    directory,
    duty,
    home,
    identity,
    owner,
    ownership,
    party,
    party_member,
    person,
    residence,
)
from services import audit
from services.people import NOTICE_VERSION

_WEEK = timedelta(days=7)
HEARING, PRIVATE, POSTING = "aibot", "mp", "webhook"  # the accounts of config.yaml
ROADS = {  # road -> the account that hears the group, and the one that posts to it
    "aibot": (HEARING, POSTING), "aibot_ws": ("aibot_ws", "aibot_ws"), "app": ("app", "app"), "customer": ("customer", "customer"),
    "hand": ("hand", "hand")}


def load(db: Database, path: str | Path, *, now: datetime, consented: bool = False) -> bool:
    """Loads the community unless it is there; True when it was loaded."""
    tree = yaml.safe_load(Path(path).read_text("utf-8"))
    with db.write() as tx:
        if tx.scalar(select(community.c.id).where(community.c.code == tree["community"]["code"])) is not None:
            return False
        community_id = tx.add(community, code=tree["community"]["code"], name=tree["community"]["name"],
                              last_issue=0, last_poll=0)
        blocks = {b["name"]: _building(tx, community_id, b) for b in tree["buildings"]}
        groups = {g["name"]: _group(tx, community_id, g, blocks) for g in tree["groups"]}
        for each in tree["people"]:
            _person(tx, community_id, each, groups, now, consented)
        _keepers(tx, tree)
        _register(tx, community_id, tree.get("register", {}))
        _parties(tx, community_id, tree)
        _duty(tx, community_id, tree.get("duty", []), now)
        audit.note(tx, SYSTEM, "community.load", f"community:{community_id}", now=now, community_id=community_id,
                   people=len(tree["people"]))
        audit.seal(tx)
    return True


def _building(tx: Tx, community_id: int, tree: dict[str, Any]) -> int:
    building_id = tx.add(building, community_id=community_id, name=tree["name"])
    rows = [{
        "community_id": community_id, "building_id": building_id, "entrance": str(entrance), "room": f"{floor}{door}",
        "label": f"{tree['name']}{entrance}单元{floor}{door}", "area_dm2": int(Decimal(area) * 100),
    } for entrance in tree["entrances"] for floor in range(1, tree["floors"] + 1)
        for door, area in zip(tree["doors"], tree["areas"], strict=True)]
    tx.execute(insert(home), rows)
    return building_id


def _group(tx: Tx, community_id: int, tree: dict[str, Any], blocks: dict[str, int]) -> int:
    road = tree.get("road", "aibot")
    hearing, posting = ROADS[road]
    address = {"aibot": tree.get("webhook_key"), "customer": f"{tree.get('owner')}|{tree['chatid']}"}.get(road, tree["chatid"])
    return tx.add(chat, community_id=community_id, channel=hearing, external_id=tree["chatid"], name=tree["name"],
                  building_id=blocks.get(str(tree.get("building"))), post_channel=posting, post_address=address)


def _keepers(tx: Tx, tree: dict[str, Any]) -> None:
    """Who looks after a group that needs a hand."""
    for group in tree["groups"]:
        keeper = group.get("keeper") or group.get("owner")
        if keeper:
            person_id = tx.scalar(select(identity.c.person_id).where(identity.c.external_id == keeper).limit(1))
            tx.execute(update(chat).where(chat.c.external_id == group["chatid"]).values(keeper_id=person_id))


def _register(tx: Tx, community_id: int, tree: dict[str, Any]) -> None:
    """The owners of every home: those named, the developer for what it kept, and an invented one each for the rest."""
    named, kept = tree.get("owners", {}), tree.get("developer", {})
    known: dict[str, int] = {}
    homes = tx.all(select(home.c.id, home.c.label).where(home.c.community_id == community_id).order_by(home.c.id))
    for row in homes if tree else []:
        who = named.get(row.label) or ([kept["name"]] if row.label in kept["homes"] else [f"{row.label}业主"])
        for place, name in enumerate(who):
            if name not in known:
                people = tx.all(select(person.c.id, person.c.name).where(person.c.community_id == community_id))
                built = name == kept["name"]
                known[name] = tx.add(owner, community_id=community_id, name=name, kind="developer" if built else "person",
                                     key=fingerprint("owner", name, "" if built else row.label),  # as services/register.py
                                     person_id=next((p.id for p in people if p.name == name), None))
            tx.add(ownership, home_id=row.id, owner_id=known[name], place=place)


def _parties(tx: Tx, community_id: int, tree: dict[str, Any]) -> None:
    """Who does what: parties, their members, and what each gets, in the order of the file."""
    blocks = {r.name: r.id for r in tx.all(select(building).where(building.c.community_id == community_id))}
    for each in tree.get("parties", []):
        party_id = tx.add(party, community_id=community_id, name=each["name"], kind=each["kind"])
        for place, name in enumerate(each.get("members", [])):
            tx.add(party_member, party_id=party_id, person_id=_called(tx, community_id, name), leads=place == 0)
        for place, entry in enumerate(each.get("gets", [])):
            category, _, block = entry.partition("@")
            tx.add(directory, community_id=community_id, category=category, building_id=blocks.get(block), party_id=party_id,
                   place=100 * party_id + place)


def _duty(tx: Tx, community_id: int, tree: list[str], now: datetime) -> None:
    """Who is on duty in the first week, by name."""
    for name in tree:
        tx.add(duty, community_id=community_id, person_id=_called(tx, community_id, name), starts_at=now, ends_at=now + _WEEK)


def _called(tx: Tx, community_id: int, name: str) -> int:
    people = tx.all(select(person.c.id, person.c.name).where(person.c.community_id == community_id))
    return next(r.id for r in people if r.name == name)


def _person(tx: Tx, community_id: int, tree: dict[str, Any], groups: dict[str, int], now: datetime, consented: bool) -> None:
    known = NOTICE_VERSION if consented or tree["role"] != Role.RESIDENT else 0
    person_id = tx.add(person, community_id=community_id, name=tree["name"], role=tree["role"], told_version=known,
                       consent_version=known, consented_at=now if known else None, created_at=now)
    for channel, key in ((HEARING, "userid"), ("aibot_ws", "userid"), (PRIVATE, "openid"), ("app", "userid")):
        if tree.get(key):
            tx.add(identity, person_id=person_id, channel=channel, external_id=tree[key])
    for name in tree.get("groups", []):
        tx.add(chat_member, chat_id=groups[name], person_id=person_id)
    if tree.get("home"):
        home_id = tx.scalar(select(home.c.id).where(home.c.community_id == community_id, home.c.label == tree["home"]))
        tx.add(residence, person_id=person_id, home_id=home_id, since=now)
