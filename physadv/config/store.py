"""Put every entry into Hydra: a kind is a config group, an entry an option, its dataclass the schema."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf

from physadv.config.calibrate_eot_options import CalibrateEotConfig
from physadv.config.calibrate_options import CalibrateCameraConfig, CalibrateColourConfig
from physadv.config.protocol_options import ProtocolConfig
from physadv.config.schema import EvaluateConfig, GenerateConfig, GridConfig, PreviewConfig, TrainDetectorConfig
from physadv.config.sheet_options import SheetConfig
from physadv.config.watch_options import WatchConfig
from physadv.printing.entries import InkConfig
from physadv.registry import Registry
from physadv.render.entries import EotConfig

GROUPS = {"scenes": "scenes", "patch": "patches", "victim": "victims", "goal": "goals", "attack": "attacks"}
"""Config group → kind of part."""


COMMANDS = {
    "generate": GenerateConfig,
    "evaluate": EvaluateConfig,
    "grid": GridConfig,
    "sheet": SheetConfig,
    "watch": WatchConfig,
    "calibrate_colour": CalibrateColourConfig,
    "calibrate_camera": CalibrateCameraConfig,
    "calibrate_eot": CalibrateEotConfig,
    "eot_preview": PreviewConfig,
    "train_detector": TrainDetectorConfig,
}
"""Command → schema of its options."""

PARTS = {
    "generate": tuple(GROUPS),
    "evaluate": ("scenes", "victim", "goal"),
    "grid": ("scenes", "victim", "goal"),
    "calibrate_eot": ("scenes", "victim", "goal"),
    "eot_preview": ("scenes", "victim"),
    "watch": ("victim", "goal"),
}
"""Command → the config groups it chooses parts from."""


def register(registry: Registry, command: str) -> None:
    """Make the parts that ``command`` uses selectable.

    Only those: for ``evaluate``, ``watch`` and ``sheet`` the word ``patch`` is a file; Hydra would take it for
    the group.
    """
    store = ConfigStore.instance()
    for name, schema in COMMANDS.items():
        store.store(name=f"{name}_schema", node=schema)
    store.store(group="eot", name="schema", node=EotConfig)
    store.store(group="ink", name="schema", node=InkConfig)
    store.store(group="protocol", name="schema", node=ProtocolConfig)
    for group in PARTS.get(command, ()):
        for offered in registry.offered(GROUPS[group]):
            folder, _, name = f"{group}/{offered.entry.name}".rpartition("/")
            store.store(group=folder, name=name, node=offered.entry.config, package=group)
    store.store(group="penalties", name="all", node=_all_penalties(registry))
    Plugins.instance().register(_search_path(registry.config_dirs()))


def penalty_key(name: str) -> str:
    """The config key of a penalty: "acme/ink-cost" is set by ``penalties.acme_ink_cost.weight=``."""
    return name.replace("/", "_").replace("-", "_")


def _all_penalties(registry: Registry) -> DictConfig:
    """Every penalty is always there; a weight of zero turns it off. So several can act at once."""
    rows = {penalty_key(o.entry.name): OmegaConf.structured(o.entry.config) for o in registry.offered("penalties")}
    return OmegaConf.create(rows)


def _search_path(folders: Iterable[str]) -> type[SearchPathPlugin]:
    paths = [Path(folder).resolve() for folder in folders]

    class PluginPresets(SearchPathPlugin):
        def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
            for path in paths:
                search_path.append(provider="physadv-plugin", path=f"file://{path}")

    return PluginPresets
