"""The second factor from the first login to a lost phone: asked of admins, each code once, guessing slowed down."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain import totp
from domain.roles import SYSTEM, Role
from models.accounts import account_factor
from models.tables import audit as audit_table
from models.tables import console_session
from services import accounts, audit, factors, logins, posts
from tests.web.desk import NOW, Desk, console_of, sign_in, token

HOME, SECOND, CODE = "/console/", "/console/second", "/console/login/code"


@pytest.fixture
def strict(desk: Desk) -> Desk:
    """The console where admins need a second factor."""
    desk.app = console_of(desk, second_factor="admins")
    return desk


def _secret(desk: Desk, name: str = "east") -> str:
    with desk.db.read() as tx:
        found: str = tx.scalar(select(account_factor.c.secret).where(account_factor.c.account_id == desk.ids[name]["account"]))
    return found


def _code(desk: Desk, off: int = 0) -> str:
    return totp.code(_secret(desk), totp.step_of(desk.now) + off)


def _say(client: FlaskClient, path: str, code: str = "", page: str = SECOND) -> tuple[int, str]:
    answer = client.post(path, data={"code": code, "csrf_token": token(client, page)})
    return answer.status_code, answer.headers.get("Location", "") or answer.text


def _set_up(desk: Desk) -> tuple[FlaskClient, list[str]]:
    """An admin with a second factor, signed in, and the codes on paper."""
    client = desk.client()
    assert sign_in(client, "east").location.endswith(SECOND)
    assert _say(client, f"{SECOND}/start")[0] == 302
    status, page = _say(client, f"{SECOND}/confirm", _code(desk))
    assert status == 200
    return client, re.findall(r"<code>([a-z0-9-]+)</code>", page)


def _step(desk: Desk, client: FlaskClient, code: str) -> tuple[int, str]:
    assert sign_in(client, "east").location.endswith(CODE)
    return _say(client, CODE, code, CODE)


def test_an_admin_sets_it_up_before_anything_else(strict: Desk) -> None:
    """Until then no page opens; the QR code holds what the app needs; the first code proves it; codes to print are shown once."""
    client = strict.client()
    sign_in(client, "east")
    for path in (HOME, "/console/messages", "/console/password", f"/console/issues/{strict.ids['east']['issue']}", "/console/accounts"):
        assert client.get(path).location.endswith(SECOND), path
    assert "您的角色要求" in client.get(SECOND).text and "data:image/png" not in client.get(SECOND).text
    _say(client, f"{SECOND}/start")
    page = client.get(SECOND).text
    assert "data:image/png" in page and " ".join(re.findall("....", _secret(strict))) in page
    assert _say(client, f"{SECOND}/confirm", "000000")[0] == 401
    before = client.get_cookie("linyi_console", path="/console")
    status, page = _say(client, f"{SECOND}/confirm", _code(strict))
    codes = re.findall(r"<code>([a-z0-9-]+)</code>", page)
    after = client.get_cookie("linyi_console", path="/console")
    assert status == 200 and len(codes) == 10 and before is not None and after is not None and before.value != after.value
    assert client.get(HOME).status_code == 200 and codes[0] not in client.get(SECOND).text
    with strict.db.read() as tx:
        done = list(tx.connection.scalars(select(audit_table.c.action).where(
            audit_table.c.object == f"account:{strict.ids['east']['account']}").order_by(audit_table.c.seq)))
        assert done == ["account.create", "account.code_failed", "account.sessions_ended", "account.second_on",
                        "account.recovery_codes", "account.login"]
        raw = str(tx.connection.exec_driver_sql("SELECT secret FROM account_factor").all())
    assert _secret(strict) not in raw  # sealed in the database


def test_a_password_alone_opens_nothing_and_each_code_works_once(strict: Desk) -> None:
    """One step early or late is allowed; the same code again, or an older one, is not."""
    _, _ = _set_up(strict)
    strict.now += timedelta(minutes=5)
    client = strict.client()
    sign_in(client, "east")
    for path in (HOME, SECOND, "/console/account", f"/console/issues/{strict.ids['east']['issue']}"):
        assert client.get(path).location.endswith(CODE), path
    assert _say(client, CODE, _code(strict, -2), CODE)[0] == 401
    right = _code(strict, -1)
    status, where = _say(client, CODE, right, CODE)
    assert status == 302 and where.endswith(HOME) and client.get(HOME).status_code == 200
    assert client.get(CODE).location.endswith(HOME)
    thief = strict.client()
    assert _step(strict, thief, right)[0] == 401  # seen over a shoulder
    assert _say(thief, CODE, _code(strict), CODE)[0] == 302
    late = strict.client()
    assert _step(strict, late, _code(strict))[0] == 401
    assert _say(late, CODE, _code(strict, 1), CODE)[0] == 302


def test_of_two_who_bring_the_same_code_one_comes_in(strict: Desk) -> None:
    """The factor is held while a code is spent, and the step is kept with it."""
    _set_up(strict)
    strict.now += timedelta(minutes=5)
    who, code = strict.ids["east"]["account"], _code(strict)
    used = []
    for _ in range(2):
        with strict.db.write() as tx:
            used.append(factors.use(tx, who, code, now=strict.now))
            audit.seal(tx)
    assert used == [True, False]


def test_guessing_codes_is_slowed_down_and_an_admin_unlocks(strict: Desk) -> None:
    """Five wrong ones; then the right one too waits a quarter of an hour, and the right password changes nothing about it."""
    _set_up(strict)
    strict.now += timedelta(minutes=5)
    client = strict.client()
    sign_in(client, "east")
    assert [_say(client, CODE, f"00000{n}", CODE)[0] for n in range(6)] == [401] * 5 + [429]
    assert _say(client, CODE, _code(strict), CODE)[0] == 429
    again = strict.client()
    assert _step(strict, again, _code(strict))[0] == 429
    with strict.db.write() as tx:
        posts.unlock(tx, SYSTEM, strict.ids["east"]["account"], now=strict.now)
        audit.seal(tx)
    assert _say(again, CODE, _code(strict), CODE)[0] == 302
    wrong = strict.client()
    sign_in(wrong, "east")
    for n in range(5):
        _say(wrong, CODE, f"00000{n}", CODE)
    strict.now += timedelta(minutes=16)
    assert _step(strict, strict.client(), _code(strict))[0] == 302


def test_a_code_on_paper_opens_once(strict: Desk) -> None:
    """However it is spelled; it is on record how many are left, and new ones make all old ones void."""
    client, codes = _set_up(strict)
    other = strict.client()
    assert _step(strict, other, codes[0].upper().replace("-", " "))[0] == 302
    assert _step(strict, strict.client(), codes[0])[0] == 401
    assert "9 个" in other.get("/console/account").text
    strict.now += timedelta(minutes=2)
    assert _say(other, f"{SECOND}/codes", codes[1])[0] == 401  # new ones only for who has the app
    status, page = _say(other, f"{SECOND}/codes", _code(strict))
    fresh = re.findall(r"<code>([a-z0-9-]+)</code>", page)
    assert status == 200 and len(fresh) == 10 and not set(fresh) & set(codes)
    assert _step(strict, strict.client(), codes[2])[0] == 401 and _step(strict, strict.client(), fresh[0])[0] == 302


def test_taking_it_away_needs_a_code_and_admins_set_up_another_at_once(strict: Desk) -> None:
    """A stolen session cannot take it away; with a code the way leads to the next phone."""
    client, codes = _set_up(strict)
    assert _say(client, f"{SECOND}/start")[0] == 400  # not another beside it
    assert _say(client, f"{SECOND}/remove", "123456")[0] == 401
    status, where = _say(client, f"{SECOND}/remove", codes[3])
    assert status == 302 and where.endswith(SECOND) and client.get(HOME).location.endswith(SECOND)


def test_half_a_login_does_not_last(strict: Desk) -> None:
    """Ten minutes for the code; signing out ends it too."""
    _set_up(strict)
    client = strict.client()
    sign_in(client, "east")
    strict.now += timedelta(minutes=9)
    assert client.get(CODE).status_code == 200
    strict.now += timedelta(minutes=2)
    assert client.get(CODE).location.endswith("/console/login")
    with strict.db.read() as tx:
        stages = set(tx.connection.scalars(select(console_session.c.stage).where(console_session.c.token_hash.not_like("none%"))))
    assert stages == {logins.ENROL, logins.OPEN, logins.CODE}


@pytest.mark.parametrize(("policy", "role", "asked"), [
    ("admins", Role.GRID_WORKER, False), ("admins", Role.AUDITOR, False), ("admins", Role.STREET_ADMIN, True),
    ("everyone", Role.PROPERTY, True), ("optional", Role.ADMIN, False)])
def test_who_must_have_one_is_a_setting(desk: Desk, policy: str, role: Role, asked: bool) -> None:
    """Everybody else may."""
    desk.app = console_of(desk, second_factor=policy)
    with desk.db.write() as tx:
        accounts.create(tx, SYSTEM, username="new", password="a long password", community_id=desk.ids["east"]["place"], now=NOW, role=role)
        audit.seal(tx)
    client = desk.client()
    assert sign_in(client, "new").location.endswith(SECOND if asked else HOME)
    assert "开始设置" in client.get(SECOND).text


def test_somebody_of_the_staff_who_has_one_is_asked_too(desk: Desk) -> None:
    """Where nobody must: who set it up is asked from then on, and may take it away."""
    client = desk.client("east")
    _say(client, f"{SECOND}/start")
    _say(client, f"{SECOND}/confirm", _code(desk))
    desk.now += timedelta(minutes=1)
    other = desk.client()
    assert _step(desk, other, _code(desk))[0] == 302
    desk.now += timedelta(minutes=1)
    assert _say(other, f"{SECOND}/remove", _code(desk))[1].endswith("/console/account")
    assert sign_in(desk.client(), "east").location.endswith(HOME)
