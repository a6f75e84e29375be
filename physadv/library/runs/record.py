"""``run.json``: everything that is needed to say where a number came from, and to get it again."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from physadv.core.masking import masked_in
from physadv.core.version import __version__
from physadv.library.files.atomic import write_text
from physadv.library.files.plain_json import plain
from physadv.library.runs.options import read_object_if_there

FILE = "run.json"
FORMAT = 1
PACKAGES = (
    "torch", "torchvision", "kornia", "numpy", "opencv-python-headless", "pillow", "onnx", "onnx2torch",
    "faster-coco-eval", "hydra-core", "scipy", "plotly",
)  # fmt: skip


@dataclass(frozen=True)
class RunRecord:
    """A run and its results. Versions, commit, platform and time are added when it is written."""

    command: str  # "generate", "evaluate", …
    name: str  # of the story
    seed: int
    choices: Mapping[str, str] = field(default_factory=dict)  # config group → option
    config: Mapping[str, Any] = field(default_factory=dict)  # the whole composed configuration
    victims: Sequence[Mapping[str, str]] = ()  # name and digest of each
    data: Mapping[str, Any] = field(default_factory=dict)  # what the scenes were: name, images, digest
    device: str = ""
    seconds: float | None = None  # wall time
    queries: int | None = None  # images that the victim was asked about while optimising
    patch_mm: Sequence[float] = ()  # width, height
    patch_digest: str = ""  # what tells the patch apart; on its sheet and in its QR code the first eight digits
    scores: Sequence[Any] = ()  # the headline ones
    artefacts: Sequence[str] = ()  # files of the run folder, relative


def write(folder: Path, record: RunRecord) -> Path:
    """Write ``run.json`` into ``folder``, whole or not at all."""
    content = {
        "format": FORMAT,
        **masked_in(plain(record)),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "environment": environment(),
    }
    return write_text(folder / FILE, json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False, default=str))


def read(folder: Path) -> dict[str, Any]:
    """The record of a run folder; empty where there is none."""
    return read_object_if_there(folder / FILE)


def environment() -> dict[str, Any]:
    """Versions, platform and, from a checkout, the commit."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "physadv": __version__,
        "commit": commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": versions,
    }


def commit() -> str | None:
    """The checkout's commit, marked when files differ from it; ``None`` outside a checkout."""
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}{' with changes' if changed else ''}"


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the names and contents of files, in order of their names."""
    total = hashlib.sha256()
    for path in sorted(paths, key=lambda p: p.name):
        total.update(path.name.encode() + b"\0")
        with path.open("rb") as stream:
            total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()
