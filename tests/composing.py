"""Commands' plain configurations, composed once: a hundred tests of mistakes begin with the same one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from omegaconf import DictConfig

from physadv.app.config.compose import Composer
from physadv.app.config.store import PresetFolders
from physadv.core.hookspecs import KINDS


@contextmanager
def remembered() -> Iterator[None]:
    """While it lasts, what a command is without any option comes from memory, for the same parts and presets."""
    memory: dict[Any, DictConfig] = {}
    composed = Composer.composed

    def recalled(self: Composer, overrides: Sequence[str]) -> DictConfig:
        if overrides or PresetFolders.folders:
            return composed(self, overrides)
        offered = (o.entry for kind in KINDS for o in self._registry.offered(kind.plural))
        key = (self.command, *((entry.name, entry.config) for entry in offered))
        if key not in memory:
            memory[key] = composed(self, overrides)
        return copy.deepcopy(memory[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Composer, "composed", recalled)
        yield
