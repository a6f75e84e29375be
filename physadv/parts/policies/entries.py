"""Policies, as rows. Importing this page never imports torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from physadv.core.hookspecs import Entry, hookimpl
from physadv.parts.policies.options import TorchPolicyConfig, check_torch_policy

if TYPE_CHECKING:
    from physadv.core.worlds import Policy


def _torch(config: TorchPolicyConfig) -> Policy:
    check_torch_policy(config)
    from physadv.parts.policies.torch_policy import build

    return build(config)


@hookimpl
def physadv_policies() -> list[Entry[Any, Policy]]:
    """Rows of policies."""
    return [
        Entry(
            "torch",
            TorchPolicyConfig,
            _torch,
            "your policy from a file of weights: convolutions, then linear layers",
            "Mnih et al. 2015",
        ),
    ]
