"""Access tokens rotate and void each other as documented."""

import pytest
from flask.testing import FlaskClient

from simulator.simulation import Simulation
from simulator.tokens import FORCE_A_DAY, Tokens, TooOften
from tests.simulator.stage import Clock

GOOD = {"grant_type": "client_credential", "appid": "wxapp", "secret": "s3cret"}


def test_stable_token_repeats_then_overlaps_for_five_minutes() -> None:
    tokens = Tokens()
    first, left = tokens.stable("a", force=False, now=0)
    assert (left, tokens.stable("a", force=False, now=6899)) == (7200, (first, 301))
    second, _ = tokens.stable("a", force=False, now=6900)
    assert second != first
    assert [tokens.judge("a", token, now=7199) for token in (first, second)] == [0, 0]
    assert [tokens.judge("a", token, now=7200) for token in (first, second)] == [42001, 0]


def test_legacy_token_voids_the_last_one_and_not_the_stable_one() -> None:
    tokens = Tokens()
    stable, _ = tokens.stable("a", force=False, now=0)
    first, _ = tokens.legacy("a", now=0)
    second, _ = tokens.legacy("a", now=1)
    assert [tokens.judge("a", token, now=2) for token in (stable, first, second)] == [0, 40001, 0]


def test_forced_refresh_voids_the_old_token_but_not_twice_in_thirty_seconds() -> None:
    tokens = Tokens()
    first, _ = tokens.stable("a", force=False, now=0)
    second, _ = tokens.stable("a", force=True, now=10)
    assert tokens.judge("a", first, now=10) == 40001
    assert tokens.stable("a", force=True, now=39)[0] == second
    assert tokens.stable("a", force=True, now=40)[0] != second


def test_forced_refresh_is_limited_a_day() -> None:
    tokens = Tokens()
    for number in range(FORCE_A_DAY):
        tokens.stable("a", force=True, now=number * 60)
    with pytest.raises(TooOften):
        tokens.stable("a", force=True, now=FORCE_A_DAY * 60)
    assert tokens.stable("a", force=True, now=86400)[0]


@pytest.mark.parametrize(("wrong", "code"), [({"appid": "wxother"}, 40013), ({"secret": "no"}, 40125),
                                             ({"grant_type": "x"}, 40002)])
def test_wrong_credentials(client: FlaskClient, wrong: dict[str, str], code: int) -> None:
    assert client.post("/cgi-bin/stable_token", json=GOOD | wrong).get_json()["errcode"] == code
    assert client.get("/cgi-bin/token", query_string=GOOD | wrong).get_json()["errcode"] == code


def test_a_token_is_good_for_sending_until_it_expires(client: FlaskClient, sim: Simulation,
                                                      clock: Clock) -> None:
    token = client.post("/cgi-bin/stable_token", json=GOOD).get_json()["access_token"]
    post = {"touser": "oWang", "msgtype": "text", "text": {"content": "您好"}}
    url = f"/cgi-bin/message/custom/send?access_token={token}"
    assert client.post(url, json=post).get_json() == {"errcode": 0, "errmsg": "ok"}
    clock.now += 7200
    assert client.post(url, json=post).get_json()["errcode"] == 42001
    assert client.post(url[:-1], json=post).get_json()["errcode"] == 40001
    assert all("secret" not in str(call["body"]) for call in sim.calls.after(0))
