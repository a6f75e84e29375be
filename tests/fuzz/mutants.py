"""Damaged copies of sound files: cut, stretched, bits turned, bytes that formats read as numbers. Seeded."""

from __future__ import annotations

import random
from collections.abc import Iterator

_TELLING = (0, 255, ord("9"), ord("-"), ord("["), ord("e"), ord('"'))


def mutants(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """``count`` damaged copies, the same ones for a seed."""
    draw = random.Random(seed)
    for _ in range(count):
        yield _mutant(bytearray(data), draw)


def _mutant(data: bytearray, draw: random.Random) -> bytes:
    kind = draw.random()
    if kind < 0.15:
        return bytes(data[: draw.randrange(len(data) + 1)])
    place = draw.randrange(len(data))
    if kind < 0.25:
        return bytes(data[:place]) + draw.randbytes(draw.randrange(1, 40)) + bytes(data[place:])
    if kind < 0.35:
        return bytes(data[:place] + data[place + draw.randrange(1, 60) :])
    if kind < 0.4:  # a piece twice
        end = place + draw.randrange(1, 200)
        return bytes(data[:end] + data[place:])
    span = len(data) if draw.random() < 0.5 else min(len(data), 400)  # headers are where formats are fragile
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        here = draw.randrange(span)
        data[here] = draw.choice((*_TELLING, data[here] ^ (1 << draw.randrange(8)), draw.randrange(256)))
    return bytes(data)
