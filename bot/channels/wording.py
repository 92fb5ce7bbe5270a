"""Makes words fit for a wire: no characters a format forbids, no more bytes than a platform takes."""

import re

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def legal(text: str) -> str:
    """The text without control characters, half surrogates and other things XML and databases refuse."""
    return _ILLEGAL.sub("", text)


def clip(text: str, most: int) -> str:
    """The text cut to so many UTF-8 bytes, never inside a character."""
    if len(text) * 4 <= most:
        return text
    raw = text.encode()
    return text if len(raw) <= most else raw[:most].decode(errors="ignore")


def calm(text: str) -> str:
    """The text in which nobody's words can call the whole group: `<@` means a mention to the platform."""
    return text.replace("<@", "＜@")
