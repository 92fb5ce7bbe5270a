"""Whatever a sentence may mean, somebody acts on it: nothing that is understood ends in “that cannot be done here yet”."""

import handlers  # noqa: F401 - registers everything
from bot.router import registry
from texts.say import has
from understanding.intents import NAMES

ELSEWHERE = {"chitchat", "jielong"}  # silence, and the ear for lists


def test_every_intent_has_somebody_who_acts_on_it() -> None:
    assert set(NAMES) - set(registry.spoken) == ELSEWHERE
    assert not has("not_here") and not has("order.not_here")
