"""Everything staff can do in chat can be done in the console with the same verb: the table, and the proof that it is the same.

Three kinds of entries. What stands in web/deeds.py is given to the chat's own handler. `Same` is an address of the console that calls
the same function of services/ as the handler. `Seen` is something to look at that has a page of its own. `Not` says why it makes no
sense at a desk. A new command of the staff fails here until it stands in the table.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import pytest

import handlers  # noqa: F401 - registers the commands
from bot import orders, router
from domain.roles import Role
from tests.web.desk import Desk
from web import deeds, nav, permits

pytestmark = pytest.mark.parametrize("db", ["sqlite"], indirect=True)  # code is read here, not data


@dataclass(frozen=True)
class Same:
    """An address whose view calls this function of services/, as the handler does."""

    endpoint: str
    verb: str


@dataclass(frozen=True)
class Seen:
    """A page on which the same can be read."""

    endpoint: str


@dataclass(frozen=True)
class Not:
    """Why it is no work for a desk."""

    why: str


DEEDS = {name: deed for group in (deeds.ISSUES, deeds.POLLS, deeds.ROUNDS, deeds.SESSIONS, deeds.PLACE) for name, deed in group.items()}
TABLE: dict[str, Same | Seen | Not] = {
    "agenda.today": Same("board", "bulletins.today"),
    "agenda.week": Same("board", "bulletins.this_week"),
    "agenda.stop": Not("the morning message goes to one's own chat, and is stopped there by whoever gets it"),
    "agenda.want": Not("the same"),
    "issue.track": Same("issue_track", "corrections.correct"),
    "issue.category": Same("correct", "corrections.correct"),
    "issue.place": Same("correct", "corrections.correct"),
    "issue.intent": Same("correct", "corrections.correct"),
    "issue.red": Same("issue_level", "warning.decide"),
    "issue.level": Same("issue_level", "warning.decide"),
    "issue.list": Seen("issues"),
    "issue.show": Seen("issue"),
    "issue.progress": Not("one's own issues as a resident; of all others there are list and board"),
    "issue.similar": Same("similar", "proposals.groups"),
    "issue.topics": Same("similar", "proposals.topics"),
    "bind.code": Same("code", "homes.make_code"),
    "talk.courses": Same("setup_courses", "courses.known"),
    "poll.open": Same("poll_open", "polls.open_poll"),
    "poll.list": Seen("polls"),
    "poll.show": Seen("poll"),
    "figures.sheet": Seen("figures"),
    "forward.done": Same("forward_done", "forward.done"),
    "forward.drop": Same("forward_drop", "forward.drop"),
    "forward.list": Seen("forwards"),
    "forward.kit": Seen("forwards"),
    "group_task.list": Seen("tasks"),
    "party.list": Same("setup_parties", "parties.listed"),
    "party.show": Same("setup_parties", "parties.members"),
    "party.new": Same("setup_party", "parties.create"),
    "party.close": Same("setup_party", "parties.close"),
    "party.remove": Same("setup_party", "parties.remove_member"),
    "party.give": Same("setup_party", "directory.give"),
    "party.take": Same("setup_party", "directory.take"),
    "party.who": Seen("setup_parties"),
    "duty.list": Same("setup_duty", "roster.listed"),
    "duty.put": Same("setup_duty_put", "roster.put"),
    "duty.relieve": Same("setup_duty_put", "roster.relieve"),
    "duty.stand_in": Same("setup_duty_put", "roster.stand"),
    "points.of": Seen("ledger"),
    "points.rules": Seen("points"),
    "claim.list": Not("what waits for residents who want to do it themselves; staff see every issue in list and board"),
    "promise.list": Seen("promises"),
    "rights.list": Seen("requests"),
    "rights.done": Same("request_end", "rights.finish"),
    "rights.refuse": Same("request_end", "rights.refuse"),
}
# what staff say in ordinary words (@meant) is read back as one of these commands
SPOKEN = {
    "command_accept": "issue.accept", "command_assign": "issue.assign", "command_cancel_poll": "poll.void", "command_close": "issue.resolve",
    "command_escalate": "issue.whistle", "command_export": "figures.sheet", "command_extend": "issue.extend",
    "command_merge": "issue.merge", "command_notice": "notice.post", "command_points": "points.give", "command_poll": "poll.open",
    "command_publish": "poll.close", "command_reject": "issue.reject", "command_remind": "poll.remind", "command_return": "issue.return"}


def of_staff() -> set[str]:
    """The names of all commands that staff can give: those for their role, and those which only they or a host may carry out."""
    return {each.name for each in router.registry.commands if each.role.covers(Role.GRID_WORKER) or orders.may_give(each)}


def verbs_of(function: Callable[..., Any], owner: type | None = None, seen: set[Any] | None = None) -> set[str]:
    """The functions of services/ that a function names, itself or through others of its module or class: `polls.open_poll`."""
    seen = set() if seen is None else seen
    function = inspect.unwrap(function)
    function = getattr(function, "__func__", function)
    if function in seen or not isinstance(function, FunctionType):
        return set()
    seen.add(function)
    found: set[str] = set()
    inner = [cell.cell_contents for cell in function.__closure__ or () if isinstance(cell.cell_contents, FunctionType)]
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            known = function.__globals__.get(node.value.id)
            if isinstance(known, ModuleType) and known.__name__.startswith("services."):
                found.add(f"{known.__name__.removeprefix('services.')}.{node.attr}")
            elif node.value.id == "self" and owner is not None and hasattr(owner, node.attr):
                inner.append(getattr(owner, node.attr))
        elif isinstance(node, ast.Name) and getattr(function.__globals__.get(node.id), "__module__", "").startswith(("handlers.", "web.")):
            inner.append(function.__globals__[node.id])
    return found.union(*(verbs_of(each, owner, seen) for each in inner if isinstance(each, FunctionType)))


def test_every_command_of_the_staff_stands_in_the_table_once(desk: Desk) -> None:
    """And nothing that is no command, nor anything twice."""
    staff = of_staff()
    assert not staff - {*DEEDS, *TABLE}, "can be done in chat, but not in the console: say where, or why not"
    assert not {*DEEDS, *TABLE} - staff and not {*DEEDS} & {*TABLE}


def test_what_staff_say_in_ordinary_words_is_one_of_them(desk: Desk) -> None:
    """Every meaning that only staff can mean has its command, and the command its place."""
    assert {name for name in router.registry.spoken if name.startswith("command_")} == set(SPOKEN)
    assert set(SPOKEN.values()) <= {*DEEDS, *TABLE}


def test_a_deed_is_given_to_the_handler_of_the_chat_and_typed_as_there(desk: Desk) -> None:
    """The line that is kept for the record is the command itself: read by the chat's own grammar it is this command, with these words."""
    sample = {name: "3" for name in (*deeds.NUMBERS, *deeds.LISTS)} | {name: "物业" for name in deeds.FIELDS}
    sample |= {"adopted": "采纳", "how": "答", "seeds": "甲\n乙", "until": "12月20日前"}
    for name, deed in DEEDS.items():
        read = router.match(router.canonical(deed.line(7, sample)))
        assert read is not None and read[0].name == name, (name, deed.line(7, sample))
        args, given = read[1], deed.args(7, sample)
        assert (args.issue, args.poll, args.session, args.issue2) == (given.issue, given.poll, given.session, given.issue2), name
        assert router.canonical(args.rest) == router.canonical(given.rest), name


