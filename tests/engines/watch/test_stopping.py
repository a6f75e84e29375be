"""Ctrl-C ends a run with its summary, and a second one at once."""

from __future__ import annotations

import signal

import pytest

from physadv.engines.watch.controls import Controls
from physadv.engines.watch.stopping import stoppable


def test_the_first_stop_is_polite_and_the_second_is_not() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it
    try:
        controls = Controls(overlay=False)
        with stoppable(controls):
            signal.raise_signal(signal.SIGINT)
            assert controls.stopping
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
