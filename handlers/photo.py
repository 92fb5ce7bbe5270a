"""Photos people send: noted at once, put to the issue they belong to, fetched later by bot/media.py."""

from typing import Any

from sqlalchemy import Row

from bot import router
from bot.context import Ctx
from bot.media import pack
from bot.router import Args, Happened, answers, command
from domain.errors import Refusal
from handlers.privacy import YES, said
from models.base import Tx
from services import evidence, issues
from texts.say import say

MINUTES = int(evidence.NEAR.total_seconds()) // 60


@router.pictures
def heard(ctx: Ctx, words: Happened) -> str:
    """Takes note of photos; the words beside them say what they belong to, else what their sender has just done."""
    alone = ctx.message.kind == "image"
    if not ctx.speaker.consented:
        return "\n".join(filter(None, ("" if alone else words(ctx), say("photo.no_consent"))))
    ids = evidence.receive(ctx.tx, ctx.speaker, channel=ctx.message.channel, references=[pack(m) for m in ctx.message.media],
                           now=ctx.now)
    if not alone:
        told = _spoken(ctx, words)
        left = set(ids) & set(evidence.loose(ctx.tx, ctx.speaker, now=ctx.now))
        return f"{told}\n{say('photo.loose', minutes=MINUTES)}" if left and not ctx.asked and ctx.next_dialog is None else told
    ctx.intent = "photo"
    if ctx.dialog is not None and ctx.dialog.then == "evidence":
        return _complete(ctx, ids)
    number = router.quoted_number(ctx, "I")
    if number is not None:
        return _attach(ctx, issues.by_number(ctx.tx, ctx.speaker.community_id, number), ids)
    found = evidence.candidates(ctx.tx, ctx.speaker, now=ctx.now)
    if not found:
        return say("photo.loose", minutes=MINUTES)
    if len(found) == 1 or not ctx.dialogs_up:
        return _attach(ctx, found[0], ids)
    ctx.ask("photo.which", issue_id=found[0].id, ids=ids)
    ctx.buttons(found[0].title, ("1", say("card.photo", number=found[0].number)))
    return say("photo.which", issue=found[0], other=found[1])


@answers("photo.which")
def which(ctx: Ctx) -> str | None:
    """Yes puts the photos to the issue that was asked about; anything else is no answer."""
    assert ctx.dialog is not None
    if not said(ctx, YES):
        return None
    ctx.intent = "photo.yes"
    return _attach(ctx, issues.by_id(ctx.tx, ctx.dialog.data["issue_id"]), ctx.dialog.data["ids"])


@answers("evidence")
def no_photo_needed(ctx: Ctx) -> str | None:
    """The refused result again, when the word that no photo is needed comes instead of one."""
    assert ctx.dialog is not None
    if not said(ctx, {"无需现场", "不用照片"}):
        return None
    return _again(ctx, f"{ctx.dialog.data['order']} 无需现场")


@command("photo.of", "照片 {issue}", "{I} 照片", topic="反映", usage="照片 I12")
def of(ctx: Ctx, args: Args) -> str:
    """Puts the photos that were just sent to the issue named."""
    ids = evidence.loose(ctx.tx, ctx.speaker, now=ctx.now)
    if not ids:
        raise Refusal("photo.none", number=args.issue, minutes=MINUTES)
    return _attach(ctx, _related(ctx.tx, ctx, args.issue), ids)


def with_photos(ctx: Ctx, row: Row[Any]) -> str:
    """What a receipt adds when photos sent before went along; '' when none did."""
    count = len(evidence.of_issue(ctx.tx, row.id))
    return f"\n{say('photo.with', count=count)}" if count else ""


def _related(tx: Tx, ctx: Ctx, number: int) -> Row[Any]:
    """The issue, for who raised it, stands behind it, or works on it."""
    row = issues.by_number(tx, ctx.speaker.community_id, number)
    if ctx.speaker.id not in issues.people_of(tx, row.id) and not evidence.works_on(tx, ctx.speaker, row, now=ctx.now):
        raise Refusal("photo.not_yours", number=number)
    return row


def _attach(ctx: Ctx, row: Row[Any], ids: list[int]) -> str:
    evidence.attach(ctx.tx, ctx.speaker, row, ids, now=ctx.now)
    kind = "evidence" if evidence.works_on(ctx.tx, ctx.speaker, row, now=ctx.now) else "report"
    return say("photo.attached", issue=row, kind=kind)


def _complete(ctx: Ctx, ids: list[int]) -> str:
    """The photo that a refused result lacked: the result is reported again, with it."""
    assert ctx.dialog is not None
    return _again(ctx, ctx.dialog.data["order"])


def _again(ctx: Ctx, order: str) -> str:
    ctx.text, ctx.dialog = order, None
    ctx.heard = router.canonical(order)
    found = router.match(ctx.heard)
    assert found is not None  # it was a command before
    return _spoken(ctx, lambda here: router.obey(here, *found))


def _spoken(ctx: Ctx, words: Happened) -> str:
    """What the words are answered; when they are refused, the photos stay for the next ones."""
    try:
        with ctx.tx.savepoint():
            return words(ctx)
    except Refusal as no:
        return router.refuse(ctx, no)
