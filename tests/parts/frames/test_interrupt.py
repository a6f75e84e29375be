from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.parts.frames.barcode import clip
from tests.parts.frames.senders import free_port

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[3]


def interrupted(source: str, after: str) -> tuple[str, float]:
    """What is printed after Ctrl-C, and how long that takes."""
    words = [sys.executable, "-m", "tests.parts.frames.interrupted", source]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            while after not in (line := process.stdout.readline()):
                assert line
            time.sleep(0.5)
            begun = time.monotonic()
            process.send_signal(signal.SIGINT)
            return process.communicate(timeout=60)[0], time.monotonic() - begun
        finally:
            process.kill()


def test_ctrl_c_while_frames_come_ends_every_thread(tmp_path: Path) -> None:
    said, seconds = interrupted(str(clip(tmp_path / "a.avi", 30)), "frame")
    assert "interrupted ['MainThread']" in said
    assert seconds < 10


def test_ctrl_c_while_waiting_for_a_sender_ends_every_thread() -> None:
    said, seconds = interrupted(f"udp://127.0.0.1:{free_port()}", "ready")
    assert "interrupted ['MainThread']" in said
    assert "Traceback" not in said
    assert seconds < 25
