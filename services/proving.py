"""Whether the votes in the database are still what was cast: against their seals, the audit chain, and what was published."""

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, select

from domain.receipts import canonical, commitment
from models.base import Tx
from models.tables import audit as chain
from models.tables import ballot, ballot_log, paper_ballot, poll, poll_owner, poll_unit, secret_choice
from services import audit, decisions, published, standing

_FROZEN = ("community_id", "number", "title", "options", "kind", "rules", "poll_class", "preset", "secret", "hides", "anonymous",
           "household", "scope", "scope_id", "text", "asked", "recognised")


def fingerprint(row: Row[Any]) -> str:
    """Of all that may not change once a poll is open; the audit chain holds it."""
    return sha256(canonical({name: getattr(row, name) for name in _FROZEN})).hexdigest()


def electorate(tx: Tx, row: Row[Any]) -> str:
    """Of the homes, heads, areas and owners that a vote of owners asks; '' where nobody is written down."""
    units = tx.all(select(poll_unit.c.home_id, poll_unit.c.label, poll_unit.c.area_dm2, poll_unit.c.head)
                   .where(poll_unit.c.poll_id == row.id).order_by(poll_unit.c.home_id))
    speak = tx.all(select(poll_owner.c.home_id, poll_owner.c.owner_id).where(poll_owner.c.poll_id == row.id)
                   .order_by(poll_owner.c.home_id, poll_owner.c.owner_id))
    return sha256(canonical([[list(r) for r in units], [list(r) for r in speak]])).hexdigest() if units else ""


def check(tx: Tx) -> Iterator[str]:
    """Every way in which a poll differs from what was recorded when it happened; nothing when all is as it was."""
    for row in tx.all(select(poll).order_by(poll.c.id)):
        noted = [(r.action, json.loads(r.detail)) for r in tx.all(
            select(chain.c.action, chain.c.detail).where(chain.c.object == f"poll:{row.id}").order_by(chain.c.seq))]
        said = {action: detail for action, detail in noted if action in ("poll.open", "poll.close")}
        if "frozen" not in said.get("poll.open", {}):
            continue  # opened before polls were sealed
        for what in _of_poll(tx, row, noted, said):
            yield f"P{row.number}（社区 {row.community_id}）：{what}"


def _of_poll(tx: Tx, row: Row[Any], noted: list[tuple[str, dict[str, Any]]], said: dict[str, dict[str, Any]]) -> Iterator[str]:
    if said["poll.open"]["frozen"] != fingerprint(row):
        yield "题目、选项或规则在开始之后被改过"
    if said["poll.open"].get("electorate", "") != electorate(tx, row):
        yield "应参加表决的房屋、面积或业主在开始之后被改过"
    if row.forgotten_at is not None:  # its ballots were deleted when their time was over; the chain says so too
        if not any(action == "poll.forget" for action, _ in noted):
            yield "选票被删除，却没有到期删除的记录"
        yield from _published(row, said.get("poll.close", {}))
        return
    logged = tx.all(select(ballot_log).where(ballot_log.c.poll_id == row.id).order_by(ballot_log.c.id))
    sealed = Counter(seal for _, detail in noted for seal in detail.get("seals", ()))
    moved = {r.seal for r in logged if r.act in ("join", "split")}
    here = Counter(r.seal for r in logged if r.act not in ("join", "split"))
    for seal in sorted((sealed - here).keys() - moved):
        yield f"投票记录少了一条（{seal[:12]}）"
    for seal in sorted((here - sealed).keys()):
        if not any(r.seal == seal and r.act == "withdraw" for r in logged):  # given up when two accounts were joined
            yield f"投票记录多出或被改了一条（{seal[:12]}）"
    yield from _ballots(tx, row, {r.voter: r.seal for r in logged})
    yield from _papers(tx, row, noted)
    if row.state == "closed":
        yield from _closed(tx, row, said.get("poll.close", {}))


