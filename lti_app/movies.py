"""The boxes of an MP4 file: whether it has a picture, and how its notes (the place it was filmed at) are taken out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO

INSIDE = frozenset({b"moov", b"trak", b"mdia"})
NOTES = frozenset({b"udta", b"meta"})
MOST_BOXES = 2000


def _boxes(stream: IO[bytes], start: int, end: int, seen: list[int]) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield each box as its type, where its header stands, where its content begins and where it ends."""
    at = start
    while at + 8 <= end:
        seen[0] += 1
        if seen[0] > MOST_BOXES:
            raise ValueError("more boxes than a film has")
        stream.seek(at)
        header = stream.read(16)
        size, kind, body = int.from_bytes(header[:4], "big"), header[4:8], at + 8
        if size == 1:
            size, body = int.from_bytes(header[8:16], "big"), at + 16
        elif size == 0:
            size = end - at
        if size < body - at or at + size > end:
            raise ValueError("a box that does not fit")
        yield kind, at, body, at + size
        if kind in INSIDE:
            yield from _boxes(stream, body, at + size, seen)
        at += size


def _all(stream: IO[bytes]) -> list[tuple[bytes, int, int, int]]:
    end = stream.seek(0, os.SEEK_END)
    return list(_boxes(stream, 0, end, [0]))


def has_picture(stream: IO[bytes]) -> bool | None:
    """Return whether there is a moving picture, False for sound alone, None for what is no whole film or sound."""
    handlers = set()
    try:
        for kind, _at, body, _end in _all(stream):
            if kind == b"hdlr":
                stream.seek(body + 8)
                handlers.add(stream.read(4))
    except ValueError:
        return None
    if b"vide" in handlers:
        return True
    return False if b"soun" in handlers else None


def is_quicktime(head: bytes) -> bool:
    """Return whether the file says that it is of QuickTime's own older kind."""
    return head[8:12] == b"qt  "


def forget_notes(stream: IO[bytes]) -> None:
    """Turn the boxes with notes (camera, place, dates by name) into empty room; nothing else moves."""
    for kind, at, body, end in _all(stream):
        if kind in NOTES:
            stream.seek(at + 4)
            stream.write(b"free")
            stream.seek(body)
            stream.write(b"\0" * (end - body))
