"""The catalogue of intents, with the names staff use for them."""

from texts.say import keys, say

NAMES = {key.removeprefix("terms.spoken."): say(key) for key in keys() if key.startswith("terms.spoken.")}