def _ballots(tx: Tx, row: Row[Any], last: dict[str, str]) -> Iterator[str]:
    """Each ballot reads as it was sealed last; an open secret one by its own way."""
    kept = {r.receipt: r.choice for r in tx.all(select(secret_choice).where(secret_choice.c.poll_id == row.id))}
    voters = set()
    for each in tx.all(select(ballot).where(ballot.c.poll_id == row.id)):
        voters.add(each.voter)
        if row.secret and row.state == "open":
            receipt, _, blind = (each.link or " ").partition(" ")
            true = receipt in kept and commitment(receipt, kept[receipt], blind) == last.get(each.voter)
        else:
            seal = commitment(each.receipt or "", each.choice, (each.salt or "") if row.anonymous else "")
            true = row.secret or seal == last.get(each.voter)
        if not true:
            yield f"{each.receipt or '一张秘密票'} 和投下时记录的不一样"
    for _ in last.keys() - voters:
        yield "有一张投过的票不见了"


def _papers(tx: Tx, row: Row[Any], noted: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """Each paper is that of its home, with its photo and its proxy, and was counted or put aside as the chain says."""
    done = {"paper.enter": "waiting", "paper.drop": "dropped", "ballot.paper": "counted"}
    states = {detail["paper"]: done[action] for action, detail in noted if action in done}
    entered = {detail["paper"]: (detail["home"], detail["how"], detail["photo"], detail["proxy"])
               for action, detail in noted if action == "paper.enter"}
    seals = {detail["paper"]: detail["seals"] for action, detail in noted if action == "ballot.paper"}
    papers = {r.id: r for r in tx.all(select(paper_ballot).where(paper_ballot.c.poll_id == row.id))}
    of_homes = select(ballot).where(ballot.c.poll_id == row.id, ballot.c.home_id.is_not(None))
    cast = {r.voter: r for r in tx.all(of_homes)} if papers else {}
    for paper in sorted(entered.keys() | papers.keys()):
        each = papers.get(paper)
        if each is None or paper not in entered:
            yield f"纸质票或电话票第 {paper} 号{'不见了' if each is None else '没有录入记录'}"
        elif entered[paper] != (each.home_id, each.how, sha256(each.photo).hexdigest(), each.proxy_key or ""):
            yield f"纸质票或电话票第 {paper} 号的房屋、照片或受托人和录入时记录的不一样"
        elif states[paper] != each.state:
            yield f"纸质票或电话票第 {paper} 号是否计票和当时记录的不一样"
        elif paper in seals and not _read_as(cast.get(f"home:{each.home_id}"), each.choice, seals[paper], anonymous=row.anonymous):
            yield f"纸质票或电话票第 {paper} 号录的选择和计票时的不一样"


def _read_as(found: Row[Any] | None, choice: str, seals: list[str], *, anonymous: bool) -> bool:
    """Whether one of these seals is of this choice on this home's ballot."""
    return found is not None and commitment(found.receipt or "", choice, (found.salt or "") if anonymous else "") in seals


def _closed(tx: Tx, row: Row[Any], said: dict[str, Any]) -> Iterator[str]:
    counted = standing.counted(tx, row)
    frozen = {k: v for k, v in row.result.items() if k not in standing.ASIDE}
    if not frozen.get("few") and frozen != counted:
        yield "公布的结果和选票重新数出来的不一样"
    if not frozen.get("few") and row.result.get("class") != decisions.facts(tx, row, counted, row.asked or 0):
        yield "公布的是否通过和重新数出来的不一样"
    if published.tree(tx, row).root.hex() != row.root:
        yield "选票和公布的根对不上：有票被改、被加或被删"
    yield from _published(row, said)


def _published(row: Row[Any], said: dict[str, Any]) -> Iterator[str]:
    if said.get("root") != row.root or said.get("result") != audit.digest(json.dumps(row.result, sort_keys=True)):
        yield "结果或根和结束时记录的不一样"
