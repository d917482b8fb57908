"""Files on disk: bytes lie outside the database under names that nobody guesses, and come there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from werkzeug.datastructures import FileStorage

from lti_app.config import Settings
from lti_app.filekinds import MB, UploadRefused, fitting_name, plain_name, recognise
from lti_app.movies import forget_notes

KEY = re.compile(r"[0-9a-f]{48}")
FOLDERS = 256
MAX_REQUEST = 64 * MB
BLOCK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """A file whose bytes lie on the shelf, before there is a row for it."""

    key: str
    kind: str
    media_type: str
    name: str
    size: int
    digest: str
    width: int | None = None
    height: int | None = None


class Shelf:
    """The folder of one installation's files, spread over 256 folders so that none grows beyond bounds."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, key: str) -> Path:
        """Return where the bytes of ``key`` lie; raises ValueError for what is no key of ours."""
        if not KEY.fullmatch(key):
            raise ValueError("not a key")
        return self.root / key[:2] / key

    def take(self, sent: FileStorage) -> Stored:
        """Check one file that was sent, and put it on the shelf; raises UploadRefused, which then names the file."""
        stream: IO[bytes] = sent.stream
        size = stream.seek(0, os.SEEK_END)
        try:
            found = recognise(stream, size, sent.filename)
            if found.kind == "image":
                return self._put_picture(stream, sent.filename)
            key, digest = self._put(stream, found.media_type in ("video/mp4", "audio/mp4"))
        except UploadRefused as refused:
            refused.name = plain_name(sent.filename)
            raise
        return Stored(key, found.kind, found.media_type, fitting_name(sent.filename, found.ending), size, digest)

    def _put_picture(self, stream: IO[bytes], name: str | None) -> Stored:
        # Only those who draw pictures carry the library.
        from io import BytesIO

        from lti_app.pictures import redraw

        stream.seek(0)
        drawn = redraw(stream.read())
        key, digest = self._put(BytesIO(drawn.data), False)
        name = fitting_name(name, drawn.ending)
        return Stored(key, "image", drawn.media_type, name, len(drawn.data), digest, drawn.width, drawn.height)

    def _put(self, stream: IO[bytes], has_notes: bool) -> tuple[str, str]:
        """Write beside the place and then rename, so that a name never leads to half a file."""
        key = secrets.token_hex(24)
        place = self.path(key)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = place.with_suffix(".half")
        stream.seek(0)
        try:
            with half.open("xb+") as file:
                shutil.copyfileobj(stream, file, BLOCK)
                if has_notes:
                    forget_notes(file)
                file.flush()
                os.fsync(file.fileno())
                file.seek(0)
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            half.rename(place)
        except BaseException:
            half.unlink(missing_ok=True)
            raise
        return key, digest

    def remove(self, key: str) -> None:
        """Take the bytes of ``key`` away; it does no harm when they are gone."""
        self.path(key).unlink(missing_ok=True)

    def lying_in(self, folder: int, before: float) -> Iterator[tuple[str, Path]]:
        """Yield the files of one of the 256 folders that were written before a moment, by key."""
        place = self.root / f"{folder % FOLDERS:02x}"
        if not place.is_dir():
            return
        for path in place.iterdir():
            if path.stat().st_mtime < before:
                yield path.name.removesuffix(".half"), path


def shelf_of(settings: Settings) -> Shelf:
    """Return the shelf of an installation."""
    return Shelf(Path(settings.uploads_dir or Path(settings.data_dir) / "uploads"))
