"""Writes a template_card as the XML with which a 自建应用 answers the touch of a card."""

from typing import Any

from bot.channels.xml import cdata


def update_card(card: dict[str, Any], *, to: str, sender: str, at: int) -> str:
    """The whole card anew, for the one who touched it; `card` is a vote card as JSON."""
    box, title, action = card["checkbox"], card["main_title"], card.get("card_action")
    options = "".join(
        f"<OptionList>{_tag('Id', o['id'])}{_tag('Text', o['text'])}<IsChecked>{_yes(o['is_checked'])}</IsChecked></OptionList>"
        for o in box["option_list"])
    inner = "".join((
        _tag("CardType", card["card_type"]), _tag("TaskId", card["task_id"]),
        f"<MainTitle>{_tag('Title', title['title'])}{_tag('Desc', title['desc'])}</MainTitle>",
        _tag("SubTitleText", card["sub_title_text"]) if "sub_title_text" in card else "",
        f"<CardAction><Type>{action['type']}</Type>{_tag('Url', action['url'])}</CardAction>" if action else "",
        f"<CheckBox>{_tag('QuestionKey', box['question_key'])}{options}<Disable>{_yes(box['disable'])}</Disable>"
        f"<Mode>{box['mode']}</Mode></CheckBox>",
        f"<SubmitButton>{_tag('Text', card['submit_button']['text'])}{_tag('Key', card['submit_button']['key'])}</SubmitButton>",
        _tag("ReplaceText", card["submit_button"]["text"]) if box["disable"] else ""))  # grey, and nothing to touch any more
    return _reply("update_template_card", f"<TemplateCard>{inner}</TemplateCard>", to, sender, at)


def update_button(words: str, *, to: str, sender: str, at: int) -> str:
    """The buttons replaced by words that cannot be touched."""
    return _reply("update_button", f"<Button>{_tag('ReplaceName', words)}</Button>", to, sender, at)


def _reply(kind: str, inner: str, to: str, sender: str, at: int) -> str:
    return (f"<xml>{_tag('ToUserName', to)}{_tag('FromUserName', sender)}<CreateTime>{at}</CreateTime>"
            f"{_tag('MsgType', kind)}{inner}</xml>")


def _tag(name: str, text: str) -> str:
    return f"<{name}>{cdata(text)}</{name}>"


def _yes(value: bool) -> str:
    return "true" if value else "false"
