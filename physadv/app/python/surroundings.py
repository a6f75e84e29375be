"""A command inside somebody else's process: what it changes there for as long as it runs is put back afterwards.

Hydra keeps its state for the whole process, so that commands wait for one another. Neither signals nor ``sys.argv``,
the working directory or the handlers of the log are touched.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf

from physadv.app.config import store
from physadv.core.errors import PhysadvError
from physadv.core.masking import masked

_ONE_AT_A_TIME = threading.RLock()
_RESOLVERS = ("hydra", "now", "python_version")


@contextmanager
def visiting(*, messages: bool) -> Iterator[None]:
    """While it lasts a command may run; ``messages`` says whether what it tells goes to standard error."""
    with _ONE_AT_A_TIME, _errors(), _hydra_as_before(), _messages(shown=messages):
        yield


@contextmanager
def random_kept() -> Iterator[None]:
    """Training draws weights from torch's global generators: they go on as if it had not. Imports torch."""
    import torch

    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices):
        yield


@contextmanager
def _errors() -> Iterator[None]:
    """Errors without passwords; a part that wants to end the process ends only its command."""
    try:
        yield
    except PhysadvError as error:
        error.args = (masked(str(error)),)
        raise
    except SystemExit as error:
        raise PhysadvError(f"a part wanted to end the process (exit code {error.code}). Run without it") from error


@contextmanager
def _hydra_as_before() -> Iterator[None]:
    Plugins.instance()  # what Hydra's own plugins store comes once for a process
    begun, noted = GlobalHydra.instance().hydra, HydraConfig.instance().cfg
    configs, searched = _folders(ConfigStore.instance().repo), store.PresetFolders.folders
    known = {name for name in _RESOLVERS if OmegaConf.has_resolver(name)}
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = begun
        HydraConfig.instance().cfg = noted
        ConfigStore.instance().repo = configs
        store.search(searched)
        for name in set(_RESOLVERS) - known:
            OmegaConf.clear_resolver(name)


def _folders(repo: dict[str, Any]) -> dict[str, Any]:
    """A copy of the folders; the nodes in them are replaced, never changed."""
    return {name: _folders(node) if isinstance(node, dict) else node for name, node in repo.items()}


@contextmanager
def _messages(*, shown: bool) -> Iterator[None]:
    """Messages go to the handlers that are there, without passwords, or else to standard error."""
    ours, root = logging.getLogger("physadv"), logging.getLogger()
    level = ours.level
    if shown and level == logging.NOTSET:
        ours.setLevel(logging.INFO)
    own = logging.StreamHandler(sys.stderr) if shown and not ours.hasHandlers() else None
    if own:
        root.addHandler(own)
    heard = [*ours.handlers, *root.handlers]
    for handler in heard:
        handler.addFilter(_without_passwords)
    try:
        yield
    finally:
        for handler in heard:
            handler.removeFilter(_without_passwords)
        if own:
            root.removeHandler(own)
        ours.setLevel(level)


def _without_passwords(entry: logging.LogRecord) -> bool:
    if entry.name.partition(".")[0] == "physadv":
        entry.msg, entry.args = masked(entry.getMessage()), ()
    return True
