"""A message that is parked comes back as it was."""

from datetime import UTC, datetime

from bot import inbox
from bot.message import Message, Tap

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def test_a_parked_message_comes_back_whole() -> None:
    """Words, taps, scenes and what was allowed."""
    for message in (Message("mp", "1", "oA", AT, text="P5 1", tap=Tap("poll-5", "t", "c")),
                    Message("mp", "2", "oA", AT, kind="event", event="scan", scene="poll:P5"),
                    Message("mp", "3", "oA", AT, kind="event", event="notices", granted=("remind", "result"), refused=("x",)),
                    Message("mp", "4", "oA", AT, kind="event", event="delivered", failed=("200163840",))):
        assert inbox.unpack(inbox.pack(message)) == message
