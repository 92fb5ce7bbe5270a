"""A summary drafted by a machine, where an installation has switched that on: asked for by the host, written by bot/summariser.py
outside of any transaction, judged here, and never posted before the host has confirmed it.

What goes out is what neighbours may read anyway: masked statements and their sums. What comes back is material, never an order:
it is words to be shown to one person, refused when it is too long, leads somewhere, attacks somebody, quotes what nobody said or
counts what was not counted.
"""

import json
import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select, update

from domain.errors import Refusal
from models.base import Tx
from models.round_reports import round_report
from models.rounds import opinion_round
from services import audit, opinions, outbox, round_next, round_view
from services.people import Speaker
from services.round_view import Report, label
from texts.mask import public
from texts.say import say
from texts.stances import attacks

LEASE = timedelta(minutes=5)
SHORTEST = 10
SENT_MOST = 24  # statements of one kind that go out
ASKED, CALLING, READY, REFUSED = "asked", "calling", "ready", "refused"
_LEADS = re.compile(r"https?:|www\.|[\w.-]+@[\w-]+\.|(?<!\d)\d{7,}(?!\d)|\[[^\]]*\]\(|<[a-zA-Z/!]", re.I)
_QUOTED = re.compile(r"“([^”]*)”|「([^」]*)」|『([^』]*)』|\"([^\"\n]*)\"|‘([^’]*)’")
_NUMBER = re.compile(r"\d+")
_on = False


def configure(on: bool) -> None:
    """Tells whether a machine drafts at all; called once at start."""
    global _on
    _on = on


# --- asked for ------------------------------------------------------------------------------------------------
def ask(tx: Tx, actor: Speaker, *, number: int, now: datetime) -> Row[Any]:
    """Asks for a draft, or finds the one that there is; returns the report's row."""
    if not _on:
        raise Refusal("findings.machine.off", number=number)
    report = round_next.led(tx, actor, number, now=now)
    if not report.found["people"]:
        raise Refusal("findings.no_common", number=number)
    if report.kept.draft_state in (None, REFUSED):
        tx.execute(update(round_report).where(round_report.c.id == report.kept.id).values(
            draft_state=ASKED, draft=None, draft_why=None, draft_at=now, draft_for=actor.id))
        audit.note(tx, actor, "round.draft", f"round:{report.round.id}", now=now)
    return tx.execute(select(round_report).where(round_report.c.id == report.kept.id)).one()


# --- written --------------------------------------------------------------------------------------------------
def claim(tx: Tx, now: datetime) -> tuple[int, list[dict[str, str]]] | None:
    """The next draft that was asked for, ours for five minutes, with what shall be said to the machine."""
    row = tx.first(select(round_report).where(or_(round_report.c.draft_state == ASKED,
        (round_report.c.draft_state == CALLING) & (round_report.c.draft_at < now - LEASE))).order_by(round_report.c.id).limit(1))
    if row is None:
        return None
    mine = tx.execute(update(round_report).where(
        round_report.c.id == row.id, round_report.c.draft_state == row.draft_state, round_report.c.draft_at == row.draft_at).values(
        draft_state=CALLING, draft_at=now))
    report = _report(tx, row)
    return (row.id, messages(report)) if mine.rowcount == 1 and report is not None else None


def any_asked(tx: Tx, now: datetime) -> bool:
    """Whether a draft waits to be written."""
    return tx.first(select(round_report.c.id).where(or_(round_report.c.draft_state == ASKED, (
        round_report.c.draft_state == CALLING) & (round_report.c.draft_at < now - LEASE))).limit(1)) is not None


def messages(report: Report) -> list[dict[str, str]]:
    """What is said to the machine: the task, and the material as JSON, which is nothing but masked statements and sums."""
    def said(key: int) -> dict[str, Any]:
        agrees, disagrees, passes = report.counts(key) or (0, 0, 0)
        return {"原话": report.text(key), "同意": agrees, "不同意": disagrees, "跳过": passes}

    material = {
        "题目": public(report.round.title), "参加人数": report.found["people"],
        "大家都认可": [said(key) for key in report.common[:SENT_MOST]],
        "大家都不赞成": [said(key) for key in report.rejected[:SENT_MOST]],
        "看法不一": [said(key) | {
            who: [report.text(r) for _, keys in side for r in keys if report.stands(r)]
            for who, side in zip(("同意的人更认可", "不同意的人更认可"), sides, strict=True)} for key, sides in report.divided],
        "意见分组": [{"名称": label("opinion", g["label"]), "人数": g["size"],
                  "最典型": [report.text(key) for key, agree in g["typical"] if agree and report.stands(key)]}
                 for g in (report.opinion or {"groups": []})["groups"]]}
    return [{"role": "system", "content": say("findings.machine.task", most=opinions.LONGEST)},
            {"role": "user", "content": json.dumps(material, ensure_ascii=False)}]


# --- judged ---------------------------------------------------------------------------------------------------
def keep(tx: Tx, report_id: int, answer: str | None, *, now: datetime) -> None:
    """Keeps what came back, or why it cannot be used, and tells who asked for it."""
    row = tx.execute(select(round_report).where(round_report.c.id == report_id)).one()
    report = _report(tx, row)
    if row.draft_state != CALLING or report is None:
        return
    text = _clean(answer or "")
    why = "unreachable" if answer is None else wrong(report, text)
    tx.execute(update(round_report).where(round_report.c.id == report_id).values(
        draft_state=REFUSED if why else READY, draft=None if why else public(text), draft_why=why, draft_at=now))
    outbox.to_person(tx, person_id=row.draft_for, key=f"round:{report.round.id}:draft:{int(now.timestamp())}", now=now,
                     weight=outbox.NEWS, text=say("findings.machine.failed" if why else "findings.machine.ready",
                                                  number=report.issue.number, why=why))


def wrong(report: Report, text: str) -> str | None:
    """Why a draft cannot be used: short, long, leads, attack, quote, number; None when it can."""
    if len(text) < SHORTEST:
        return "short"
    if len(text) > opinions.LONGEST:
        return "long"
    if _LEADS.search(text):
        return "leads"
    if attacks(text):
        return "attack"
    if set(_NUMBER.findall(text)) - set(_NUMBER.findall(messages(report)[1]["content"])):
        return "number"
    said = [report.text(key) for key in report.found["shown"] if report.stands(key)]
    if any(text.count(a) != text.count(b) for a, b in ("“”", "「」", "『』", "‘’")) or text.count('"') % 2:
        return "quote"
    for groups in _QUOTED.findall(text):
        quote = next((g for g in groups if g), "")
        if not (quote in said or (len(quote) > 4 and quote.endswith("…") and any(s.startswith(quote[:-1]) for s in said))):
            return "quote"
    return None


def _clean(answer: str) -> str:
    """One paragraph of printable words."""
    return " ".join("".join(c if c.isprintable() else " " for c in answer[:4000]).split())


def _report(tx: Tx, row: Row[Any]) -> Report | None:
    return round_view.of(tx, tx.execute(select(opinion_round).where(opinion_round.c.id == row.round_id)).one())
