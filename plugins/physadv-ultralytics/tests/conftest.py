"""Skip, with the reason, where ultralytics is not installed; keep its files out of the home folder."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported


@pytest.fixture(scope="session", autouse=True)
def _ultralytics() -> None:
    pytest.importorskip(
        "physadv_ultralytics", reason="the plugin is not installed: pip install ./plugins/physadv-ultralytics"
    )
    from physadv_ultralytics.quiet import import_ultralytics

    from physadv.api import MissingExtra

    try:
        import_ultralytics()
    except MissingExtra as error:
        pytest.skip(str(error))
