"""What holds in a community: quiet hours, holidays, and the wording of what is told."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, g, redirect, request, url_for

from domain.clock import SHANGHAI
from domain.errors import Refusal
from models.base import Tx
from services import quiet, settings, wordings, workcalendar
from texts import say as catalogue
from texts import wording
from texts import workcalendar as announced
from texts.say import say
from web.desk import Desk, text
from web.door import written

_SHOWN = 14  # days of the calendar


class RulePages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/setup/rules", "setup_rules", self.rules)
        console.add_url_rule("/setup/rules", "setup_rule", self.rule, methods=["POST"])
        console.add_url_rule("/setup/wordings", "setup_wordings", self.wordings)
        console.add_url_rule("/setup/wordings", "setup_wording", self.wording, methods=["POST"])

    # --- hours and days -------------------------------------------------------------------------------------------
    def rules(self, wrong: str = "") -> Any:
        """The quiet hours, the days that were entered, and the days that come."""
        today = self.clock().astimezone(SHANGHAI).date()
        with self.db.read() as tx:
            works = workcalendar.of(tx)
            days = [(day, works(day)) for day in (today + timedelta(days=n) for n in range(_SHOWN))]
            return self.page("console/setup_rules.html", tx, wrong, hours=quiet.of(tx, self.where()), days=days,
                             entered=workcalendar.entered(tx, today - timedelta(days=60)), year=today.year + 1,
                             unknown=not announced.announced(today.year + 1), lines=request.form.get("lines", "")[:4000])

    def rule(self) -> Any:
        """Sets the quiet hours, enters a holiday notice, or takes a day back."""
        where, actor, account, now = self.where(), self.actor(), g.login.actor, self.clock()

        def work(tx: Tx) -> None:
            if "start" in request.form:
                start, end = (settings.hour(text(name, 5)) for name in ("start", "end"))
                quiet.put(tx, actor, community_id=where, start=start, end=end, now=now)
            elif "forget" in request.form:
                settings.everywhere(tx, account)
                workcalendar.forget(tx, account, _day(text("forget", 10)), now=now)
            else:
                settings.everywhere(tx, account)
                lines = request.form.get("lines", "").replace("，", ",").replace("\0", "")[:20_000]
                workcalendar.enter(tx, account, workcalendar.read(lines, say("setup.pasted")), now=now)
        return self.do(work, self.rules, "console.setup_rules")

    # --- wording --------------------------------------------------------------------------------------------------
    def wordings(self, wrong: str = "", source: str = "", look: str = "") -> Any:
        """The sentences that may be said otherwise, and one to change."""
        key = request.values.get("key", "")
        with self.db.read() as tx:
            own = {name: row.source for name, row in wordings.own(tx).items()}
            known = wording.known()
            ours = catalogue.source_of(key) if key in known else ""
            return self.page("console/setup_wordings.html", tx, wrong, known=known, own=own, key=key if ours else "", ours=ours,
                             source=source or own.get(key, ours), look=look, sample=wording.preview, blocks=wording.blocks(ours),
                             said_now=lambda name: wording.preview(own.get(name) or catalogue.source_of(name)))

    def wording(self) -> Any:
        """Shows how new words would look, keeps them, or goes back to ours."""
        key, account, now = text("key", 80), g.login.actor, self.clock()
        source = catalogue.source_of(key) if "ours" in request.form and key in wording.known() else request.form.get(
            "source", "").replace("\0", "").replace("\r\n", "\n")
        try:
            wordings.check(key, source)
            if "keep" not in request.form and "ours" not in request.form:
                return self.wordings(source=source, look=wording.preview(source))
            written(self.db, lambda tx: wordings.put(tx, account, key=key, source=source, now=now))
        except Refusal as no:
            return self.wordings(wrong=say(no.key, **no.facts), source=source), 400
        wordings.changed()
        return redirect(url_for("console.setup_wordings", key=key, said="saved"))


def _day(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise Refusal("roster.when") from None
