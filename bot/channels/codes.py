"""What each error code of the platforms means for a post: one table, read by every channel (WECHAT.md §7).

A code that is not in it is tried again a few times and logged: the platform has said that nothing went out, so nothing can
arrive twice.
"""

import logging
from collections.abc import Mapping
from enum import StrEnum

from bot.message import TOO_OFTEN, ChannelError

log = logging.getLogger(__name__)


class Then(StrEnum):
    """What follows from a code."""

    AGAIN = "again"  # the platform is busy: again soon
    PAUSE = "pause"  # too much or too often: nothing for a while
    TOKEN = "token"  # the token is refused, and a new one too: again later, somebody may correct the secret
    ADDRESS = "address"  # ours is not among the account's: again later, an admin can add it
    GONE = "gone"  # this account reaches the person no more: another road
    SHUT = "shut"  # not until the person speaks or allows it: another road
    NEVER = "never"  # telling it the same again will not help


_BOTH: dict[int, Then] = {
    -1: Then.AGAIN, TOO_OFTEN: Then.PAUSE,
    40001: Then.TOKEN, 40014: Then.TOKEN, 42001: Then.TOKEN,
    40003: Then.GONE,  # no such follower or member
    40008: Then.NEVER, 40009: Then.NEVER, 40013: Then.NEVER, 40125: Then.NEVER,  # kind, picture, app id, secret
    44004: Then.NEVER, 45002: Then.NEVER, 47001: Then.NEVER,  # nothing to say, too long, not JSON
}
MP: Mapping[int, Then] = _BOTH | {
    40164: Then.ADDRESS,
    43004: Then.GONE, 48002: Then.GONE,  # not following, blocks us
    45015: Then.SHUT, 45047: Then.SHUT, 43101: Then.SHUT,  # silent too long, written to too often, nothing allowed
    40037: Then.NEVER, 41030: Then.NEVER, 47003: Then.NEVER,  # the notice: template, page, facts
    48001: Then.NEVER,  # the account has no right to this call
}
CORP: Mapping[int, Then] = _BOTH | {
    60020: Then.ADDRESS,
    81013: Then.GONE,  # a member who may not see the app
    40050: Then.NEVER, 86003: Then.NEVER, 90501: Then.NEVER,  # the group: unknown, of another kind, takes no task
    40058: Then.NEVER, 40096: Then.NEVER, 41048: Then.NEVER, 42045: Then.NEVER,  # parameters, customers, a used-up code
    48002: Then.NEVER, 60011: Then.NEVER, 301002: Then.NEVER, 301019: Then.NEVER,  # no right, another app, a picture's sum
    93000: Then.NEVER, 93001: Then.NEVER, 93004: Then.NEVER, 93006: Then.NEVER, 93008: Then.NEVER, 93017: Then.NEVER,
    93019: Then.NEVER,  # the robot: key, removed, group gone, not in it, a late answer
}
TOKEN_CODES = frozenset(code for code, then in _BOTH.items() if then is Then.TOKEN)
ADDRESS_CODES = frozenset(code for table in (MP, CORP) for code, then in table.items() if then is Then.ADDRESS)
_WAITS_S = {Then.TOKEN: 60.0, Then.ADDRESS: 3600.0}


def refusal(codes: Mapping[int, Then], code: int, where: str, *, pause_s: float = 60) -> ChannelError:
    """The error of this code, with its consequence; `pause_s` is how long the platform wants to be left alone."""
    then = codes.get(code)
    if then is None:
        log.warning("unknown errcode %d from %s", code, where)
    elif then is Then.ADDRESS:
        log.error("errcode %d from %s: this server's IP is not among the account's trusted ones", code, where)
    waits = pause_s if then is Then.PAUSE else _WAITS_S.get(then) if then else None
    return ChannelError(f"errcode {code} from {where}", retryable=then not in (Then.GONE, Then.SHUT, Then.NEVER), code=code,
                        wait_s=waits, person_gone=then is Then.GONE, shut=then is Then.SHUT)
