"""What commands' configurations begin with, made once: a hundred tests of mistakes begin with the same one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hydra._internal.hydra import Hydra
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig

from physadv.app.commands import Command
from physadv.app.config import store
from physadv.app.config.compose import Composer
from physadv.app.config.groups import GROUPS
from physadv.app.config.store import PresetFolders
from physadv.app.registry import Registry
from physadv.core.hookspecs import KINDS


@contextmanager
def remembered() -> Iterator[None]:
    """While it lasts, schemas, and what a command is without any option, come from memory, for the same parts."""
    memory: dict[Any, DictConfig] = {}
    schemas: dict[Any, dict[str, Any]] = {}
    composed, register, get_mode = Composer.composed, store.register, Hydra.get_mode

    def registered(registry: Registry, command: Command) -> None:
        repo, key = ConfigStore.instance().repo, _of(registry, command)
        if key in schemas:
            for group in GROUPS:
                repo.pop(group, None)
            repo.update(_folders(schemas[key]))
        else:
            register(registry, command)
            schemas[key] = _folders({name: at for name, at in repo.items() if name != "hydra"})

    def recalled(self: Composer, overrides: Sequence[str]) -> DictConfig:
        if overrides or PresetFolders.folders:
            return composed(self, overrides)
        key = _of(self._registry, self.command)
        if key not in memory:
            memory[key] = composed(self, overrides)
        return copy.deepcopy(memory[key])

    def mode_of(self: Hydra, config_name: str | None, overrides: list[str]) -> Any:
        """Hydra composes everything for this one option, which no preset may set."""
        return get_mode(self, config_name, overrides) if "hydra.mode" in " ".join(overrides) else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Composer, "composed", recalled)
        patch.setattr(store, "register", registered)
        patch.setattr(Hydra, "get_mode", mode_of)
        yield


def _of(registry: Registry, command: Command) -> Any:
    offered = (o.entry for kind in KINDS for o in registry.offered(kind.plural))
    return command, command.options, *((entry.name, entry.config) for entry in offered)


def _folders(repo: dict[str, Any]) -> dict[str, Any]:
    """The same entries in folders of their own; Hydra hands out copies of entries, so they stay as they are."""
    return {name: _folders(at) if isinstance(at, dict) else at for name, at in repo.items()}
