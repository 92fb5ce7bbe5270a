"""No credential survives in what is written down."""

import logging

import pytest
import requests

from bot.channels.redact import RedactingFilter, guard_logging, redact


@pytest.mark.parametrize(
    "text,clean",
    [
        ("GET /send?access_token=canary&x=1", "GET /send?access_token=***&x=1"),
        ("url: /webhook/send?key=canary (Caused by X)", "url: /webhook/send?key=*** (Caused by X)"),
        ("appid=wx&secret=canary HTTP/1.1", "appid=wx&secret=*** HTTP/1.1"),
        ("corpsecret=canary", "corpsecret=***"),
        ("?response_code=canary'", "?response_code=***'"),
        ('{"access_token": "canary", "x": 1}', '{"access_token": "***", "x": 1}'),
        ("{'secret': 'canary', 'appid': 'wx'}", "{'secret': '***', 'appid': 'wx'}"),
        ("SECRET=canary", "SECRET=***"),
        ("monkey=7 dedupe_key=poll:12 投票 P1", "monkey=7 dedupe_key=poll:12 投票 P1"),
    ],
)
def test_values_of_credentials_are_replaced(text: str, clean: str) -> None:
    assert redact(text) == clean


def formatted(record: logging.LogRecord) -> str:
    assert RedactingFilter().filter(record)
    return logging.Formatter("%(message)s").format(record)


def test_message_arguments_are_redacted() -> None:
    record = logging.LogRecord(
        "x", logging.INFO, "f", 1, "call %s took %d", ("/a?access_token=canary", 3), None
    )
    assert formatted(record) == "call /a?access_token=*** took 3"


def test_traceback_of_the_http_library_is_redacted() -> None:
    try:
        requests.get("http://127.0.0.1:9/a?access_token=canary&secret=canary2", timeout=1)
    except requests.RequestException as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "failed", None, (type(error), error, error.__traceback__)
        )
    told = formatted(record)
    assert "canary" not in told and "ConnectionError" in told and "access_token=***" in told
    assert record.exc_info is None  # a formatter of its own cannot print it after us


def test_harmless_traceback_stays_as_it_is() -> None:
    try:
        raise ValueError("no")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "failed", None, (type(error), error, error.__traceback__)
        )
    assert "ValueError: no" in formatted(record) and record.exc_info is not None


def test_guard_is_put_up_once() -> None:
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        guard_logging()
        guard_logging()
        assert len([known for known in handler.filters if isinstance(known, RedactingFilter)]) == 1
    finally:
        logging.getLogger().removeHandler(handler)
