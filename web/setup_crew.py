"""Who and what carries a community's talk: its groups, its staff, and the accounts on the platforms with a test of each."""

from typing import Any

from flask import Blueprint, abort, request

from domain.errors import Refusal
from models.base import Tx
from services import browse, communities, groups, readiness, settings, staff
from services.outbox import HAND
from services.people import set_role
from texts.say import say
from web.desk import Desk, number, text, worded
from web.door import written

POSTING = ("wecom_webhook", "customer_group")  # kinds of account that post to a group under an address of its own


class CrewPages(Desk):
    """The views; each opens its own transaction."""

    def hang(self, console: Blueprint) -> None:
        """Adds the addresses to the console."""
        console.add_url_rule("/setup/groups", "setup_groups", self.groups)
        console.add_url_rule("/setup/groups", "setup_group", self.group, methods=["POST"])
        console.add_url_rule("/setup/staff", "setup_staff", self.staff)
        console.add_url_rule("/setup/staff", "setup_staff_add", self.staff_add, methods=["POST"])
        console.add_url_rule("/setup/accounts", "setup_accounts", self.accounts)
        console.add_url_rule("/setup/accounts", "setup_account_test", self.test, methods=["POST"])

    # --- groups ---------------------------------------------------------------------------------------------------
    def groups(self, wrong: str = "") -> Any:
        """Every group, what it still lacks, and a form to enter one."""
        with self.db.read() as tx:
            code = communities.code_of(tx, self.where())
            roads = [each.name for each in self.platform.accounts() if each.community == code and each.kind in POSTING]
            return self.page("console/setup_groups.html", tx, wrong, groups=groups.listed(tx, self.where()), roads=roads, hand=HAND,
                             called=self._called, buildings=browse.buildings(tx, self.where()),
                             staff=staff.listed(tx, self.where()))

    def group(self) -> Any:
        """Enters a group or changes one."""
        where, actor, key = self.where(), self.actor(), number("key")
        facts: dict[str, Any] = {"name": text("name"), "building_id": number("building"), "keeper_id": number("keeper"),
                                 "road": self._road(), "address": text("address", 400)}

        def work(tx: Tx) -> None:
            if key is None:
                groups.set_up(tx, actor, community_id=where, now=self.clock(), **facts)
            else:
                groups.change(tx, actor, community_id=where, chat_id=key, now=self.clock(), **facts)
        return self.do(work, self.groups, "console.setup_groups", "added" if key is None else "saved")

    def _called(self, name: str) -> str:
        """An account as people read it: what it is, and its name."""
        kind = next((each.kind for each in self.platform.accounts() if each.name == name), "")
        if name == HAND:
            return say("setup.road_hand")
        return say("setup.account_is", kind=worded("setup.kind", kind), name=name) if kind else name

    def _road(self) -> str:
        """The account that posts to the group: one of this installation's, or a person's hand."""
        asked = text("road", 32)
        return asked if asked in ("", HAND, *(each.name for each in self.platform.accounts())) else abort(400)

    # --- staff ----------------------------------------------------------------------------------------------------
    def staff(self, wrong: str = "") -> Any:
        """Who works here, and a form to enter somebody."""
        with self.db.read() as tx:
            code = communities.code_of(tx, self.where())
            channels = [each.name for each in self.platform.accounts() if each.community == code and each.kind != "wecom_webhook"]
            return self.page("console/setup_staff.html", tx, wrong, staff=staff.listed(tx, self.where()), channels=channels,
                             called=self._called)

    def staff_add(self) -> Any:
        """Enters somebody, or gives another role."""
        where, actor, key, role = self.where(), self.actor(), number("key"), text("role", 16)
        if role not in ("resident", "grid_worker", "admin"):
            abort(400)

        def work(tx: Tx) -> None:
            if key is not None:
                set_role(tx, actor, person_id=key, role=role, now=self.clock())
                return
            staff.add(tx, actor, community_id=where, name=text("name"), role=role, channel=text("channel", 32),
                      external_id=text("external_id", 128), now=self.clock())
        return self.do(work, self.staff, "console.setup_staff", "added" if key is None else "saved")

    # --- accounts -------------------------------------------------------------------------------------------------
    def accounts(self, wrong: str = "", tried: str = "", findings: list[tuple[bool, str]] | None = None) -> Any:
        """The community's accounts with how their last test ended."""
        with self.db.read() as tx:
            code = communities.code_of(tx, self.where())
            mine = [each for each in self.platform.accounts() if each.community == code]
            tests = {each.name: settings.get(tx, self.where(), f"{readiness.TESTED}{each.name}") for each in mine}
            return self.page("console/setup_accounts.html", tx, wrong, accounts=mine, tests=tests, code=code, tried=tried,
                             findings=findings or [])

    def test(self) -> Any:
        """Tries an account against its platform, outside any transaction, and keeps how it ended."""
        name, where = text("name", 32), self.where()
        with self.db.read() as tx:
            code = communities.code_of(tx, where)
        if not any(each.name == name and each.community == code for each in self.platform.accounts()):
            abort(404)
        actor = self.actor()
        try:
            settings.admin(actor)
        except Refusal as no:
            return self.accounts(wrong=say(no.key)), 400
        made = [self.platform.menu(name)] if "menu" in request.form else []
        findings = made + self.platform.examine(name)
        good = bool(findings) and all(ok for ok, _ in findings)
        written(self.db, lambda tx: readiness.tested(tx, actor, community_id=where, account=name, good=good, menu=bool(made),
                                                     now=self.clock()))
        return self.accounts(tried=name, findings=findings)
