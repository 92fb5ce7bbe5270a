"""The console's addresses: what each page shows and what each button does."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState

from domain.errors import Refusal
from domain.roles import PERSON_ROLES, Deed, Where
from models.base import Database, Tx
from models.tables import forward, home, issue, outbox, person, poll
from services import (
    audit,
    browse,
    course,
    electorate,
    evidence,
    health,
    homes,
    joined,
    logins,
    minutes,
    names,
    pages,
    paging,
    people,
    polls,
    procedure,
    proposals,
    published,
    readiness,
    sight,
)
from services import forward as carrying
from services import outbox as posting
from texts.mask import mask, public
from texts.say import clock as show_clock
from texts.say import day, say, unit, yuan
from texts.words import Category, categories, kind
from web import nav, spoken
from web.accounts import AccountPages
from web.board import BoardPages
from web.course_form import CoursePages
from web.deeds import POLLS
from web.desk import Choose, Desk, Platform, choose
from web.door import Door, may, written
from web.figures import FigurePages
from web.issue_desk import IssueDesk, inside
from web.jobs import JobPages
from web.listing import Listing, asked_filter, csv_response, kept_filter, key_asked, next_address, xlsx_response
from web.lists import BALLOTS, LISTS, VOTERS
from web.logs import LOGS, LogPages, chain_state
from web.ordering import OrderPages, desk_of, open_to
from web.paper import PaperPages
from web.photo import photo_response
from web.poll_builder import PollBuilder
from web.register import RegisterPages
from web.rights import RightsPages
from web.rounds import RoundPages
from web.second import SecondPages
from web.sessions import SessionPages
from web.setup import SetupPages
from web.setup_categories import CategoryPages
from web.setup_crew import CrewPages
from web.setup_parties import PartyPages
from web.setup_rules import RulePages
from web.understanding import UnderstandingPages
from web.words import has_word, reason, term, visible, word

View = Callable[..., Any]
_TYPES = {"pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}


def console_blueprint(db: Database, *, clock: Callable[[], datetime], secure_cookies: bool,
                      machine: Callable[[], list[tuple[bool, str]]] = list, second_factor: str = "optional",
                      platform: Platform | None = None) -> Blueprint:
    """All pages of the console over one database; `machine` says what else is right or wrong with the installation.

    `second_factor` says who must have one: admins, everyone, or (optional) nobody; `platform` tells of the accounts in config.yaml
    and tries one of them.
    """
    console = Blueprint("console", __name__, url_prefix="/console", template_folder="templates",
                        static_folder="static", static_url_path="/static")
    filters: dict[str, Callable[..., Any]] = {
        "clock": show_clock, "day": day, "short_day": course.day_of, "yuan": yuan, "public": lambda value: visible(public(value)),
        "reason": reason, "visible": lambda value: visible(mask(value)) if isinstance(value, str) else value}
    for name, show in filters.items():
        console.app_template_filter(name)(show)
    console.app_context_processor(lambda: {
        "term": term, "word": word, "say": say, "unit_of": unit, "menu": nav.groups, "has_word": has_word})
    Door(db, clock, secure_cookies, second_factor).hang(console)
    SecondPages(db, clock, second_factor).hang(console)
    AccountPages(db, clock).hang(console)
    console.record(lambda state: _secure_forms(state, secure_cookies))
    console.register_error_handler(404, lambda _: (render_template("console/note.html", text=word("page_gone")), 404))
    console.register_error_handler(Choose, lambda _: choose(db))
    views = _Pages(db, clock, machine)
    console.add_url_rule("/", "overview", views.overview)
    for listing in LISTS.values():
        console.add_url_rule(f"/{listing.name}", listing.name, views.list_view(listing))
        console.add_url_rule(f"/{listing.name}.csv", f"{listing.name}_csv", views.csv_view(listing), methods=["POST"])
        console.add_url_rule(f"/{listing.name}.xlsx", f"{listing.name}_xlsx", views.csv_view(listing, xlsx=True), methods=["POST"])
    console.add_url_rule("/similar", "similar", views.similar)
    console.add_url_rule("/issues/<int:key>", "issue", views.issue)
    console.add_url_rule("/issues/<int:key>/photos/<int:one>.jpg", "photo", views.photo)
    console.add_url_rule("/polls/<int:key>", "poll", views.poll)
    console.add_url_rule("/polls/<int:key>.csv", "poll_csv", views.poll_csv, methods=["POST"])
    console.add_url_rule("/polls/<int:key>.xlsx", "poll_xlsx", views.poll_xlsx, methods=["POST"])
    console.add_url_rule("/polls/<int:key>/doors", "doors", views.doors)
    console.add_url_rule("/polls/<int:key>/report", "report", views.report, methods=["POST"])
    console.add_url_rule("/polls/<int:key>.zip", "poll_zip", views.poll_zip, methods=["POST"])
    console.add_url_rule("/outbox/<int:key>/retry", "retry", views.retry, methods=["POST"])
    console.add_url_rule("/forwards/<int:key>/done", "forward_done", views.forward_done, methods=["POST"])
    console.add_url_rule("/forwards/<int:key>/drop", "forward_drop", views.forward_drop, methods=["POST"])
    console.add_url_rule("/people/<int:key>/role", "role", views.role, methods=["POST"])
    console.add_url_rule("/people/<int:key>/name", "name", views.name, methods=["POST"])
    console.add_url_rule("/homes/<int:key>/code", "code", views.code, methods=["POST"])
    understanding = UnderstandingPages(db, clock)
    understanding.hang(console)
    PaperPages(db, clock).hang(console)
    SessionPages(db, clock).hang(console)
    IssueDesk(db, clock).hang(console)
    FigurePages(db, clock).hang(console)
    RightsPages(db, clock).hang(console)
    LogPages(db, clock).hang(console)
    RegisterPages(db, clock, understanding.where).hang(console)
    RoundPages(db, clock).hang(console)
    for pages_of in (SetupPages, CrewPages, PartyPages, CategoryPages, RulePages, CoursePages, BoardPages, OrderPages, JobPages,
                     PollBuilder):
        pages_of(db, clock, platform).hang(console)
    return console


def _printed(tx: Tx, kind: str, row: Any) -> dict[str, str]:
    """The address of the residents' page and its QR code; both '' when there is none."""
    url = pages.url_of(tx, kind, row.community_id, row.number) if row.number else ""
    return {"page_url": url, "qr": pages.qr_data(url)}


