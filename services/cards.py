"""The cards of polls and issues: the same facts and the same words as in plain chat, to be touched."""

from sqlalchemy import Row, func, select

from domain.card import Button, Card, Option, Select
from models.base import Tx
from models.tables import issue as issue_table
from services import pages
from texts.say import say
from texts.words import categories

CATEGORIES = 10  # the most one list of a card may hold


def poll(tx: Tx, row: Row, *, mine: frozenset[int] | None = None, told: str = "") -> Card:
    """A poll to vote in; `mine` are the options of whoever looks at it, `told` what to say beside them; closed when it is over."""
    over = row.state != "open"
    return Card(
        about=f"poll-{row.id}", title=f"P{row.number} {row.title}", text=told or say("card.poll", poll=row), says=f"P{row.number}",
        options=tuple(Option(str(n), f"{n} {text}", checked=mine is not None and n - 1 in mine)
                      for n, text in enumerate(row.options, 1)),
        most=row.most, submit=say("card.change" if mine else "card.vote"), closed=say("card.over", poll=row) if over else "",
        url=pages.url_of(tx, "poll", row.community_id, row.number))


def issue(tx: Tx, row: Row, *, told: str = "") -> Card:
    """An issue that neighbours can stand behind with one touch."""
    return Card(
        about=f"issue-{row.id}", title=f"I{row.number} {row.title}", text=told or say("card.issue", issue=row),
        buttons=(Button(f"附议 I{row.number}", say("card.support"), main=True), Button(f"I{row.number}", say("card.progress"))),
        url=pages.url_of(tx, "issue", row.community_id, row.number))


def correct(tx: Tx, row: Row) -> Card:
    """Lets staff put an issue's category right with one choice: the present one first, then those used most here."""
    used = tx.connection.scalars(select(issue_table.c.category).where(
        issue_table.c.community_id == row.community_id, issue_table.c.number.is_not(None))
        .group_by(issue_table.c.category).order_by(func.count().desc()).limit(CATEGORIES))
    known = categories()
    codes = [code for code in dict.fromkeys([row.category, *used, *known]) if code in known][:CATEGORIES]
    return Card(
        about=f"issue-{row.id}", title=f"I{row.number} {row.title}", text=say("card.correct"), says=f"I{row.number} 类别",
        selects=(Select("category", say("card.category"), tuple(
            Option(known[code].name, known[code].name, checked=code == row.category) for code in codes)),),
        submit=say("card.put_right"), url=pages.url_of(tx, "issue", row.community_id, row.number))


def rate(tx: Tx, row: Row) -> Card:
    """Asks whether an issue that staff call done is done."""
    return Card(
        about=f"rate-{row.id}", title=f"I{row.number} {row.title}", text=say("card.rate"),
        buttons=(Button(f"已解决 I{row.number}", say("card.solved"), main=True),
                 Button(f"未解决 I{row.number}", say("card.unsolved"))),
        url=pages.url_of(tx, "issue", row.community_id, row.number))
