"""One event is one line of the log, as words or as JSON: no credentials in it, and nothing in it can forge another line."""

import json
import logging
from datetime import UTC, datetime

from bot import watch
from bot.channels.redact import RedactingFilter
from bot.config import Settings


def prepare(settings: Settings) -> None:
    """Sends every log line to stderr in the chosen form."""
    handler = logging.StreamHandler()
    handler.addFilter(RedactingFilter())
    words = TextLine("%(asctime)s %(levelname)s %(name)s %(message)s")
    handler.setFormatter(JsonLine() if settings.log_format == "json" else words)
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for noisy in ("apscheduler", "jieba", "urllib3"):  # a beat that is skipped because the last one still runs is no news
        logging.getLogger(noisy).setLevel(logging.ERROR)


class TextLine(logging.Formatter):
    """Words; a traceback follows indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Escapes everything that is no letter."""
        first, *rest = super().format(record).split("\n")
        return "\n    ".join(_plain(line) for line in (first, *rest))


class JsonLine(logging.Formatter):
    """One JSON object: time, level, logger, message; message_id and frames where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """What stands behind a line break of the message, and a traceback, are its frames."""
        first, *rest = record.getMessage().split("\n")
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        frames = [_plain(line) for line in (*rest, *(record.exc_text or "").split("\n")) if line.strip()]
        found: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "logger": record.name, "message": _plain(first)}
        number = watch.message_id.get()
        if number is not None:
            found["message_id"] = number
        if frames:
            found["frames"] = frames
        return json.dumps(found, ensure_ascii=False)


def _plain(line: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
