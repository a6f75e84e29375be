"""Whether OpenCV lives through a graph, found out in a process of its own.

OpenCV's importer and its layers end the process (floating point exceptions, segmentation faults) on graphs that other
runtimes run, and no ``try`` catches that. So a child reads the graph first and runs it on four pictures, once a graph
and process. What the child only refuses, the parent refuses in words.
"""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from functools import cache

import cv2

from physadv.core.errors import BadInput
from physadv.parts.victims.onnx.file import OnnxFile

_LIMIT_S = 300
_CHILD = """
import sys
import cv2
import numpy as np
graph = np.frombuffer(sys.stdin.buffer.read(), dtype=np.uint8)
shape = (1, *map(int, sys.argv[1:]))
cv2.setNumThreads(1)
pictures = [np.full(shape, value, np.float32) for value in (0.0, 0.5, 1.0)]
pictures.append(np.random.default_rng(0).random(shape, dtype=np.float32))
try:
    net = cv2.dnn.readNetFromONNX(graph)
    for picture in pictures:
        net.setInput(picture)
        net.forward(net.getUnconnectedOutLayersNames())
except (cv2.error, ValueError):
    pass
"""


def survive(graph: bytes, file: OnnxFile) -> None:
    """Raise :class:`BadInput` where OpenCV would take this process with it."""
    shape = (1 if file.grey else 3, *file.input_hw)
    if cause := _death(hashlib.sha256(graph).hexdigest(), _Unhashed(graph), shape):
        raise BadInput(
            f"OpenCV {cv2.__version__} does not survive {file.path}: a process that ran it ended with {cause}. "
            "Judge with victim=onnxruntime, or export it anew"
        )


class _Unhashed:
    """Bytes that a cache does not look at: their digest stands beside them."""

    def __init__(self, graph: bytes) -> None:
        self.graph = graph

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashed)


@cache
def _death(digest: str, graph: _Unhashed, shape: tuple[int, int, int]) -> str:
    """Of what the child died; empty where it lived."""
    command = [sys.executable, "-c", _CHILD, *map(str, shape)]
    try:
        child = subprocess.run(command, input=graph.graph, capture_output=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {_LIMIT_S} s"
    if child.returncode < 0:
        return signal.Signals(-child.returncode).name
    last = child.stderr.decode(errors="replace").strip().rsplit("\n", 1)[-1][:200]
    return f"code {child.returncode}: {last}" if child.returncode else ""
