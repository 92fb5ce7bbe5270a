"""The page of a round: one statement at a time, three big buttons; what is pressed is said in private chat."""

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import abort, render_template, request

from bot import inbox
from services import browse, pages, round_page
from texts.say import say

if TYPE_CHECKING:
    from web.phone import _Phone


class RoundView:
    """The one view, on the database and the login of the other pages."""

    def __init__(self, phone: "_Phone"):
        self.phone = phone

    def show(self, code: str, number: int, mark: str) -> Any:
        """The round, for everybody who was given its address; answers only for who is recognised."""
        if not pages.genuine("round", code, number, mark):
            abort(404)
        phone = self.phone
        with phone.db.read() as tx:
            who = phone.login.visitor(tx)
            if who is None and phone.login.in_wechat() and "seen" not in request.args:
                away = phone.away(code, f"{request.path}?seen=1")
                if away is not None:
                    return away
            who = who if who is not None and who.community == code else None
            it = round_page.page_of(tx, code, number, person_id=who.person_id if who else None, now=phone.clock()) or abort(404)
            nonces = [secrets.token_urlsafe(12) for _ in range(len(it.own) + 3)]
            return render_template(
                "phone/round.html", it=it, who=who, code=code, community=browse.name_of(tx, code), here=request.path,
                nonce=nonces[0], token=phone.login.token(nonces[0]), slips=[(n, phone.login.token(n)) for n in nonces[1:]],
                told=_short(phone.told(tx, who), it))


def _short(told: inbox.Sight | None, it: round_page.RoundPage) -> inbox.Sight | None:
    """The answer without the statement that the page shows by itself."""
    if told is None or it.one is None:
        return told
    return replace(told, reply=told.reply.partition(say("round.ask_head", number=it.number, one=it.one))[0].rstrip())
