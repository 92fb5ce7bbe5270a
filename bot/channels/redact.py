"""Keeps credentials out of logs and exceptions; it does not know what a message means."""

import logging
import re

_NAMES = (r"(?:access_token|refresh_token|app_?secret|corp_?secret|client_secret|secret|response_code"
          r"|encoding_?aes_?key|(?:previous_)?aes_?key|key)")
_IN_URL = re.compile(rf"(?<![A-Za-z0-9_])({_NAMES})=[^\s&'\"<>)\]}},;]+", re.IGNORECASE)
_IN_JSON = re.compile(rf"""(["'])({_NAMES})\1(\s*:\s*)(["'])(?:(?!\4).)*\4""", re.IGNORECASE)
_FORMATTER = logging.Formatter()


def redact(text: str) -> str:
    """The text with the values of credentials replaced by `***`."""
    return _IN_JSON.sub(r"\1\2\1\3\4***\4", _IN_URL.sub(r"\1=***", text))


class RedactingFilter(logging.Filter):
    """Redacts every record that passes, its traceback included; belongs on handlers."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record in place and lets it through."""
        said = record.getMessage()
        clean = redact(said)
        if clean != said:
            record.msg, record.args = clean, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMATTER.formatException(record.exc_info)
        if record.exc_text:
            safe = redact(record.exc_text)
            if safe != record.exc_text:
                record.exc_text, record.exc_info = safe, None  # the exception itself still holds the secret
        return True


def guard_logging() -> None:
    """Puts the filter on the root logger's handlers and on the HTTP library's own debug log."""
    guarded: list[logging.Filterer] = [*logging.getLogger().handlers]
    for place in [*guarded, logging.getLogger("urllib3.connectionpool")]:
        if not any(isinstance(known, RedactingFilter) for known in place.filters):
            place.addFilter(RedactingFilter())
