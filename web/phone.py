"""Pages for phones: a poll, an issue, what is going on, and what is mine. Acting here is saying it in private chat."""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, send_file, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from bot import inbox
from bot.channels.wording import legal
from bot.message import Channel, Message, Reply, Tap
from domain.errors import Refusal
from domain.roles import NOBODY
from models.base import Database, Tx
from models.tables import community
from services import audit, browse, chart, course, evidence, figures, minutes, pages, paging, phone, procedure, promises, published
from texts.mask import public
from texts.say import clock as show_clock
from texts.say import day, poll_rules, say, yuan
from web import asking, ballot_form, spoken
from web.phone_data import DataPages
from web.phone_report import ReportView
from web.phone_round import RoundView
from web.photo import photo_response
from web.wechat import Visitor, WechatLogin, goodbye, own
from web.words import term

Hear = Callable[[Channel, Message], Reply | None]
VERIFIER = Path(__file__).parent.parent / "verify" / "linyi_verify.py"
_MOST = 1000  # characters of one comment


def phone_blueprint(db: Database, login: WechatLogin, hear: Hear, *, clock: Callable[[], datetime]) -> Blueprint:
    """All pages under /m; `hear` is the road of every message."""
    blueprint = Blueprint("phone", __name__, url_prefix="/m", template_folder="templates", static_folder="static",
                          static_url_path="/static")
    views = _Phone(db, login, hear, clock)
    filters: dict[str, Callable[..., str]] = {"clock": show_clock, "day": day, "yuan": yuan, "public": public,
                                             "short_day": course.day_of}
    for name, show in filters.items():
        blueprint.add_app_template_filter(show, name)
    blueprint.app_context_processor(lambda: {"say": say, "term": term})
    blueprint.add_url_rule("/", "front", views.front)
    blueprint.add_url_rule("/enter", "enter", views.enter)
    blueprint.add_url_rule("/back", "back", views.back)
    blueprint.add_url_rule("/verify.py", "verifier", views.verifier)
    blueprint.add_url_rule("/leave", "leave", views.leave, methods=["POST"])
    blueprint.add_url_rule("/<code>/", "home", views.home)
    blueprint.add_url_rule("/<code>/me", "me", views.me)
    blueprint.add_url_rule("/<code>/promises", "promises", views.promises)
    blueprint.add_url_rule("/<code>/V<int:number>-<mark>", "round", RoundView(views).show)
    blueprint.add_url_rule("/<code>/R<int:number>-<mark>", "round_report", ReportView(views).show)
    blueprint.add_url_rule("/<code>/R<int:number>-<mark>.png", "round_picture", ReportView(views).picture)
    blueprint.add_url_rule("/<code>/<string(length=1):letter><int:number>-<mark>", "thing", views.thing)
    blueprint.add_url_rule("/<code>/<string(length=1):letter><int:number>-<mark>/<int:one>-<seal>.jpg", "photo", views.photo)
    blueprint.add_url_rule("/<code>/<string(length=1):letter><int:number>-<mark>.png", "picture", views.picture)
    blueprint.add_url_rule("/<code>/<string(length=1):letter><int:number>-<mark>.zip", "ballots", views.ballots)
    blueprint.add_url_rule("/<code>/<string(length=1):letter><int:number>-<mark>.pdf", "report", views.report)
    blueprint.add_url_rule("/<code>/notices", "notices", views.notices)
    blueprint.add_url_rule("/<code>/sign", "sign", views.sign)
    DataPages(db, login, views, clock).hang(blueprint)
    blueprint.register_error_handler(404, views.gone)
    blueprint.before_request(views.enter_community)
    blueprint.teardown_request(spoken.silence)
    blueprint.add_url_rule("/<code>/say", "act", views.act, methods=["POST"])
    return blueprint


