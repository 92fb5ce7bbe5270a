"""The cards of polls and issues: the same facts and the same words as in plain chat, to be touched."""

from dataclasses import replace

from sqlalchemy import Row, func, select

from domain.card import Button, Card, Option, Select
from models.base import Tx
from models.tables import issue as issue_table
from services import pages
from texts.kinds import MARKS
from texts.say import say
from texts.words import categories, kind

CATEGORIES = 10  # the most one list of a card may hold
TRACKS = ("self", "shared", "public", "private")


def poll(tx: Tx, row: Row, *, mine: str = "", told: str = "") -> Card:
    """A poll to vote in; `mine` is the ballot of whoever looks at it, `told` what to say beside it; closed when it is over.

    Orders, points and many options do not fit on a card: it leads to the page, where they are forms.
    """
    over, words = row.state != "open", told or say("card.poll", poll=row)
    whole = Card(about=f"poll-{row.id}", title=f"P{row.number} {row.title}", text=words, says=f"P{row.number}",
                 closed=say("card.over", poll=row) if over else "", url=pages.url_of(tx, "poll", row.community_id, row.number))
    if row.kind == "signup" and not over:
        return replace(whole, buttons=(Button(f"P{row.number} 报名", say("card.join"), main=True),
                                       Button(f"撤票 P{row.number}", say("card.leave"))))
    if row.kind not in MARKS:
        return replace(whole, buttons=() if over else (Button(f"P{row.number}", say("card.how"), main=True),))
    checked = set(mine.split(",")) if mine else set()
    return replace(
        whole, most=row.most, submit=say("card.change" if mine else "card.vote"),
        options=tuple(Option(str(n), f"{n} {text}", checked=str(n - 1) in checked) for n, text in enumerate(row.options, 1)))


def issue(tx: Tx, row: Row, *, told: str = "") -> Card:
    """An issue that neighbours can stand behind with one touch."""
    return Card(
        about=f"issue-{row.id}", title=f"I{row.number} {row.title}", text=told or say("card.issue", issue=row),
        buttons=(Button(f"附议 I{row.number}", say("card.support"), main=True), Button(f"I{row.number}", say("card.progress"))),
        url=pages.url_of(tx, "issue", row.community_id, row.number))


def correct(tx: Tx, row: Row) -> Card:
    """Lets staff put an issue's category and track right with one choice: the present ones first, then what is used most here."""
    used = tx.connection.scalars(select(issue_table.c.category).where(
        issue_table.c.community_id == row.community_id, issue_table.c.number.is_not(None))
        .group_by(issue_table.c.category).order_by(func.count().desc()).limit(CATEGORIES))
    known = {row.category: kind(row.category)} | categories()
    now = "private" if row.private else row.track
    codes = [code for code in dict.fromkeys([row.category, *used, *known]) if code in known][:CATEGORIES]
    return Card(
        about=f"issue-{row.id}", title=f"I{row.number} {row.title}", text=say("card.correct"), says=f"I{row.number} 类别",
        selects=(Select("category", say("card.category"), tuple(
            Option(known[code].name, known[code].name, checked=code == row.category) for code in codes)),
            Select("track", say("terms.field.track"), tuple(
                Option(say(f"card.track.{track}"), say(f"card.track.{track}"), checked=track == now) for track in TRACKS))),
        submit=say("card.put_right"), url=pages.url_of(tx, "issue", row.community_id, row.number))


def task(tx: Tx, row: Row) -> Card:
    """What a party was sent, to be signed with one touch."""
    return Card(
        about=f"task-{row.id}", title=f"I{row.number} {row.title}", text=say("card.task"),
        buttons=(Button(f"签收 I{row.number}", say("card.sign"), main=True), Button(f"I{row.number}", say("card.progress"))),
        url=pages.url_of(tx, "issue", row.community_id, row.number))


def extension(tx: Tx, row: Row) -> Card:
    """A party asks for longer, and a grid worker agrees with one touch."""
    return Card(about=f"extend-{row.id}", title=f"I{row.number} {row.title}", text=say("card.extension"),
                buttons=(Button(f"同意延期 I{row.number}", say("card.allow"), main=True),
                         Button(f"I{row.number}", say("card.progress"))),
                url=pages.url_of(tx, "issue", row.community_id, row.number))


def whistle(tx: Tx, row: Row) -> Card:
    """The level above is called."""
    return Card(about=f"whistle-{row.id}", title=f"I{row.number} {row.title}", text=say("card.whistle"),
                buttons=(Button(f"应哨 I{row.number} 马上到场协调", say("card.come"), main=True),
                         Button(f"I{row.number}", say("card.progress"))),
                url=pages.url_of(tx, "issue", row.community_id, row.number))


def rate(tx: Tx, row: Row) -> Card:
    """Asks whether an issue that staff call done is done."""
    return Card(
        about=f"rate-{row.id}", title=f"I{row.number} {row.title}", text=say("card.rate"),
        buttons=(Button(f"满意 I{row.number}", say("card.satisfied"), main=True),
                 Button(f"基本满意 I{row.number}", say("card.fair")), Button(f"不满意 I{row.number}", say("card.dissatisfied")),
                 Button(f"未解决 I{row.number}", say("card.unsolved"))),
        url=pages.url_of(tx, "issue", row.community_id, row.number))


def opinion(tx: Tx, row: Row, one: Row, number: int) -> Card:
    """One statement of a round, answered with one touch; the words are those one could type."""
    words = [say(f"terms.opinion.{value}") for value in (1, -1, 0)]  # none is the main one: a button shall not suggest an answer
    return Card(
        about=f"opinion-{one.id}", title=say("card.opinion", number=number, one=one), text=one.text,
        buttons=tuple(Button(f"征言 I{number} {one.number} {word}", word) for word in words),
        url=pages.url_of(tx, "round", row.community_id, row.number))


def promise(tx: Tx, row: Row, number: int, it: Row) -> Card:
    """Asks whether a promise was kept, of the issue under the number by which the asked person knows it."""
    return Card(
        about=f"promise-{it.id}", title=f"I{number} {row.title}", text=say("card.promised", promise=it),
        buttons=tuple(Button(f"评承诺 I{number} {said}", say(f"terms.promised.{said}"), main=said == 1) for said in (1, 2, 3)),
        url=pages.url_of(tx, "issue", row.community_id, row.number))
