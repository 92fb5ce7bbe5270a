"""Photos that people send: decoded, made small and written anew, so that nothing but the picture is kept."""

from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from domain.errors import Refusal

BYTES, PIXELS, SIDE = 12_000_000, 60_000_000, 1800


def clean(data: bytes, *, about: str = "paper") -> bytes:
    """The picture as a JPEG of at most 1800 pixels a side, upright, without the camera's notes of place and time.

    A Refusal `{about}.no_photo` or `{about}.photo_big` says why it is not taken.
    """
    if not data:
        raise Refusal(f"{about}.no_photo")
    if len(data) > BYTES:
        raise Refusal(f"{about}.photo_big", mb=BYTES // 1_000_000)
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as found:
            if found.width * found.height > PIXELS:
                raise Refusal(f"{about}.photo_big", mb=BYTES // 1_000_000)
            found.draft("RGB", (SIDE, SIDE))  # a large JPEG is read small at once
            picture = ImageOps.exif_transpose(found).convert("RGB")
    except Image.DecompressionBombError:
        raise Refusal(f"{about}.photo_big", mb=BYTES // 1_000_000) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise Refusal(f"{about}.no_photo") from None
    picture.thumbnail((SIDE, SIDE))
    picture.info.clear()  # comments and the like would be written along
    into = BytesIO()
    picture.save(into, "JPEG", quality=80)
    return into.getvalue()
