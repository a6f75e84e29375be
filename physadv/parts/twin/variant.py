"""Brings up Mitsuba 3 in the fastest variant that works on this machine; nothing here is imported with the package."""

from __future__ import annotations

import logging
from functools import cache
from importlib.util import find_spec
from typing import Any

from physadv.core.errors import MissingExtra

logger = logging.getLogger(__name__)

OLDEST_LLVM = 17
"""Older ones abort the process: LLVM 15 "cannot select fminimum", which Dr.Jit 1.5 emits."""


def expect_mitsuba() -> None:
    """Raise :class:`MissingExtra` where it is not installed, without the time to import it."""
    if find_spec("mitsuba") is None:
        raise MissingExtra('scenes=twin path-traces with Mitsuba 3: pip install "physadv[twin]"')


def mitsuba() -> Any:
    """The module ``mitsuba`` with our variant set. The variant is global, so it is set again wherever it is needed."""
    expect_mitsuba()
    import mitsuba as mi

    wanted = _variant()
    if mi.variant() != wanted:
        mi.set_variant(wanted)
    mi.set_log_level(mi.LogLevel.Error)  # else it remarks on every sample count it rounds up
    return mi


@cache
def _variant() -> str:
    """``llvm_ad_rgb`` compiles the whole path, ``scalar_rgb`` needs nothing; the same pictures but for the noise."""
    import drjit
    import mitsuba as mi

    if "llvm_ad_rgb" in mi.variants() and drjit.has_backend(drjit.JitBackend.LLVM):
        version = drjit.detail.llvm_version()
        if version[0] >= OLDEST_LLVM:
            return "llvm_ad_rgb"
        found = f"LLVM {'.'.join(map(str, version))} is too old"
    else:
        found = "no LLVM is installed"
    logger.info(
        "twin    %s, so Mitsuba runs its scalar variant, which is slower: install LLVM %d or newer (Debian: "
        "libllvm19), or point DRJIT_LIBLLVM_PATH at it", found, OLDEST_LLVM,
    )  # fmt: skip
    return "scalar_rgb"
