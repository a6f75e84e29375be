"""Put every entry into Hydra: a kind is a config group, an entry an option, its dataclass the schema."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf

from physadv.app.commands import Command
from physadv.app.config.groups import GROUPS, PRESETS, kind_of, penalty_key
from physadv.app.registry import Registry


def register(registry: Registry, command: Command) -> None:
    """Make the parts that ``command`` uses selectable.

    Only those: for ``evaluate``, ``watch`` and ``sheet`` the word ``patch`` is a file; Hydra would take it for
    the group.
    """
    store = ConfigStore.instance()
    store.store(name=f"{command.config_name}_schema", node=command.options)
    for group, options in PRESETS.items():
        store.store(group=group, name="schema", node=options)
    for group in GROUPS:
        store.repo.pop(group, None)  # of another command of this process
    for group in command.groups:
        for offered in registry.offered(kind_of(group, command)):
            folder, _, name = f"{group}/{offered.entry.name}".rpartition("/")
            store.store(group=folder, name=name, node=offered.entry.config, package=group)
    store.store(group="penalties", name="all", node=_all_penalties(registry))


def search(folders: Iterable[str | Path]) -> None:
    """Look for presets in these folders, too: plugins' own, and that of ``--config-dir``. The shipped ones go first."""
    PresetFolders.folders = tuple(Path(folder).expanduser().resolve() for folder in folders)
    Plugins.instance().register(PresetFolders)


def _all_penalties(registry: Registry) -> DictConfig:
    """Every penalty is always there; a weight of zero turns it off. So several can act at once."""
    rows = {penalty_key(o.entry.name): OmegaConf.structured(o.entry.config) for o in registry.offered("penalties")}
    return OmegaConf.create(rows)


class PresetFolders(SearchPathPlugin):
    """Tells Hydra where else presets lie. Hydra makes it without arguments and keeps it for the process."""

    folders: ClassVar[tuple[Path, ...]] = ()

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Add the folders behind those that are there."""
        for path in self.folders:
            search_path.append(provider="physadv-presets", path=f"file://{path}")
