"""The table of roles and deeds, read as those read it who answer for it."""

from domain.roles import ACCOUNT_ROLES, PERSON_ROLES, RIGHTS, Deed, Role

WRITING = {Deed.WORK, Deed.SET_UP, Deed.ACCOUNTS}


def test_every_role_has_its_line_and_every_deed_somebody_who_may() -> None:
    assert set(RIGHTS) == set(Role) and set().union(*RIGHTS.values()) == set(Deed)


def test_an_auditor_reads_everything_and_changes_nothing() -> None:
    reading = set(Deed) - WRITING - {Deed.ORDERS, Deed.REVEAL, Deed.SEVERAL, Deed.SYSTEM}
    assert RIGHTS[Role.AUDITOR] == reading


def test_who_works_for_others_than_the_community_sees_no_names_and_no_words() -> None:
    """The property's people and the committee: neither residents' names, nor what they said, nor private matters."""
    for role in (Role.PROPERTY, Role.COMMITTEE):
        assert not RIGHTS[role] & (WRITING | {Deed.PEOPLE, Deed.TALK, Deed.PRIVATE, Deed.EXPORT, Deed.AUDIT})


def test_admins_are_nested_and_nobody_else_may_set_up() -> None:
    for lower, higher in zip(PERSON_ROLES, PERSON_ROLES[1:], strict=False):
        assert higher.covers(lower) and not lower.covers(higher)
    assert Role.SYSTEM_ADMIN.covers(Role.STREET_ADMIN) and Role.STREET_ADMIN.covers(Role.ADMIN)
    assert {r for r in Role if r.may(Deed.SET_UP)} == {Role.ADMIN, Role.STREET_ADMIN, Role.SYSTEM_ADMIN}
    assert {r for r in Role if r.covers(Role.GRID_WORKER)} == {Role.GRID_WORKER, Role.ADMIN, Role.STREET_ADMIN, Role.SYSTEM_ADMIN}
    assert Role.RESIDENT not in ACCOUNT_ROLES and not RIGHTS[Role.RESIDENT]
