"""The config groups: those that choose a part, and those whose files fill in one set of options.

Imports neither hydra nor torch.
"""

from __future__ import annotations

from physadv.app.commands import Command
from physadv.core.hookspecs import KINDS
from physadv.engines.judging.options import ProtocolConfig
from physadv.parts.printing.options import InkConfig
from physadv.parts.render.options import EotConfig

GROUPS = {kind.group: kind.plural for kind in reversed(KINDS) if kind.group}
"""Config group → kind of part, where a command's row says no other."""

PRESETS: dict[str, type] = {"eot": EotConfig, "ink": InkConfig, "protocol": ProtocolConfig}
"""Config group → the options that each of its presets fills in."""


def kind_of(group: str, command: Command) -> str:
    """The kind of part that a group chooses for a command."""
    return dict(command.kinds).get(group, GROUPS[group])


def penalty_key(name: str) -> str:
    """The config key of a penalty: "acme/ink-cost" is set by ``penalties.acme_ink_cost.weight=``."""
    return name.replace("/", "_").replace("-", "_")
