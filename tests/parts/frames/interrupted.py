"""A consumer in a process of its own, for Ctrl-C: ``python -m tests.parts.frames.interrupted SOURCE``."""

from __future__ import annotations

import signal
import sys
import threading

from physadv.parts.frames.open import open_source
from physadv.parts.frames.options import FrameOptions

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells let jobs in the background ignore it
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    try:
        for _ in open_source(sys.argv[1], options=FrameOptions(open_timeout_s=15, loop=True, drop="latest")):
            sys.stdout.write("frame\n")
            sys.stdout.flush()
    except KeyboardInterrupt:
        alive = [thread.name for thread in threading.enumerate() if thread.is_alive()]
        sys.stdout.write(f"interrupted {alive}\n")
