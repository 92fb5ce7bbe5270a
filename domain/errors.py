"""The expected no: raised by rules and services, caught once by the pipeline, spoken from the catalogue."""

from typing import Any


class Refusal(Exception):
    """What was asked cannot be done, and the catalogue's sentence says what to do instead."""

    def __init__(self, key: str, **facts: Any):
        super().__init__(key)
        self.key, self.facts = key, facts


class Forbidden(Refusal):
    """What was asked is against the rules: refused like any other, and put on record."""
