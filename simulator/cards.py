"""Cards on the phones: posted, touched, and changed for one person or for all; what a touch sends is up to the road."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulator.delivery import Errand
from simulator.packets import Heard
from simulator.template import BadCard, check

if TYPE_CHECKING:
    from simulator.simulation import Simulation, Talk

@dataclass(frozen=True, slots=True)
class Shown:
    """Where a card stands; nobody's name means that a whole group sees it."""

    chat: str
    person: str
    card_type: str


class Cards:
    """Every card on every phone."""

    def __init__(self, sim: "Simulation") -> None:
        self.sim = sim
        self._shown: dict[str, Shown] = {}
        self._lock = threading.Lock()

    def show(self, card: Any, chat: str, person: str, *, sender: str) -> None:
        """Puts a new card into a chat; its task_id must be new."""
        check(card)
        with self._lock:
            if card.get("task_id") in self._shown:
                raise BadCard("task_id was used before")
            self._shown[str(card.get("task_id"))] = Shown(chat, person, card["card_type"])
        self.sim.feed.add("card", chat=chat, person=person, text=card["main_title"].get("title", ""), card=card,
                          id=card.get("task_id"), sender=sender)

    def change(self, card: Any, talk: "Talk", userids: Any) -> None:
        """Draws a touched card anew: for the named persons, or for everybody who sees it."""
        check(card)
        whole = talk.is_group and userids is None
        names = [""] if whole else [p.name for p in self.sim.world.people if talk.is_group and p.userid in userids]
        for name in names or [talk.person]:
            self.sim.feed.add("card_update", chat=talk.chat, person=name, text=card["main_title"].get("title", ""), card=card,
                              id=card["task_id"])

    def heard(self, task_id: str, chat: str, person: str, key: str, selected: dict[str, list[str]]) -> dict[str, Any] | None:
        """What a touch of a card says; None when there is no such card in that chat of that person."""
        with self._lock:
            shown = self._shown.get(task_id)
        if shown is None or shown.chat != chat or shown.person not in ("", person):
            return None
        items = [{"question_key": question, "option_ids": {"option_id": ids}} for question, ids in selected.items()]
        return {"card_type": shown.card_type, "event_key": key, "task_id": task_id, "selected_items": {"selected_item": items}}


def tap(sim: "Simulation", who: str, chat: str, task_id: str, key: str, selected: dict[str, list[str]]) -> tuple[str, bool]:
    """Somebody touches a card; the bot of that chat hears of it, once."""
    from simulator.simulation import CannotSay, Talk

    person = sim.person(who)
    account, chatid = sim.place(person, chat)
    touched = sim.cards.heard(task_id, chat, who, key, selected)
    if account is None or touched is None:
        raise CannotSay("no such card in this chat")
    talk = Talk(who, chat, "", sim.new_id(account), bool(chatid), place=chatid or person.userid)
    heard = Heard(talk.id, int(sim.clock()), person.userid, event="template_card_event", chatid=chatid, tap=touched,
                  response_url=sim.open_late_answer(talk))
    if account.kind == "wecom_aibot_ws":
        return talk.id, sim.socket.call(account, heard, talk)
    sim.delivery.submit(Errand(account, heard, sim.ender(talk, account)))
    return talk.id, True
