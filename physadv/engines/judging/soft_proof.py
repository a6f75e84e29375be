"""How far the print is from the screen: the soft proof beside what was asked for, in pictures and in ΔE00."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from physadv.core.types import PatchImage
from physadv.library.colour.difference import VISIBLE, delta_e00, lab_from_srgb
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.files.patches import png_bytes
from physadv.parts.printing.ink import Ink


@torch.no_grad()
def write_proof(patch: PatchImage, asked: PatchImage | None, ink: Ink, out: Path) -> None:
    """Write ``proof.json`` and ``proof.png``, the print of ``patch``.

    ``asked`` is what was optimised, before it was brought into the printer's gamut; then ``asked.png`` shows it.
    """
    printed = ink(patch)
    rows = [] if asked is None else [_row("the colours that the attack asked for", asked, printed)]
    rows.append(_row("the colours of patch.png", patch, printed))
    write_text(out / "proof.json", json.dumps({"ink": ink.name, "visible": VISIBLE, "rows": rows}, indent=1))
    write_bytes(out / "proof.png", png_bytes(printed))
    if asked is not None:
        write_bytes(out / "asked.png", png_bytes(asked))


def _row(words: str, asked: PatchImage, printed: PatchImage) -> dict[str, Any]:
    """Statistics of the colour difference over the material."""
    difference = delta_e00(lab_from_srgb(asked.srgb.double()), lab_from_srgb(printed.srgb.double()))
    found = difference[asked.alpha[0] >= 0.5].sort().values
    if not len(found):
        found = difference.flatten().sort().values
    return {
        "words": words, "mean": found.mean().item(), "p95": found[int(0.95 * (len(found) - 1))].item(),
        "max": found[-1].item(), "share_visible": (found > VISIBLE).double().mean().item(),
    }  # fmt: skip
