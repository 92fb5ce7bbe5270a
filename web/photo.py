"""How a photo is handed to a browser: as a picture and nothing else, and kept by nobody."""

from flask import Response


def photo_response(data: bytes) -> Response:
    """The picture; no cache keeps it, and no browser takes it for anything else."""
    return Response(data, mimetype="image/jpeg", headers={
        "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"})
