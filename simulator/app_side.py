"""What the platform remembers for the 自建应用: its groups, the cards on members' phones, and what may still be changed."""

import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from simulator import app_packets
from simulator.delivery import Errand
from simulator.limits import SlidingWindow
from simulator.packets import Heard
from simulator.simulation import CannotSay, Simulation, Talk
from simulator.world import APP_CHAT, Person, SimAccount, account_of

CODE_LIFE_S = 72 * 3600
CardJson = dict[str, Any]


@dataclass(slots=True)
class AppGroup:
    """One group that the app has made."""

    name: str
    owner: str
    members: list[str]


@dataclass(slots=True)
class Code:
    """A response_code: which card on whose phone it changes, once, until when."""

    task_id: str
    userid: str
    until: float


@dataclass(slots=True)
class AppSide:
    """The app's part of the platform."""

    sim: Simulation
    groups: dict[str, AppGroup] = field(default_factory=dict)
    cards: dict[tuple[str, str], CardJson] = field(default_factory=dict)  # (task_id, userid)
    codes: dict[str, Code] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)  # posts that a member never got although the answer was 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    paces: dict[str, list[SlidingWindow]] = field(init=False)

    def __post_init__(self) -> None:
        self.paces = {"member": [SlidingWindow(30, 60), SlidingWindow(1000, 3600)],
                      "group": [SlidingWindow(200, 60), SlidingWindow(10_000, 86400)]}
        for group in self.sim.world.groups:
            if group.road == "app":
                inside = [person.userid for person in self.sim.world.people if group.name in person.groups and person.userid]
                self.groups[group.chatid] = AppGroup(group.name, group.owner, inside)

    @property
    def account(self) -> SimAccount | None:
        """The app, if the community has one."""
        return account_of(self.sim.accounts, "wecom_app")

    def member(self, userid: str) -> Person | None:
        """Finds a member by userid, whose case the platform does not mind."""
        return next((p for p in self.sim.world.people if userid and p.userid.lower() == userid.lower()), None)

    def reaches(self, how: str, userid: str) -> bool:
        """Counts one more post to a member; False when the platform drops it without a word."""
        if all([pace.allows(userid, self.sim.clock()) for pace in self.paces[how]]):
            return True
        self.dropped[userid] += 1
        return False

    def new_code(self, task_id: str, userid: str) -> str:
        """Makes a code that lets one card be changed once."""
        code = secrets.token_urlsafe(24)
        with self.lock:
            self.codes[code] = Code(task_id, userid, self.sim.clock() + CODE_LIFE_S)
        return code

    def use(self, code: str) -> Code | None:
        """Uses a code up; None when it was never given, is used or too old."""
        with self.lock:
            found = self.codes.pop(code, None)
        return found if found is not None and self.sim.clock() <= found.until else None

    def show(self, person: Person, card: CardJson) -> None:
        """Puts a card on a phone."""
        with self.lock:
            self.cards[card["task_id"], person.userid] = card
        self.sim.feed.add("card", chat=APP_CHAT, person=person.name, card=card, id=card["task_id"], sender=self._name())

    def change(self, person: Person, task_id: str, change: CardJson) -> None:
        """Draws a card anew on one phone: the whole card, or words in the place of its buttons."""
        with self.lock:
            old = self.cards.get((task_id, person.userid), {})
            new = {**old, "button_list": [], "replace_text": change["button"]["replace_name"]} if "button" in change else change
            self.cards[task_id, person.userid] = {**new, "task_id": task_id}
        self.sim.feed.add("card_update", chat=APP_CHAT, person=person.name, card=self.cards[task_id, person.userid], id=task_id)

    def tap_app(self, who: str, task_id: str, key: str, selected: dict[str, list[str]]) -> tuple[str, bool]:
        """Somebody touches a card of the app; gives the event's id."""
        person, account = self.sim.world.person(who), self.account
        card = self.cards.get((task_id, person.userid)) if person is not None else None
        if person is None or account is None or card is None:
            raise CannotSay(f"{who} has no card {task_id}")
        if card.get("replace_text") or card.get("checkbox", {}).get("disable"):
            raise CannotSay("this card can no longer be touched")
        extra = app_packets.touch(key=key, task_id=task_id, card_type=card["card_type"],
                                  code=self.new_code(task_id, person.userid), selected=selected)
        heard = Heard(secrets.token_hex(8), int(self.sim.clock()), person.userid, event="template_card_event", more=extra)
        talk, told = Talk(person.name, APP_CHAT, "", heard.id, False), threading.Event()

        def end(words: str | None, failed: bool) -> None:
            if told.is_set():
                return
            told.set()
            if isinstance(words, app_packets.Drawn):
                self.change(person, task_id, words.card)
            elif words and not failed:
                self.sim.reply(talk, words)

        self.sim.delivery.submit(Errand(account, heard, end))
        return heard.id, True

    def _name(self) -> str:
        return self.account.bot_name if self.account else APP_CHAT
