"""Draws a Card as the template_card of 企业微信 and reads what was touched; knows limits of length, no transport."""

from collections.abc import Mapping
from typing import Any

from bot.channels.wording import clip
from bot.message import Tap, WireError, about_of
from domain.card import BUTTONS_MOST, OPTIONS_MOST, Card, Option, words_of

QUESTION = "choice"  # the only question of a vote card
_TITLE, _LINE, _OPTION, _BUTTON = 26, 30, 11, 10  # characters the phones show; longer is cut with an ellipsis by us


def draw(card: Card, task_id: str) -> dict[str, Any]:
    """The card as JSON for message/send, aibot answers and updates."""
    head: dict[str, Any] = {"task_id": task_id, "main_title": {
        "title": _short(card.title, _TITLE), "desc": _short(card.closed or card.text, _LINE)}}
    if len(card.closed or card.text) > _LINE:  # the line under the title is short; this one holds what does not fit
        head["sub_title_text"] = _short(card.closed or card.text, 112)
    if card.url:
        head["card_action"] = {"type": 1, "url": card.url}
    if card.options:
        return {"card_type": "vote_interaction", **head, "checkbox": {
            "question_key": QUESTION, "mode": 1 if card.most > 1 else 0, "disable": bool(card.closed),
            "option_list": [_option(o) for o in card.options[:OPTIONS_MOST]]},
            "submit_button": {"text": _short(card.closed or card.submit, _BUTTON), "key": card.says}}
    if card.selects:
        return {"card_type": "multiple_interaction", **head, "select_list": [
            {"question_key": s.key, "title": _short(s.title, 13), "disable": bool(card.closed),
             "selected_id": next((o.id for o in s.options if o.checked), s.options[0].id),
             "option_list": [{"id": o.id, "text": _short(o.text, _BUTTON)} for o in s.options[:10]]} for s in card.selects[:3]],
            "submit_button": {"text": _short(card.closed or card.submit, _BUTTON), "key": card.says}}
    if card.buttons and not card.closed:
        return {"card_type": "button_interaction", **head, "button_list": [
            {"text": _short(b.text, _BUTTON), "style": 1 if b.main else 2, "key": b.says} for b in card.buttons[:BUTTONS_MOST]]}
    if not card.url:  # a notice needs somewhere to go, or the platform refuses it
        return {"card_type": "button_interaction", **head, "button_list": [
            {"text": _short(card.closed or card.title, _BUTTON), "style": 3, "key": "card.closed"}]}
    return {"card_type": "text_notice", **head}


def touched(event: Mapping[str, Any]) -> tuple[str, Tap]:
    """The words a template_card_event stands for, and which card; WireError when it is not one the platform writes."""
    key, task = event.get("event_key"), event.get("task_id")
    if not isinstance(key, str) or not isinstance(task, str) or len(key) > 1024 or len(task) > 128:
        raise WireError("a card event without its key", 400)
    chosen: list[str] = []
    for item in _listed(_inside(event.get("selected_items"), "selected_item")):
        options = _inside(_object(item).get("option_ids"), "option_id")
        chosen += [o for o in _listed(options) if isinstance(o, str)]
    if len(chosen) > OPTIONS_MOST or any(len(o) > 128 for o in chosen):
        raise WireError("more choices than a card has", 400)
    code = event.get("response_code")
    return words_of(key, chosen), Tap(about_of(task), task, code if isinstance(code, str) else "")


def _option(option: Option) -> dict[str, Any]:
    return {"id": option.id, "text": _short(option.text, _OPTION), "is_checked": option.checked}


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else clip(text[: most - 1], 4 * most) + "…"


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise WireError("not an object", 400)
    return value


def _inside(value: Any, name: str) -> Any:
    return None if value is None else _object(value).get(name)


def _listed(value: Any) -> list[Any]:
    """One thing, several things or none, as a list: XML readers give a single element bare."""
    return [] if value is None else value if isinstance(value, list) else [value]
