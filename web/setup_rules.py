"""What holds in a community: quiet hours, holidays, and the wording of what is told."""

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, g, redirect, request, url_for

from domain.clock import SHANGHAI
from domain.errors import Refusal
from models.base import Tx
from services import quiet, settings, wordings, workcalendar
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
        today, where = self.clock().astimezone(SHANGHAI).date(), self.where()
        with self.db.read() as tx:
            works = workcalendar.of(tx, where)
            days = [(day, works(day)) for day in (today + timedelta(days=n) for n in range(_SHOWN))]
            return self.page("console/setup_rules.html", tx, wrong, hours=quiet.of(tx, where), days=days,
                             today=today,
                             shut=workcalendar.shut_days(tx, where, today - timedelta(days=60)),
                             for_all=settings.responsible(tx, self.whole()),
                             entered=workcalendar.entered(tx, today - timedelta(days=60)), year=today.year + 1,
                             unknown=not announced.announced(today.year + 1), lines=request.form.get("lines", "")[:4000])

    def rule(self) -> Any:
        """Sets the quiet hours, a day on which the community is shut, or (for all) a holiday notice; or takes a day back."""
        where, actor, account, now = self.where(), self.actor(), self.whole(), self.clock()

        def work(tx: Tx) -> None:
            if "start" in request.form:
                start, end = (settings.hour(text(name, 5)) for name in ("start", "end"))
                quiet.put(tx, actor, community_id=where, start=start, end=end, now=now)
            elif "shut" in request.form:
                workcalendar.shut(tx, actor, community_id=where, day=_day(text("shut", 10)), name=text("name", 32), now=now)
            elif "work" in request.form:
                workcalendar.work_again(tx, actor, community_id=where, day=_day(text("work", 10)), now=now)
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
        key, where = request.values.get("key", ""), g.login.actor.community_id
        with self.db.read() as tx:
            own = {name: row.source for name, row in wordings.own(tx, where).items()}
            known = wording.known()
            ours = wordings.default(tx, where, key) if key in known else ""
            return self.page("console/setup_wordings.html", tx, wrong, known=known, own=own, key=key if ours else "", ours=ours,
                             source=source or own.get(key, ours), look=look, sample=wording.preview, blocks=wording.blocks(ours),
                             everywhere=where is None, place=g.login.place,
                             said_now=lambda name: wording.preview(own.get(name) or wordings.default(tx, where, name)))

    def wording(self) -> Any:
        """Shows how new words would look, keeps them, or goes back to ours."""
        key, account, now = text("key", 80), g.login.actor, self.clock()
        where, source = account.community_id, request.form.get("source", "").replace("\0", "").replace("\r\n", "\n")
        try:
            if "ours" in request.form:
                written(self.db, lambda tx: wordings.take_back(tx, account, community_id=where, key=key, now=now))
            elif "keep" in request.form:
                written(self.db, lambda tx: wordings.put(tx, account, community_id=where, key=key, source=source, now=now))
            else:
                wordings.check(key, source)
                return self.wordings(source=source, look=wording.preview(source))
        except Refusal as no:
            return self.wordings(wrong=say(no.key, **no.facts), source=source), 400
        return redirect(url_for("console.setup_wordings", key=key, said="saved", **self.here()))


def _day(words: str) -> date:
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise Refusal("roster.when") from None
