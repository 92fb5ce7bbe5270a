"""Pictures people take: a few samples as a camera writes them, kept by the platform until our app fetches them."""

import base64
import functools
import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Blueprint, Response, abort, jsonify, request
from PIL import Image, ImageDraw

from simulator import crypto
from simulator.tokens import Tokens
from simulator.world import SimAccount

STORE = "/store"
MEDIA_LIFE_S, STORE_LIFE_S = 3 * 86400, 300
SAMPLES = {"路灯不亮": ("#26303f", "#4b5568"), "楼道堆物": ("#8a7a66", "#c2a878"), "垃圾桶满了": ("#5f7a5a", "#a3b18a"),
           "修好了": ("#7fa7c9", "#ffe08a")}


@functools.cache
def sample(name: str) -> bytes:
    """A picture as a phone takes it: with the place, the time and the phone's name in it."""
    back, thing = SAMPLES[name]
    picture = Image.new("RGB", (1280, 960), back)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 700, 1280, 960), fill="#555a5f")
    for n in range(3 if name == "楼道堆物" else 1):
        draw.rectangle((420 + 140 * n, 420 - 60 * n, 620 + 140 * n, 760), fill=thing, outline="#222", width=6)
    if name in ("路灯不亮", "修好了"):
        draw.rectangle((630, 220, 650, 760), fill="#333")
        draw.ellipse((560, 120, 720, 280), fill=thing, outline="#222", width=6)
    notes = Image.Exif()
    notes[0x010F], notes[0x0110], notes[0x0132] = "LINYI", "SIM-CAMERA-1", "2026:03:02 10:00:00"
    notes[0x8825] = {1: "N", 2: (29.0, 52.0, 6.4), 3: "E", 4: (121.0, 33.0, 1.8)}
    into = io.BytesIO()
    picture.save(into, "JPEG", quality=85, exif=notes, comment=b"taken at home")
    return into.getvalue()


@dataclass(slots=True)
class Gallery:
    """What was sent and can still be fetched, by media_id or, for 智能机器人, from a store under a key."""

    clock: Callable[[], float]
    media: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    store: dict[str, tuple[bytes, float]] = field(default_factory=dict)

    def keep(self, data: bytes) -> str:
        """Keeps a picture under a new media_id."""
        name = secrets.token_urlsafe(48)
        self.media[name] = data, self.clock() + MEDIA_LIFE_S
        return name

    def lay_out(self, account: SimAccount, data: bytes, base_url: str) -> dict[str, str]:
        """Lays an encrypted picture out for a bot: by its account's key, or by a key that comes along."""
        own = account.kind == "wecom_aibot_ws"
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=") if own else account.aes_key
        name = secrets.token_hex(16)
        self.store[name] = crypto.encrypt_bytes(key, data), self.clock() + STORE_LIFE_S
        return {"url": f"{base_url}{STORE}/{name}?sign=q-sign", **({"aeskey": key} if own else {})}


def blueprint(gallery: Gallery, tokens: Tokens) -> Blueprint:
    """Where our app fetches pictures, and where the phones' page finds the samples."""
    blue = Blueprint("photos", __name__)

    def media() -> Response:
        code = tokens.judge_any(request.args.get("access_token", ""), now=gallery.clock())
        data, until = gallery.media.get(request.args.get("media_id", ""), (b"", 0.0))
        if code or not data or gallery.clock() > until:
            return jsonify(errcode=code or 40007, errmsg="invalid media_id")
        return Response(data, mimetype="image/jpeg", headers={"Content-Disposition": 'attachment; filename="p.jpg"'})

    def store(name: str) -> Response:
        data, until = gallery.store.get(name, (b"", 0.0))
        if not data or gallery.clock() > until:
            return Response("<Error><Code>AccessDenied</Code></Error>", 403, mimetype="application/xml")
        return Response(data, mimetype="application/octet-stream")

    def shown(name: str) -> Response:
        return Response(sample(name), mimetype="image/jpeg") if name in SAMPLES else abort(404)

    blue.add_url_rule("/cgi-bin/media/get", "media", media)
    blue.add_url_rule(f"{STORE}/<name>", "store", store)
    blue.add_url_rule("/sim/samples/<name>.jpg", "sample", shown)
    return blue
