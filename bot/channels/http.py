"""The one address the platforms call, /wire/<account>; reads, hands over and answers, knows no platform."""

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from bot.channels.account import Clock
from bot.channels.signing import BODY_LIMIT
from bot.message import Channel, Message, Reply, WireError, WireRequest, WireResponse

log = logging.getLogger(__name__)

Handle = Callable[[Channel, Message], Reply | None]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_NOTHING = WireResponse()
_LATER = WireResponse(status=503)


def wire_blueprint(channels: Mapping[str, Channel], handle: Handle, *,
                   clock: Clock | None = None) -> Blueprint:
    """The callback routes; `handle` gives the spoken reply, or None: the platform must ask again."""
    now = clock or (lambda: datetime.now(UTC))
    blueprint = Blueprint("wire", __name__)

    def wire(account: str) -> Response:
        channel = channels.get(account)
        if channel is None:
            return Response(status=404)
        answer = _serve(channel, handle, now, _from_flask)
        response = Response(answer.body, answer.status, content_type=answer.content_type)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    blueprint.add_url_rule("/wire/<account>", "callback", wire, methods=["GET", "POST"])
    return blueprint


def wire_shortcut(pages: Wsgi, channels: Mapping[str, Channel], handle: Handle, *, clock: Clock | None = None) -> Wsgi:
    """Takes the ordinary callback past Flask, whose request costs as much as all we do with one; the rest falls through."""
    now = clock or (lambda: datetime.now(UTC))

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        channel = channels.get(environ["PATH_INFO"].removeprefix("/wire/"))
        size = environ.get("CONTENT_LENGTH") or ""
        if channel is None or environ["REQUEST_METHOD"] != "POST" or not size.isdecimal() or int(size) > BODY_LIMIT:
            return pages(environ, start_response)
        query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        answer = _serve(channel, handle, now, lambda: WireRequest("POST", query, environ["wsgi.input"].read(int(size))))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", [
            ("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body))),
            ("X-Content-Type-Options", "nosniff")])
        return [answer.body]

    return app


def _from_flask() -> WireRequest:
    request.max_content_length = BODY_LIMIT + 1  # a chunked body is cut there, and check_size refuses it
    return WireRequest(request.method, request.args.to_dict(flat=False), request.get_data(cache=False))


def _serve(channel: Channel, handle: Handle, now: Clock, read: Callable[[], WireRequest]) -> WireResponse:
    try:
        packet = read()
        if packet.method != "POST":
            return channel.handshake(packet)
        message = channel.parse(packet, now=now())
    except WireError as error:
        log.info("%s: refused: %s", channel.name, error.reason)
        return WireResponse(status=error.status)
    except RequestEntityTooLarge:
        return WireResponse(status=413)
    except (ClientDisconnected, HTTPException):
        return WireResponse(status=400)
    except Exception as error:
        log.error("%s: unreadable: %s at %s", channel.name, type(error).__name__, _place(error))
        return WireResponse(status=400)
    if message is None:
        return _NOTHING
    return _answer(channel, handle, packet, message)


def _answer(channel: Channel, handle: Handle, packet: WireRequest, message: Message) -> WireResponse:
    try:
        reply = handle(channel, message)
        return _LATER if reply is None else channel.respond(packet, message, reply)
    except Exception as error:  # its own words may quote the message, so only where it happened is kept
        log.error("%s: message %s failed: %s at %s", channel.name, message.external_id, type(error).__name__,
                  _place(error))
        return _LATER


def _place(error: Exception) -> str:
    """Where an exception came from, innermost last, without what it says."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames)