def _secure_forms(state: BlueprintSetupState, secure: bool) -> None:
    """The cookie that holds the forms' token is as strict as the session's own."""
    state.app.config["SESSION_COOKIE_SECURE"] = secure


def _missing(tx: Tx, where: Where, now: datetime) -> list[str] | None:
    """Which first steps of setting up are not begun, in the only community there is to look at; None when there is no community."""
    known = {where} if isinstance(where, int) else set(browse.communities(tx) if where is None else where)
    steps = readiness.steps(tx, known.pop(), [], now=now) if len(known) == 1 else []
    return [step.name for step in steps if step.name in readiness.FIRST and step.state == "todo"] if known or steps else None


def _refused(view: View) -> View:
    """A refusal becomes a page that says what to do, not an error."""
    @wraps(view)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except Refusal as no:
            return render_template("console/note.html", text=say(no.key, **no.facts)), 400
    return call


class _Pages:
    """The views; each opens its own transaction."""

    def __init__(self, db: Database, clock: Callable[[], datetime], machine: Callable[[], list[tuple[bool, str]]]):
        self.db, self.clock, self.machine, self.desk = db, clock, machine, Desk(db, clock)

    # --- pages ------------------------------------------------------------------------------------------------
    def overview(self) -> Any:
        """Figures, and whether everything runs; who is here for orders alone begins with those."""
        if not may("issues"):
            return redirect(url_for("console.jobs"))
        with self.db.read() as tx:
            figures = browse.overview(tx, self._where())
            signs = health.look(tx, self._where(), now=self.clock())
            quotas = health.quotas(tx, self._where(), now=self.clock())
            missing = _missing(tx, self._where(), self.clock()) if may("setup") else None
            each = [(key, name, role, browse.overview(tx, key)) for key, name, role in logins.places(tx, g.login)
                    if key in g.login.across]
        beat = figures["heartbeat"]
        return render_template("console/overview.html", figures=figures, found=each, here=None, onward="", signs=signs,
                               quotas=quotas, machine=self.machine(), missing=missing,
                               silent_s=None if beat is None else max(0, int((self.clock() - beat).total_seconds())))

    def list_view(self, listing: Listing) -> View:
        """One page of a list."""
        def view() -> Any:
            chosen = asked_filter(listing, self._where(), self.clock())
            with self.db.read() as tx:
                page = listing.rows(tx, chosen)
                called = listing.names(tx, page.rows)
                chain = chain_state(tx) if listing.name == "audit" else None
                more = self._beside(tx, listing)
            return render_template(
                listing.template, **more, listing=listing, chain=chain, logs=LOGS, page=page, names=called, chosen=chosen,
                kept=kept_filter(listing), columns=listing.shown(chosen), older=next_address(listing, page))
        return view

    def _beside(self, tx: Tx, listing: Listing) -> dict[str, Any]:
        """What stands on a list's page beside its rows, where there is anything."""
        if listing.facts is None:
            return {}
        try:
            one = self.desk.where()
        except Choose:
            one = 0  # of several there are the rows alone, and no deeds that need one
        return {"here": self.desk.here(), "one": one, **desk_of(tx, g.login.actor, one or self._where()),
                **listing.facts(tx, one, self.clock())}

    def csv_view(self, listing: Listing, *, xlsx: bool = False) -> View:
        """The same list as a file; that it was taken is noted."""
        def view() -> Any:
            chosen = asked_filter(listing, self._where(), self.clock())
            self._note_export(f"list:{listing.name}", self._where())
            return (xlsx_response if xlsx else csv_response)(self.db, listing, chosen)
        return view

    def issue(self, key: int) -> Any:
        """One issue with its timeline."""
        with self.db.read() as tx:
            row = self._own(tx, issue, key)
            events = browse.timeline(tx, key, inner=g.login.actor.may(Deed.PRIVATE))
            by = {i for i in (sight.raised_by(row),) if i is not None}
            return render_template(
                "console/issue.html", issue=row, events=events, behind=joined.behind(tx, key),
                polls=browse.polls_about(tx, key), course=course.of(tx, row, now=self.clock()), photos=evidence.of_issue(tx, key),
                photo_at=lambda p: url_for("console.photo", key=key, one=p.id), **_printed(tx, "issue", row),
                categories=_given(row.category),
                into=joined.target_of(tx, row.id), **inside(tx, row, self.clock()),
                doers=browse.doers(tx, row, events, named=may("people")),
                names=browse.labels(tx, by) if may("people") else dict.fromkeys(by, word("cell.someone")))

    def photo(self, key: int, one: int) -> Any:
        """One photo of an issue of this account's community."""
        with self.db.read() as tx:
            self._own(tx, issue, key)
            mine = {p.id for p in evidence.of_issue(tx, key)}
            data = evidence.picture(tx, one) if one in mine else None
        return photo_response(data) if data is not None else abort(404)

    def similar(self) -> Any:
        """Issues that seem to be one matter, and what is talked about this week, for each community the account sees."""
        with self.db.read() as tx:
            found = [(row.name, proposals.groups(tx, row.id), proposals.topics(tx, row.id, now=self.clock(), most=10))
                     for row in proposals.communities(tx, self._where())]
        return render_template("console/similar.html", found=found)

    def poll(self, key: int) -> Any:
        """One poll with its count and its ballots, as far as its secrecy allows."""
        with self.db.read() as tx:
            row = self._own(tx, poll, key)
            listing = _ballots_of(row)
            page = listing.rows(tx, paging.Filter(before=key_asked()))
            asked = row.result["asked"] if row.result else electorate.size(tx, row)
            return render_template(
                "console/poll.html",
                poll=row, **_printed(tx, "poll", row),
                tally=polls.count(tx, row), electorate=asked,
                unbound=electorate.unbound(tx, row, asked), kept={}, listing=listing, page=page,
                names=listing.names(tx, page.rows), columns=listing.columns, older=next_address(listing, page),
                objections=procedure.objections(tx, key), deeds=open_to(g.login.actor, POLLS, row.state),
                **desk_of(tx, g.login.actor, row.community_id),
                about=browse.one(tx, issue, row.issue_id, self._where()) if row.issue_id else None)

    def doors(self, key: int) -> Any:
        """The homes to knock at, to print: each with how it was reached and a code that leads its owner to the poll."""
        with self.db.read() as tx:
            row = self._own(tx, poll, key)
            url = pages.url_of(tx, "poll", row.community_id, row.number)
            homes_left = [(each, how, pages.qr_data(pages.door_url(url, row.id, each.home_id)))
                          for each, how in procedure.doors(tx, row)]
        return render_template("console/doors.html", poll=row, homes=homes_left)

    def poll_csv(self, key: int) -> Any:
        """A poll's ballots as a file, with no more in it than the page shows."""
        with self.db.read() as tx:
            row = self._own(tx, poll, key)
        self._note_export(f"poll:{key}", row.community_id)
        return csv_response(self.db, _ballots_of(row), paging.Filter())

    def poll_xlsx(self, key: int) -> Any:
        """The same as a workbook."""
        with self.db.read() as tx:
            row = self._own(tx, poll, key)
        self._note_export(f"poll:{key}", row.community_id)
        return xlsx_response(self.db, _ballots_of(row), paging.Filter())

    @_refused
    def poll_zip(self, key: int) -> Any:
        """A closed poll's published ballots; the internal variant names the voters' keys and is on record."""
        with self.db.read() as tx:
            row = self._own(tx, poll, key)
        internal = "internal" in request.form
        data = written(self.db, lambda tx: published.archive(tx, g.login.actor, row, internal=internal, now=self.clock()))
        name = f"attachment; filename=P{row.number}.zip"
        return Response(data, mimetype="application/zip", headers={"Content-Disposition": name})

    @_refused
    def report(self, key: int) -> Any:
        """The report of a closed poll as docx or PDF; the internal version is on record."""
        with self.db.read() as tx:
            row = self._own(tx, poll, key)
        kind, internal = "pdf" if "pdf" in request.form else "docx", "internal" in request.form
        data = written(self.db, lambda tx: minutes.written(tx, g.login.actor, row, kind, internal=internal, now=self.clock()))
        return Response(data, mimetype=_TYPES[kind], headers={"Content-Disposition": f"attachment; filename=P{row.number}.{kind}"})

    # --- deeds ------------------------------------------------------------------------------------------------
    @_refused
    def retry(self, key: int) -> Any:
        """Gives a dead post another round."""
        self._mine(outbox, key)
        written(self.db, lambda tx: posting.retry(tx, g.login.actor, outbox_id=key, now=self.clock()))
        return redirect(url_for("console.outbox", kind="waiting"))

    @_refused
    def forward_done(self, key: int) -> Any:
        """Ticks off what somebody carried into its group."""
        self._mine(forward, key)
        written(self.db, lambda tx: carrying.done(tx, g.login.actor, [key], now=self.clock()))
        return redirect(url_for("console.forwards", kind="waiting"))

    @_refused
    def forward_drop(self, key: int) -> Any:
        """Notes that this will not be carried, and why."""
        self._mine(forward, key)
        reason = request.form.get("reason", "").replace("\0", "").strip()[:200]
        written(self.db, lambda tx: carrying.drop(tx, g.login.actor, [key], reason=reason, now=self.clock()))
        return redirect(url_for("console.forwards", kind="waiting"))

    @_refused
    def role(self, key: int) -> Any:
        """Gives a person a role."""
        self._mine(person, key)
        wanted = request.form.get("role", "")
        if wanted not in PERSON_ROLES:
            abort(400)
        written(self.db, lambda tx: people.set_role(tx, g.login.actor, person_id=key, role=wanted, now=self.clock()))
        return redirect(url_for("console.people"))

    @_refused
    def name(self, key: int) -> Any:
        """Sets what a person is called."""
        self._mine(person, key)
        wanted = request.form.get("name", "").replace("\0", "")
        written(self.db, lambda tx: names.set_name(tx, g.login.actor, person_id=key, name=wanted, now=self.clock()))
        return redirect(url_for("console.people"))

    @_refused
    def code(self, key: int) -> Any:
        """Makes a one-time code for a home and shows it once."""
        row = self._mine(home, key)
        code = written(self.db, lambda tx: homes.make_code(tx, g.login.actor, home_id=key, now=self.clock()))
        text = say("bind.code_made", label=row.label, code=code, days=homes.CODE_LIFE.days)
        return render_template("console/note.html", text=text, then=url_for("console.homes"), then_word=word("nav.homes"))

    # --- shared -----------------------------------------------------------------------------------------------
    def _where(self) -> Where:
        where: Where = g.login.where
        return where

    def _own(self, tx: Tx, table: Any, key: int) -> Any:
        """The row, or 404 when it is not of this account's community."""
        row = browse.one(tx, table, key, self._where()) if key <= paging.LARGEST else None
        if row is None or (table is issue and row.private and not g.login.actor.may(Deed.PRIVATE)):
            abort(404)
        spoken.speak(tx, row.community_id)
        return row

    def _mine(self, table: Any, key: int) -> Any:
        with self.db.read() as tx:
            return self._own(tx, table, key)

    def _note_export(self, what: str, where: Where) -> None:
        place = where if isinstance(where, int) else None
        written(self.db, lambda tx: audit.note(tx, g.login.actor, "export.csv",
            what, now=self.clock(), community_id=place))


def _given(code: str) -> list[Category]:
    """The categories an issue can be given, and the one it has."""
    return list(({code: kind(code)} | categories()).values())


def _ballots_of(row: Any) -> Listing:
    """The list of a poll's ballots: acts with their choice when it is named, else only who took part."""
    listing = VOTERS if browse.only_voters(row) else BALLOTS
    return listing.over(lambda tx, chosen: browse.ballots(tx, row, chosen), options=row.options, kind=row.kind)


