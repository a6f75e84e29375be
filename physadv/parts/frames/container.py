"""A film file's own account of its build: whether it is all there, and why it cannot be read.

Only the outermost boxes are looked at. A number of frames, or a duration times a rate, is no count of what is to be
shown (edit lists, variable rates); a box that reaches past the end of the file is proof that the file is cut short.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MAX_BOXES = 10_000
MAX_HEADER = 2**22  # bytes at both ends in which a codec's name is sought
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_ISO = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def missing_bytes(path: Path) -> int:
    """How much the file lacks of what its container begun with promises; 0 where it does not tell."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF":
            return _riff(file, size)
        if head[:4] == _EBML:
            return _matroska(file, size)
        if head[4:8] in _ISO:
            return max((end - size for _, end in _boxes(file, size)), default=0)
    return 0


def why_unreadable(path: Path) -> str:
    """The cause and the remedy, for a file that FFmpeg does not open."""
    size = path.stat().st_size
    if size == 0:
        return "is empty (0 bytes). Copy it again"
    with path.open("rb") as file:
        if file.read(8)[4:] in _ISO:
            kinds = {kind for kind, _ in _boxes(file, size)}
            if b"moov" not in kinds:
                return (
                    "has no index (its 'moov' box is missing), so no program can read it: the recording was not "
                    "finished, or the copy is cut short. Copy it again, or film again"
                )
        file.seek(0)
        if not file.read(4096).strip(b"\0"):
            return "begins with nothing but zeros: it was not written out. Copy it again"
    return "is not a video or image that FFmpeg can read. Name a film (MP4, MOV, AVI, MKV, ...) or an image"


def codec_name(path: Path) -> str:
    """Of a film's pictures, as its container spells it."""
    with path.open("rb") as file:
        head = file.read(MAX_HEADER)
        file.seek(max(0, path.stat().st_size - MAX_HEADER))
        data = head + file.read(MAX_HEADER)
    patterns = (rb"vide.{8,4096}?stsd.{12}(.{4})", rb"vids(.{4})", rb"(V_[A-Z0-9/_]{2,40})")
    found = next((match for pattern in patterns if (match := re.search(pattern, data, re.DOTALL))), None)
    return f"the codec {found[1].decode('latin-1').strip()!r}" if found else "a codec that its file does not name"


def _boxes(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int]]:
    """Kind and end of every outermost box of an ISO file (MP4, MOV)."""
    at = 0
    for _ in range(MAX_BOXES):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1 and len(head) == 16:
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:  # to the end of the file
            length = size - at
        if length < 8 or not kind.isalnum():  # not a box any more: something was appended
            return
        at += length
        yield kind, at


def _riff(file: BinaryIO, size: int) -> int:
    """AVI; films above 1 GB are several such chunks in a row."""
    at = 0
    for _ in range(MAX_BOXES):
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[4:8], "little")
        if len(head) < 8 or head[:4] != b"RIFF" or length in (0, 2**32 - 1):
            return 0
        at += 8 + length + length % 2
        if at > size + 1:
            return at - size
    return 0


def _matroska(file: BinaryIO, size: int) -> int:
    """MKV and WebM: the EBML header, then one segment, whose length may be unknown."""
    file.seek(4)
    header = _length(file)
    if header is None:
        return 0
    file.seek(header, 1)
    if file.read(4) != _SEGMENT:
        return 0
    length = _length(file)
    return 0 if length is None else max(0, file.tell() + length - size)


def _length(file: BinaryIO) -> int | None:
    """A number of EBML: leading zeros of the first byte count the bytes that follow; all ones is unknown."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    count = 8 - first[0].bit_length()
    rest = file.read(count)
    value = int.from_bytes(bytes([first[0] & (0xFF >> (count + 1))]) + rest, "big")
    return None if len(rest) < count or value == 2 ** (7 * (count + 1)) - 1 else value
