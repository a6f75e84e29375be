"""Fixtures every test may use. Threads are pinned: spinning OpenMP threads make small machines many times slower."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):  # before torch is imported by any test
    os.environ.setdefault(variable, "1")

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before its client is imported by any test: a plugin's would wait for it

# what tests seal is not sealed for the user
if "PYTEST_XDIST_WORKER" not in os.environ:  # workers have that of the session: they read runs of each other
    os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="physadv-tests-")
    os.environ["PHYSADV_CACHE"] = tempfile.mkdtemp(prefix="physadv-tests-")  # small networks are trained once a session

SHARED = Path(__file__).resolve().parents[2] / "shared"
QUICK_S = 5.0
"""What a test that is not marked slow may compute; five times what it should."""


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real photos and real weights beside the checkout."""
    if not (SHARED / "data").is_dir():
        pytest.skip("needs the real photos and weights in ../shared, which are not part of the repository")
    return SHARED


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished smoke run of the main job, to read. Whoever changes something takes a copy."""
    from tests.runs import make_run, once

    return once(tmp_path_factory, "run", make_run)


@pytest.fixture(scope="session", autouse=True)
def plain_configurations() -> Iterator[None]:
    """Composed once a session."""
    from tests.composing import remembered

    with remembered():
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """``--dist loadgroup`` as it is meant."""
    from tests.scheduling import FixturesTogether

    return FixturesTogether(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is slow, leave out what is exhaustive."""
    from tests.marking import is_slow

    for item in items:
        if isinstance(item, pytest.Function) and is_slow(item):
            item.add_marker(pytest.mark.slow)
    _leave_out_exhaustive(config, items)
    if "PYTEST_XDIST_WORKER" in os.environ:
        from tests.scheduling import longest_first

        longest_first(items)


def _leave_out_exhaustive(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Unless ``-m`` or a test's own name asks for them."""
    if "exhaustive" in config.option.markexpr or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if item.get_closest_marker("exhaustive")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """With ``PHYSADV_GATE=1``, a test that is slow without saying so fails. What others compute does not count."""
    begun = time.process_time()
    result = yield
    used_s = time.process_time() - begun
    if os.environ.get("PHYSADV_GATE") and used_s > QUICK_S and not pyfuncitem.get_closest_marker("slow"):
        pytest.fail(
            f"this test computes for {used_s:.1f} s, more than the {QUICK_S:g} s of a quick one. "
            "Make it smaller, or mark it slow",
            pytrace=False,
        )
    return result
