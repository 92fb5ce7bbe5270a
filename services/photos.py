"""Photos that staff upload: decoded, made small and written anew, so that nothing but the picture is kept."""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from domain.errors import Refusal

BYTES, PIXELS, SIDE = 12_000_000, 60_000_000, 1800


def clean(data: bytes) -> bytes:
    """The picture as a JPEG of at most 1800 pixels a side, upright, without the camera's notes of place and time."""
    if not data:
        raise Refusal("paper.no_photo")
    if len(data) > BYTES:
        raise Refusal("paper.photo_big", mb=BYTES // 1_000_000)
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as found:
            if found.width * found.height > PIXELS:
                raise Refusal("paper.photo_big", mb=BYTES // 1_000_000)
            picture = ImageOps.exif_transpose(found).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refusal("paper.no_photo") from None
    picture.thumbnail((SIDE, SIDE))
    into = BytesIO()
    picture.save(into, "JPEG", quality=80)
    return into.getvalue()
