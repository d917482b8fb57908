"""What a file is, told by what is in it: neither its name nor what the browser says of it is believed."""

from __future__ import annotations

import re
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

import puremagic

from lti_app.movies import has_picture, is_quicktime

MB = 1024 * 1024
LIMITS = {"image": 15 * MB, "file": 20 * MB, "audio": 20 * MB, "video": 60 * MB}
HEAD = 64 * 1024
MAX_NAME = 150
PICTURES = {
    "image/png": ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    "image/jpeg": ("jpg", re.compile(rb"\xff\xd8\xff")),
    "image/gif": ("gif", re.compile(rb"GIF8[79]a")),
    "image/webp": ("webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
}
# What a browser would run, whatever it is called.
ACTIVE = frozenset({"text/html", "image/svg+xml", "application/xhtml+xml"})
TEXTS = frozenset(
    {"txt", "md", "csv", "tsv", "log", "tex", "bib", "py", "r", "sql", "json", "ipynb", "java", "c", "h", "cpp"}
    | {"yaml", "yml", "toml"}
)
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
OOXML = "application/vnd.openxmlformats-officedocument."
OFFICE = {
    "word/": ("docx", OOXML + "wordprocessingml.document"),
    "xl/": ("xlsx", OOXML + "spreadsheetml.sheet"),
    "ppt/": ("pptx", OOXML + "presentationml.presentation"),
}
ODF = {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}
MACROS = re.compile(r"vbaProject|(^|/)(Basic|Scripts)/", re.IGNORECASE)
HEIC = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
UNPRINTABLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class UploadRefused(Exception):
    """A file that is not taken, with the reason's code; ``facts`` are for its words (see upload_words.py).

    Codes: empty, kind, heic, too_big, too_many_pixels, damaged, macros, too_many, person_full, course_full, often.
    """

    def __init__(self, code: str, name: str = "", **facts: Any) -> None:
        self.code = code
        self.name = name
        self.facts = facts
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Found:
    """What a file turned out to be: ``kind`` is image, file, audio or video, ``ending`` its name's."""

    kind: str
    media_type: str
    ending: str


def plain_name(raw: str | None) -> str:
    """Return the last part of a file's name without what cannot be shown; never a path, never empty."""
    last = re.split(r"[/\\]", raw or "")[-1]
    letters = (one for one in unicodedata.normalize("NFC", last) if unicodedata.category(one) not in UNPRINTABLE)
    return " ".join("".join(letters).split()).strip(". ") or "file"


def fitting_name(raw: str | None, ending: str) -> str:
    """Return the name to keep: its ending says what the file is."""
    name = plain_name(raw)
    stem, old = PurePosixPath(name).stem, PurePosixPath(name).suffix.lower().lstrip(".")
    same = {old, ending} in ({"jpg", "jpeg"}, {"ogg", "oga"}, {"mp4", "m4v"})
    return f"{stem[:MAX_NAME]}.{old if same else ending}"


def recognise(stream: IO[bytes], size: int, name: str | None) -> Found:
    """Return what the file is; raises UploadRefused for what is not taken, and where it is too big for its kind."""
    if size == 0:
        raise UploadRefused("empty")
    stream.seek(0)
    head = stream.read(HEAD)
    found = _recognised(stream, head, plain_name(name))
    stream.seek(0)
    if size > LIMITS[found.kind]:
        raise UploadRefused("too_big", most=LIMITS[found.kind], kind=found.kind)
    return found


def _recognised(stream: IO[bytes], head: bytes, name: str) -> Found:
    said = _guesses(head)
    for media_type, (ending, start) in PICTURES.items():
        # A guess alone calls every RIFF file a WEBP among others.
        if media_type in said and start.match(head):
            return Found("image", media_type, ending)
    found = _sound_or_film(stream, head) or _document(stream, head)
    if found is None and not said & ACTIVE:
        found = _text(stream, name)
    if found is None:
        raise UploadRefused("kind")
    return found


def _guesses(head: bytes) -> frozenset[str]:
    try:
        return frozenset(match.mime_type for match in puremagic.magic_string(head))
    except (puremagic.PureError, ValueError):
        return frozenset()


def _sound_or_film(stream: IO[bytes], head: bytes) -> Found | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Found("audio", "audio/wav", "wav")
    if head[:4] == b"OggS":
        known = any(codec in head[:512] for codec in (b"OpusHead", b"\x01vorbis", b"\x7fFLAC"))
        return Found("audio", "audio/ogg", "ogg") if known and b"theora" not in head[:512] else None
    if head[:4] == b"\x1a\x45\xdf\xa3" and b"webm" in head[:64]:
        film = any(codec in head for codec in (b"V_VP8", b"V_VP9", b"V_AV1"))
        return Found("video", "video/webm", "webm") if film else Found("audio", "audio/webm", "weba")
    if head[4:8] == b"ftyp":
        return _mp4(stream, head)
    return Found("audio", "audio/mpeg", "mp3") if _is_mp3(stream, head) else None


def _mp4(stream: IO[bytes], head: bytes) -> Found:
    if head[8:12] in HEIC:
        raise UploadRefused("heic")
    film = has_picture(stream)
    if film is None:
        raise UploadRefused("damaged")
    if not film:
        return Found("audio", "audio/mp4", "m4a")
    # Browsers play what phones record in QuickTime's older wrapping, under the newer one's name.
    return Found("video", "video/mp4", "mov" if is_quicktime(head) else "mp4")


def _is_mp3(stream: IO[bytes], head: bytes) -> bool:
    """Whether two frames of layer III follow one another, after the tags that may stand before them."""
    start = 0
    if head[:3] == b"ID3" and len(head) > 10:
        start = 10 + ((head[6] & 127) << 21 | (head[7] & 127) << 14 | (head[8] & 127) << 7 | head[9] & 127)
    stream.seek(start)
    part = stream.read(8192)
    length = _frame_length(part[:4])
    return bool(length and _frame_length(part[length : length + 4]))


def _frame_length(header: bytes) -> int:
    rates = {3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
             2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)}  # fmt: skip
    samples = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
    if len(header) < 4 or header[0] != 255 or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer, rate, sample = (header[1] >> 3) & 3, (header[1] >> 1) & 3, header[2] >> 4, (header[2] >> 2) & 3
    if version == 1 or layer != 1 or not 0 < rate < 15 or sample == 3:
        return 0
    kilobits = rates[3 if version == 3 else 2][rate]
    return (144 if version == 3 else 72) * kilobits * 1000 // samples[version][sample] + ((header[2] >> 1) & 1)


def _document(stream: IO[bytes], head: bytes) -> Found | None:
    if head[:5] == b"%PDF-":
        return Found("file", "application/pdf", "pdf")
    if head[:4] != b"PK\x03\x04":
        return None
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            said = ""
            if "mimetype" in names:
                with archive.open("mimetype") as member:
                    said = member.read(200).decode("ascii", "replace")
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error) as e:
        raise UploadRefused("damaged") from e
    if any(MACROS.search(name) for name in names):
        raise UploadRefused("macros")
    if said.startswith(OPEN_DOCUMENT) and said.removeprefix(OPEN_DOCUMENT) in ODF:
        return Found("file", said, ODF[said.removeprefix(OPEN_DOCUMENT)])
    if "[Content_Types].xml" in names:
        for folder, (ending, media_type) in OFFICE.items():
            if any(name.startswith(folder) for name in names):
                return Found("file", media_type, ending)
    return None


def _text(stream: IO[bytes], name: str) -> Found | None:
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    if ending not in TEXTS:
        return None
    stream.seek(0)
    try:
        words = stream.read(LIMITS["file"] + 1).decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if any(ord(letter) < 32 and letter not in "\t\n\r\f\x1b" for letter in words):
        return None
    return Found("file", "text/plain", ending)
