"""Pictures are drawn anew: what was hidden in the file (place, camera, a second file) does not come along."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps

from lti_app.filekinds import UploadRefused

MAX_EDGE = 2048
# A JPEG is decoded at a fraction of its size, the others whole.
MAX_PIXELS = {"JPEG": 80_000_000}
MAX_PIXELS_WHOLE = 30_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept."""

    data: bytes
    media_type: str
    ending: str
    width: int
    height: int


def redraw(data: bytes, most: int = MAX_EDGE) -> Picture:
    """Return the picture upright, no longer than ``most`` on either side and without notes; raises UploadRefused."""
    try:
        # Pillow would read dozens of kinds: only those that browsers show are opened.
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            kind = opened.format or ""
            if opened.width * opened.height > MAX_PIXELS.get(kind, MAX_PIXELS_WHOLE):
                raise UploadRefused("too_many_pixels")
            opened.draft("RGB", (most, most))
            opened.load()
            image = _plain(ImageOps.exif_transpose(opened))
    except BOMBS as e:
        raise UploadRefused("too_many_pixels") from e
    except (OSError, ValueError, SyntaxError, TypeError, IndexError, OverflowError, EOFError) as e:
        raise UploadRefused("damaged") from e
    image.thumbnail((most, most), Image.Resampling.LANCZOS)
    return _drawn(image, kind)


def _plain(image: Image.Image) -> Image.Image:
    """Return the first picture in the colours that every screen means, with no more than red, green, blue and clear."""
    icc = image.info.get("icc_profile")
    if image.mode.startswith("I"):
        # Sixteen bits a dot: the upper eight are what a screen can show.
        image = image.convert("I").point(lambda dot: dot / 256).convert("L")
    clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    image = image.convert("RGBA" if clear else "RGB")
    if icc:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            ImageCms.profileToProfile(image, own, ImageCms.createProfile("sRGB"), inPlace=True)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image


def _drawn(image: Image.Image, kind: str) -> Picture:
    # A new image holds dots and nothing else.
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    out = io.BytesIO()
    if kind == "JPEG":
        bare.convert("RGB").save(out, "JPEG", quality=86, optimize=True, progressive=True)
        media_type, ending = "image/jpeg", "jpg"
    elif kind == "WEBP":
        bare.save(out, "WEBP", quality=86)
        media_type, ending = "image/webp", "webp"
    else:
        bare.save(out, "PNG")
        media_type, ending = "image/png", "png"
    return Picture(out.getvalue(), media_type, ending, bare.width, bare.height)
