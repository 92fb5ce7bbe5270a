"""The one address the platforms call, /wire/<account>; reads, hands over and answers, knows no platform."""

import logging
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from bot.channels.account import Clock
from bot.channels.signing import BODY_LIMIT
from bot.message import Channel, Message, Reply, WireError, WireRequest, WireResponse

log = logging.getLogger(__name__)

Handle = Callable[[Channel, Message], Reply | None]
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
        answer = _serve(channel, handle, now)
        response = Response(answer.body, answer.status, content_type=answer.content_type)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    blueprint.add_url_rule("/wire/<account>", "callback", wire, methods=["GET", "POST"])
    return blueprint


def _serve(channel: Channel, handle: Handle, now: Clock) -> WireResponse:
    try:
        request.max_content_length = BODY_LIMIT + 1  # a chunked body is cut there, and parse refuses it
        packet = WireRequest(request.method, request.args.to_dict(flat=False), request.get_data(cache=False))
        if request.method != "POST":
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