def test_the_addresses_call_the_very_function_of_the_chat(desk: Desk) -> None:
    """Read in the code of both."""
    assert desk.app is not None
    commands = {each.name: each.handler for each in router.registry.commands}
    for name, entry in TABLE.items():
        if isinstance(entry, Same):
            view = desk.app.view_functions[f"console.{entry.endpoint}"]
            owner = getattr(view, "__self__", None)
            assert entry.verb in verbs_of(commands[name]), (name, entry.verb, sorted(verbs_of(commands[name])))
            assert entry.verb in verbs_of(view, type(owner) if owner is not None else None), (name, entry)


def test_pages_to_look_at_are_there_for_grid_workers(desk: Desk) -> None:
    """Each in the menu, or one step from a page that is; and a reason is a sentence."""
    assert desk.app is not None
    in_menu = {name for _, names in nav.GROUPS for name in names}
    for name, entry in TABLE.items():
        if isinstance(entry, Not):
            assert len(entry.why) > 5, name
            continue
        assert f"console.{entry.endpoint}" in desk.app.view_functions, name
        if isinstance(entry, Seen):
            assert entry.endpoint in {*in_menu, "issue", "poll", "ledger", "setup_parties"}, name
        needs = permits.NEEDS[entry.endpoint]
        assert Role.GRID_WORKER.may(*needs) or name in ("talk.courses",), f"{name}: a grid worker may do it in chat"
