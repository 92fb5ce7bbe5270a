"""Which deeds each address of the console needs. The one table that decides; a test fails when an address is not in it.

An address that is not here is shut for everybody but admins, so that a forgotten line opens nothing.
"""

from domain.roles import Actor, Deed

Needs = tuple[Deed, ...]
ANYBODY: Needs = ()  # whoever is signed in: their own account
_UNLISTED: Needs = (Deed.SET_UP, Deed.REVEAL, Deed.AUDIT)
_LOOK, _VOTES, _TALK, _PEOPLE, _WORK = (Deed.LOOK,), (Deed.VOTES,), (Deed.TALK,), (Deed.PEOPLE,), (Deed.LOOK, Deed.WORK)
_MATTERS, _SET_UP, _AUDIT, _ACCOUNTS = (Deed.MATTERS,), (Deed.SET_UP,), (Deed.AUDIT,), (Deed.ACCOUNTS,)
_TRACE = (Deed.TALK, Deed.PEOPLE, Deed.VOTES)  # what happened, joined together, as far as services/sight.py lets one read it

OPEN = ("login", "static")  # before anybody is known
NEEDS: dict[str, Needs] = {
    "overview": _LOOK, "promises": _LOOK, "figures": _LOOK,
    **dict.fromkeys(("issues", "issue", "photo", "figure_issues"), _MATTERS),
    **dict.fromkeys(("jobs", "job", "job_photo", "job_deed"), (Deed.ORDERS,)),
    "polls": _VOTES, "poll": _VOTES, "doors": _VOTES, "similar": _TALK, "messages": _TALK, "outbox": _TALK, "forwards": _TALK,
    "tasks": _TALK, "understand": _TALK, "paper": _TALK, "paper_photo": _TALK, "people": _PEOPLE, "homes": _PEOPLE,
    "points": _PEOPLE, "ledger": _PEOPLE, "notices": _TALK,
    "register": (Deed.REGISTER,), "register_template": _SET_UP, "register_take": _SET_UP,
    "audit": _AUDIT, "verify": _AUDIT,
    "poll_csv": (*_VOTES, Deed.EXPORT), "poll_xlsx": (*_VOTES, Deed.EXPORT), "poll_zip": (*_VOTES, Deed.EXPORT),
    "report": (*_VOTES, Deed.EXPORT), "figures_xlsx": (*_LOOK, Deed.EXPORT), "issue_zip": (*_LOOK, *_TALK, Deed.EXPORT),
    "board": _WORK, "deliveries": _TALK, "readings": _TALK, "sweeps": _AUDIT, "logins": _AUDIT, "reveals": _AUDIT,
    "search": _TRACE, "live": _TRACE, "live_rows": _TRACE,
    **{f"story_{kind}": _TRACE for kind in ("message", "issue", "poll", "ballot", "post", "home")}, "unit": (*_PEOPLE, *_VOTES),
    "rounds": _TALK, "round": _TALK, "round_png": _TALK, "round_zip": (*_TALK, Deed.EXPORT), "round_take": _SET_UP,
    "sessions": _TALK, "session": _TALK, "session_minutes": (*_TALK, Deed.EXPORT),
    "paper_enter": _WORK, "paper_confirm": _WORK, "retry": _WORK, "forward_done": _WORK, "forward_drop": _WORK, "code": _WORK,
    "correct": _WORK, "issue_level": _WORK, "issue_track": _WORK, "issue_reveal": (*_LOOK, Deed.REVEAL),
    "board_deed": _WORK, "issue_deed": _WORK, "poll_deed": _WORK, "round_deed": _WORK, "session_deed": _WORK, "place_deed": _WORK,
    "poll_new": _WORK, "poll_open": _WORK, "order": _WORK, "order_answer": _WORK,
    "words": _WORK, "word_add": _SET_UP, "word_remove": _SET_UP, "role": _SET_UP, "name": _SET_UP,
    "requests": _PEOPLE, "request": _PEOPLE, "person_data": _PEOPLE, "request_find": (*_PEOPLE, Deed.WORK),
    "request_end": (*_PEOPLE, Deed.WORK), "person_ask": (*_PEOPLE, Deed.WORK), "person_correct": (*_PEOPLE, Deed.WORK),
    "person_reveal": (*_PEOPLE, Deed.REVEAL), "person_copy": (*_PEOPLE, Deed.REVEAL), "person_erase": (*_PEOPLE, Deed.REVEAL),
    "logout": ANYBODY, "password": ANYBODY, "account": ANYBODY, "session_end": ANYBODY, "sessions_end": ANYBODY,
    "second": ANYBODY, "second_start": ANYBODY, "second_confirm": ANYBODY, "second_codes": ANYBODY, "second_remove": ANYBODY,
    "login_code": ANYBODY, "communities": ANYBODY, "switch": ANYBODY,
    **dict.fromkeys((f"setup{part}" for part in (
        "", "_community", "_units", "_homes", "_homes_take", "_codes", "_groups", "_group", "_staff", "_staff_add", "_accounts",
        "_account_test", "_courses", "_course", "_rules", "_rule", "_wordings",
        "_categories", "_categories_put",
        "_wording")), _SET_UP),
    **dict.fromkeys(("setup_parties", "setup_party", "setup_duty", "setup_duty_put"), _WORK),  # as in chat, no admin's work
    "accounts": _ACCOUNTS, "account_new": _ACCOUNTS, "account_of": _ACCOUNTS, "account_deed": _ACCOUNTS, "account_give": _ACCOUNTS,
    "account_take": _ACCOUNTS, "account_parties": _ACCOUNTS,
}


_LISTS = {"audit": _AUDIT, "sweeps": _AUDIT, "logins": _AUDIT, "reveals": _AUDIT, "issues": _MATTERS, "promises": _LOOK,
          "polls": _VOTES, "people": _PEOPLE, "homes": _PEOPLE, "points": _PEOPLE,
          "ledger": _PEOPLE, "notices": _TALK,
          **dict.fromkeys(("messages", "outbox", "forwards", "tasks", "deliveries", "readings"), _TALK)}
NEEDS |= {f"{name}_{kind}": (*needs, Deed.EXPORT) for name, needs in _LISTS.items() for kind in ("csv", "xlsx")}


# what shows all of one's own communities together; every other page is about one, that of the thing it shows or one that is chosen
ACROSS = {"overview", "board", "board_deed", "figures", "figure_issues", "figures_xlsx", "search", "live", "live_rows", "similar",
          "verify", *(f"{name}{kind}" for name in _LISTS for kind in ("", "_csv", "_xlsx")),
          *(name for name, needs in NEEDS.items() if needs == ANYBODY)}


def across(endpoint: str) -> bool:
    """True when this address of the console can show several communities."""
    return endpoint.removeprefix("console.") in ACROSS


def may(actor: Actor, endpoint: str) -> bool:
    """True when the actor's role is enough for this address of the console."""
    return actor.may(*NEEDS.get(endpoint.removeprefix("console."), _UNLISTED))
