"""What the platform accepts as a template card."""

from typing import Any

KINDS = ("vote_interaction", "button_interaction", "multiple_interaction", "text_notice", "news_notice")
OPTIONS_MOST, BUTTONS_MOST, SELECTS_MOST, SELECT_OPTIONS_MOST = 20, 6, 3, 10


class BadCard(Exception):
    """The platform refuses this card."""


def check(card: Any) -> None:
    """Refuses what the platform would refuse."""
    if not isinstance(card, dict) or card.get("card_type") not in KINDS or not isinstance(card.get("main_title"), dict):
        raise BadCard("not a card")
    task_id = card.get("task_id", "")
    if not isinstance(task_id, str) or len(task_id) > 128 or not all(c.isascii() and (c.isalnum() or c in "_-@") for c in task_id):
        raise BadCard("task_id has a strange form")
    if card["card_type"].endswith("_interaction") and not task_id:
        raise BadCard("task_id is missing")
    if card["card_type"].endswith("_notice") and (card.get("card_action") or {}).get("type") not in (1, 2):
        raise BadCard("a notice needs card_action")
    ids = [o.get("id") for o in (card.get("checkbox") or {}).get("option_list", [])]
    if card["card_type"] == "vote_interaction" and not (1 <= len(ids) <= OPTIONS_MOST and len(ids) == len(set(ids))):
        raise BadCard("options")
    if card["card_type"] == "button_interaction" and not 1 <= len(card.get("button_list", [])) <= BUTTONS_MOST:
        raise BadCard("buttons")
    selects = card.get("select_list", [])
    if len(selects) > SELECTS_MOST or any(len(s.get("option_list", [])) > SELECT_OPTIONS_MOST for s in selects):
        raise BadCard("selects")
