"""``torch``: convolutions and linear layers from a file of weights, as most policies on pixels are (Mnih et al. 2015).

The file says how many layers there are and how wide; strides and the size of the pictures are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor, nn

from physadv.core.errors import BadInput
from physadv.library.files.digests import digest_of_state
from physadv.library.files.state_dicts import read_state
from physadv.parts.policies.control_victim import ControlVictim
from physadv.parts.policies.greedy import GreedyPolicy
from physadv.parts.policies.options import TorchPolicyConfig

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "elu": nn.ELU}
_NOT_OF_THE_ACTIONS = re.compile(r"value|critic|(^|\.)vf|(^|_)target", re.IGNORECASE)


def build(config: TorchPolicyConfig) -> GreedyPolicy:
    """The policy of a file. Raises :class:`BadInput` where its layers do not follow one another."""
    path = Path(config.path)
    state = read_state(path, "policy.path")
    names = config.layers or _guessed(state)
    height, width = config.size_px
    after = [config.activation] * (len(names) - 1)
    network, channels = stacked(state, names, config.strides, (height, width), after, config.path)
    count = state[f"{names[-1]}.weight"].shape[0]
    actions = tuple(config.actions) or tuple(map(str, range(count)))
    if len(actions) != count:
        raise BadInput(f"{path} weighs {count} actions, but policy.actions names {len(actions)}: {', '.join(actions)}")
    shape = (channels, height, width)
    digest = digest_of_state({key: value for key, value in state.items() if key.rpartition(".")[0] in names})
    victim = ControlVictim(
        network, actions, name=f"torch/{path.stem}", observation_shape=shape, white=config.white, digest=digest
    )
    return GreedyPolicy(victim.name, victim, shape)


def stacked(
    state: Mapping[str, Tensor],
    names: Sequence[str],
    strides: Sequence[int],
    size_px: tuple[int, int],
    activations: Sequence[str],
    source: str,
) -> tuple[nn.Sequential, int]:
    """The network of the layers ``names``, an activation after each but the last, and the channels of its pictures.

    Raises :class:`BadInput`, with ``source`` and the layer, where they do not fit one another.
    """
    missing = [name for name in names if f"{name}.weight" not in state]
    if missing or not names:
        has = ", ".join(sorted(key.removesuffix(".weight") for key in state if key.endswith(".weight"))[:12])
        raise BadInput(
            f"{source} has no layer {missing[0] if missing else ''!r}; it has {has or 'none'}. "
            "Name them from the picture to the actions with policy.layers=[...]"
        )
    convolutions = [name for name in names if state[f"{name}.weight"].ndim == 4]
    if not convolutions or len(strides) != len(convolutions):
        raise BadInput(
            f"{source} has {len(convolutions)} convolutions ({', '.join(convolutions)}), but policy.strides has "
            f"{len(strides)}: give one each"
        )
    channels = before = int(state[f"{convolutions[0]}.weight"].shape[1])
    modules: list[nn.Module] = []
    height, width = size_px
    for place, name in enumerate(names):
        weight = state[f"{name}.weight"]
        if weight.ndim == 4:
            stride = strides[convolutions.index(name)]
            down, across = weight.shape[2:]
            height, width = 1 + (height - down) // stride, 1 + (width - across) // stride
        elif weight.ndim == 2 and place == len(convolutions):
            modules.append(nn.Flatten())
            before *= height * width
        _check_follows(name, weight, before, (height, width), size_px, source)
        modules.append(_layer(state, name, strides[place] if weight.ndim == 4 else 1))
        before = int(weight.shape[0])
        if name != names[-1]:
            modules.append(_ACTIVATIONS[activations[place]]())
    return nn.Sequential(*modules), channels


def _check_follows(
    name: str, weight: Tensor, before: int, left_px: tuple[int, int], size_px: tuple[int, int], source: str
) -> None:
    """Raise :class:`BadInput` unless the layer takes what the one before it puts out."""
    if weight.ndim not in (2, 4):
        raise BadInput(
            f"{source}: layer {name!r} is neither a convolution nor linear: its weights have {weight.ndim} dimensions. "
            "Name the layers from the picture to the actions with policy.layers=[...]"
        )
    if min(left_px) < 1 or weight.shape[1] != before:
        px = " x ".join(map(str, size_px))
        raise BadInput(
            f"{source}: layer {name!r} takes {weight.shape[1]} values, but gets {before} from pictures of {px}. "
            "Set policy.size_px, policy.strides or policy.layers as it was trained"
        )


def _layer(state: Mapping[str, Tensor], name: str, stride: int) -> nn.Module:
    weight, bias = state[f"{name}.weight"].float(), state.get(f"{name}.bias")
    wide, before = weight.shape[:2]
    layer: nn.Conv2d | nn.Linear
    if weight.ndim == 4:
        kernel = (int(weight.shape[2]), int(weight.shape[3]))
        layer = nn.Conv2d(before, wide, kernel, stride, bias=bias is not None)
    else:
        layer = nn.Linear(before, wide, bias=bias is not None)
    layer.load_state_dict({"weight": weight} | ({"bias": bias.float()} if bias is not None else {}))
    return layer


def _guessed(state: Mapping[str, Tensor]) -> list[str]:
    """Convolutions first, each sort in the order of its names, without those of a value."""
    names = [key.removesuffix(".weight") for key in state if key.endswith(".weight")]
    own = [name for name in names if not _NOT_OF_THE_ACTIONS.search(name)]
    return sorted(own, key=lambda name: (-state[f"{name}.weight"].ndim, _natural(name)))


def _natural(name: str) -> list[tuple[int, str]]:
    """A key by which "net.10" follows "net.9"."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]
