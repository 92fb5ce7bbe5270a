"""The codes of authenticator apps: the RFCs' own examples, clocks that are off, and codes that were used."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from domain import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(("seconds", "digits"), [
    (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"), (2000000000, "69279037"),
    (20000000000, "65353130")])
def test_the_examples_of_rfc_6238(seconds: int, digits: str) -> None:
    assert totp.code(SECRET, totp.step_of(datetime.fromtimestamp(seconds, UTC)), digits=8) == digits


def test_the_examples_of_rfc_4226() -> None:
    assert [totp.code(SECRET, n) for n in range(10)] == [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


def test_a_clock_may_be_one_step_off_and_a_code_counts_once() -> None:
    """Thirty seconds either way; never the same step again, nor an earlier one."""
    now = datetime(2026, 3, 2, 2, 0, 15, tzinfo=UTC)
    here = totp.step_of(now)
    found = {off: totp.matching_step(SECRET, totp.code(SECRET, here + off), now=now, after=0) for off in (-2, -1, 0, 1, 2)}
    assert found == {-2: None, -1: here - 1, 0: here, 1: here + 1, 2: None}
    for off in (-1, 0):
        assert totp.matching_step(SECRET, totp.code(SECRET, here + off), now=now, after=here) is None
    later = now + timedelta(seconds=30)
    assert totp.matching_step(SECRET, totp.code(SECRET, here + 1), now=later, after=here) == here + 1


def test_what_is_typed_is_read_kindly_but_only_digits_fit() -> None:
    assert totp.plain(" 12３ 456-AB\u3000") == "123456ab"
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for said in ("", "abcdef", "٠١٢٣٤٥", "\x00", "9" * 500):
        assert totp.matching_step(SECRET, said, now=now, after=0) is None


def test_the_address_in_the_code_is_what_apps_read() -> None:
    parts = urlsplit(totp.address(SECRET, issuer="邻议", username="a:b&c"))
    assert (parts.scheme, parts.netloc, unquote(parts.path)) == ("otpauth", "totp", "/邻议:a:b&c")
    assert parse_qs(parts.query) == {"secret": [SECRET], "issuer": ["邻议"], "algorithm": ["SHA1"], "digits": ["6"], "period": ["30"]}


def test_recovery_codes_differ_and_secrets_are_long() -> None:
    codes = totp.recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES and all(len(totp.plain(c)) == 10 for c in codes)
    assert len(base64.b32decode(totp.new_secret())) == 20 and totp.new_secret() != totp.new_secret()
