"""Cuts a message into what the learned models count: its words and its characters by ones and twos; and finds its short form."""

from texts.normal import plain
from texts.same import SEGMENTED, segmenter

LOOKED_AT = 600  # characters of a message that are read; what a complaint is about stands at its beginning
SHORT = 18  # characters of the short form: about a title, or a line in a chat
_SHORT_ALREADY = 30  # a message up to this long is its own short form
_LONGEST_TOKEN = 5  # blanks closer than this part words that somebody has cut already


def words(text: str) -> list[str]:
    """The words of a message; one that comes cut by blanks keeps its cuts."""
    said = plain(text[: 2 * LOOKED_AT])
    tokens = said.split()
    if len(tokens) >= 3 and len(said) <= _LONGEST_TOKEN * len(tokens) and not said.isascii():
        return tokens
    pieces = (said[i: min(i + SEGMENTED, LOOKED_AT)] for i in range(0, min(len(said), LOOKED_AT), SEGMENTED))
    return [word for piece in pieces for word in segmenter().lcut(piece, HMM=False) if not word.isspace()]


def beginning(said: list[str]) -> list[str]:
    """The first words of a message, as many as a title has: what it says when it is short."""
    if sum(map(len, said)) <= _SHORT_ALREADY:
        return said
    length = 0
    for count, word in enumerate(said, 1):
        length += len(word)
        if length >= SHORT:
            return said[:count]
    return said


def grams(said: list[str]) -> list[str]:
    """What is counted: words marked by a bar, then single characters and pairs, across the borders of words."""
    joined = "".join(said)
    return ["|" + word for word in said] + list(joined) + [a + b for a, b in zip(joined, joined[1:], strict=False)]
