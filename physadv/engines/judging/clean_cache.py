"""Detections in pictures without a patch, kept between runs: every protocol, patch and grid cell shares them."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from physadv.core.errors import PhysadvError
from physadv.core.types import Detections
from physadv.engines.judging.shards import LIMIT
from physadv.library.files.atomic import write_bytes
from physadv.library.files.reading import ARCHIVE_ERRORS, read_arrays


@dataclass(frozen=True)
class CleanCache:
    """A folder of small files, named by a digest of the pictures, the victim and the threshold."""

    folder: Path

    def key(self, images: Tensor, identity: str, confidence: float) -> str:
        """The name for a batch ``(B,3,H,W)``. Exact: pictures that differ in one bit have another name."""
        made = hashlib.blake2b(f"{identity} {confidence!r} {tuple(images.shape)}".encode(), digest_size=20)
        made.update(images.detach().float().cpu().contiguous().numpy().data)
        return made.hexdigest()

    def load(self, key: str, device: torch.device) -> tuple[Detections, ...] | None:
        """Load what was kept under ``key``, if it was and is whole."""
        try:
            file = read_arrays(self._file(key), LIMIT)
            ends = np.cumsum(file["counts"])[:-1]
            columns = [np.split(file[name], ends) for name in ("boxes", "scores", "labels")]
            rows = zip(*columns, strict=True)
            return tuple(Detections(*(torch.from_numpy(value).to(device) for value in row)) for row in rows)
        except (*ARCHIVE_ERRORS, PhysadvError):  # damaged or foreign: it is made again
            return None

    def save(self, key: str, found: tuple[Detections, ...]) -> None:
        """Keep what was found."""
        stream = io.BytesIO()
        np.savez(
            stream, counts=np.array([len(one.scores) for one in found]),
            boxes=torch.cat([one.boxes_xyxy_px for one in found]).float().cpu().numpy(),
            scores=torch.cat([one.scores for one in found]).float().cpu().numpy(),
            labels=torch.cat([one.labels for one in found]).cpu().numpy(),
        )  # fmt: skip
        write_bytes(self._file(key), stream.getvalue())

    def _file(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"