class _Phone:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, login: WechatLogin, hear: Hear, clock: Callable[[], datetime]):
        self.db, self.login, self._hear, self.clock = db, login, hear, clock

    def enter_community(self) -> None:
        """Speaks as the community of the address does."""
        code = (request.view_args or {}).get("code")
        if code is not None:
            with self.db.read() as tx:
                found = tx.scalar(select(community.c.id).where(community.c.code == code))
                if found is not None:
                    spoken.speak(tx, found)

    def thing(self, code: str, letter: str, number: int, mark: str) -> Any:
        """A poll or an issue, for everybody who was given its address."""
        kind = _kind(code, letter, number, mark)
        with self.db.read() as tx:
            who = self.login.visitor(tx)
            if who is None and self.login.in_wechat() and "seen" not in request.args:
                away = self.away(code, f"{request.path}?seen=1")
                if away is not None:
                    return away
            who = who if who is not None and who.community == code else None
            make = phone.poll_of if kind == "poll" else phone.issue_of
            found = make(tx, code, number, person_id=who.person_id if who else None, now=self.clock())
            if found is None:
                abort(404)
            slip = pages.door(found.row.id, request.args["u"]) if kind == "poll" and "u" in request.args else None
            ask = asking.after_acting(tx, self._account(who), who, found) if who else None
            page = self.page(f"phone/{kind}.html", tx, who, code, it=found, asking=ask,
                              here=request.path, picture=f"{request.base_url}.png", **_ballot(found),
                              photo_at=lambda p: url_for("phone.photo", code=code, letter=letter, number=number, mark=mark,
                                                         one=p.id, seal=evidence.mark(p.id)))
        if slip is not None and found.row.state in ("notice", "open"):
            self._reached(found.row, slip)
        return page

    def _reached(self, row: Any, home_id: int) -> None:
        """The slip for this home has been opened: proof that the notice arrived."""
        with self.db.write() as tx:
            if procedure.note_reached(tx, NOBODY, row, [home_id], "scan", now=self.clock()):
                audit.seal(tx)

    def picture(self, code: str, letter: str, number: int, mark: str) -> Any:
        """What a shared link shows of it: the result as bars, or the question."""
        kind = _kind(code, letter, number, mark)
        with self.db.read() as tx:
            facts = phone.picture_of(tx, kind, code, number) or abort(404)
        response = make_response(chart.draw(facts))
        response.headers["Content-Type"], response.headers["Cache-Control"] = "image/png", "public, max-age=300"
        return response

    def photo(self, code: str, letter: str, number: int, mark: str, one: int, seal: str) -> Any:
        """One photo of an issue, for who may see it; kept by no cache between us."""
        if _kind(code, letter, number, mark) != "issue" or one > paging.LARGEST or not evidence.genuine(one, seal):
            abort(404)
        with self.db.read() as tx:
            who = self.login.visitor(tx)
            person_id = who.person_id if who is not None and who.community == code else None
            data = phone.photo_of(tx, code, number, one, person_id=person_id, now=self.clock()) or abort(404)
        return photo_response(data)

    def ballots(self, code: str, letter: str, number: int, mark: str) -> Any:
        """What anybody may recount: the published ballots of a closed poll, without persons."""
        if _kind(code, letter, number, mark) != "poll":
            abort(404)
        with self.db.read() as tx:
            row = phone.closed_poll(tx, code, number) or abort(404)
            try:
                data = published.archive(tx, NOBODY, row, now=self.clock())
            except Refusal as no:
                return self.note(no.key, 404, **no.facts)
        response = make_response(data)
        response.headers["Content-Type"] = "application/zip"
        response.headers["Content-Disposition"] = f'attachment; filename="P{number}.zip"'
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response

    def report(self, code: str, letter: str, number: int, mark: str) -> Any:
        """The public report of a closed poll."""
        if _kind(code, letter, number, mark) != "poll":
            abort(404)
        with self.db.read() as tx:
            row = phone.closed_poll(tx, code, number) or abort(404)
            response = make_response(minutes.written(tx, NOBODY, row, "pdf", now=self.clock()))
        response.headers["Content-Type"] = "application/pdf"
        response.headers["Content-Disposition"] = f'inline; filename="P{number}.pdf"'
        response.headers["Cache-Control"] = "public, max-age=300"  # objections may still be answered
        return response

    def verifier(self) -> Any:
        """The one file that recounts an export by itself, to be read and run by who does not trust us."""
        return send_file(VERIFIER, mimetype="text/x-python", as_attachment=True, download_name="linyi_verify.py")

    def home(self, code: str) -> Any:
        """What is going on in the community, for those who belong to it."""
        with self.db.read() as tx:
            who = self.login.visitor(tx)
            if who is None or who.community != code:
                return self.away(code, request.path) or abort(404)
            return self.page("phone/home.html", tx, who, code, here=request.path,
                              it=phone.home_of(tx, who.community_id, who.person_id, now=self.clock()))

    def me(self, code: str) -> Any:
        """The visitor's own ballots, issues and homes."""
        with self.db.read() as tx:
            who = self.login.visitor(tx)
            if who is None or who.community != code:
                return self.away(code, request.path) or abort(404)
            return self.page("phone/me.html", tx, who, code, here=request.path,
                              it=phone.mine_of(tx, who.community_id, who.person_id))

    def promises(self, code: str) -> Any:
        """What was promised and whether it was kept, and how each of the last months was dealt with; no names."""
        now = self.clock()
        with self.db.read() as tx:
            who = self.login.visitor(tx)
            if who is None or who.community != code:
                return self.away(code, request.path) or abort(404)
            months = figures.table(tx, figures.Asked(who.community_id), "month", now)[-6:]
            return self.page("phone/promises.html", tx, who, code, here=request.path, months=months,
                              promises=promises.public(tx, who.community_id, now=now, most=50))

    def notices(self, code: str) -> Any:
        """What one-time notices are, and whether one is waiting; only the platform's own event allows one."""
        with self.db.read() as tx:
            who = self.login.visitor(tx)
            if who is None or who.community != code:
                return self.away(code, request.path) or abort(404)
            ask = asking.at_any_time(self._account(who))
            return self.page("phone/notices.html", tx, who, code, here=request.path, asking=ask,
                              waiting=phone.notices_of(tx, who.channel, who.openid))

    def sign(self, code: str) -> Any:
        """Lets the visitor's page show WeChat's button."""
        with self.db.read() as tx:
            who = self.login.visitor(tx)
        return asking.signed(self._account(who)) if who is not None and who.community == code else abort(403)

    def gone(self, _error: Exception) -> Any:
        """An address that is wrong or old."""
        return self.note("page.gone", 404)

    def front(self) -> Any:
        """Where somebody lands who came without an address."""
        with self.db.read() as tx:
            who = self.login.visitor(tx)
        return redirect(url_for("phone.home", code=who.community)) if who else self.note("page.front")

    def act(self, code: str) -> Any:
        """Says on behalf of the visitor what the form stands for; the same form twice is one message."""
        nonce, here = request.form.get("nonce", "")[:64], own(request.form.get("here", "")).partition("?")[0]
        with self.db.read() as tx:
            who = self.login.visitor(tx)
        if who is None or who.community != code:
            return self.note("page.login_again", 403)
        if not self.login.genuine(nonce, request.form.get("token", "")):
            return self.note("page.stale", 400)
        words = _words()
        if words is None:
            return redirect(f"{here}?told=choose")
        channel = self._account(who)
        reply = self._hear(channel, Message(channel.name, f"page:{nonce}", who.openid, self.clock(), text=words,
                                            tap=Tap(legal(request.form.get("about", ""))[:40])))
        if reply is None:
            return self.note("page.busy", 503)
        return redirect(f"{here}?told={nonce}")

    def enter(self) -> Any:
        """Goes to WeChat to be recognised."""
        here = own(request.args.get("next", ""))
        code = here.split("/")[2] if here.count("/") > 2 else next(iter(self.login.accounts), "")
        return self.away(code, here) or self.note("page.no_account", 404)

    def back(self) -> Any:
        """Comes from WeChat."""
        return self.login.arrive(lambda reason: make_response(self.note(reason, 400)))

    def leave(self) -> Any:
        """Forgets the visitor on this phone; a link elsewhere cannot do that."""
        if not self.login.genuine(request.form.get("nonce", ""), request.form.get("token", "")):
            return self.note("page.stale", 400)
        return goodbye(make_response(self.note("page.left")))

    def _account(self, who: Visitor) -> Channel:
        return next(channel for channel in self.login.accounts.values() if channel.name == who.channel)

    def told(self, tx: Tx, who: Visitor | None) -> inbox.Sight | None:
        """What the bot answered to the form that was just sent, for who sent it only."""
        nonce = request.args.get("told", "")
        if nonce == "choose":
            return inbox.Sight(0, True, say("page.choose"))
        if not nonce or who is None or who.person_id is None:
            return None
        return inbox.answered(tx, who.channel, f"page:{nonce[:64]}", person_id=who.person_id)

    def away(self, code: str, here: str) -> AnyResponse | None:
        """To WeChat, to be recognised, and back here; None where no account can."""
        back = f"{pages.base() or request.host_url.rstrip('/')}{url_for('phone.back')}"
        return self.login.leave(code, here, back)

    def page(self, template: str, tx: Tx, who: Visitor | None, code: str, **facts: Any) -> str:
        """One page, with what its forms need."""
        nonce = secrets.token_urlsafe(12)
        return render_template(template, who=who, code=code, nonce=nonce, token=self.login.token(nonce),
                               told=self.told(tx, who), community=browse.name_of(tx, code), **facts)

    def note(self, key: str, status: int = 200, **facts: Any) -> tuple[str, int]:
        """One sentence."""
        return render_template("phone/note.html", text=say(key, **facts), code=None, who=None), status


def _words() -> str | None:
    """What the form says, as one would type it; None when nothing was chosen or written."""
    says, chosen = legal(request.form.get("says", ""))[:200], request.form.getlist("option")
    more = legal(request.form.get("words", "")).strip()
    if "choose" in request.form and (filled := ballot_form.words(request.form)):
        return f"{says} {filled}"
    if "choose" in request.form:
        return f"{says} {'、'.join(legal(o)[:8] for o in chosen[:20])}" if chosen else None
    if "write" in request.form:
        return f"{says} {more[:_MOST]}" if more else None
    return says or None


def _kind(code: str, letter: str, number: int, mark: str) -> str:
    kind = {"P": "poll", "I": "issue"}.get(letter)
    if kind is None or not pages.genuine(kind, code, number, mark):
        abort(404)
    return kind


def _ballot(it: Any) -> dict[str, Any]:
    """What a poll's page says of the visitor's own ballot."""
    if not isinstance(it, phone.PollPage):
        return {}
    return {"mine_words": it.said, "given": ballot_form.given(it.row.kind, it.mine), "rules": poll_rules(it.row)}
