"""``sb3``: a policy on pixels from a zip of Stable-Baselines3, of which nothing is unpickled.

Spaces and the shape of the network are read off the text and the tensors in it. Stable-Baselines3 itself is not needed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from physadv.core.errors import BadInput, BadOption, IncompatibleParts
from physadv.library.files.digests import digest_of_state
from physadv.parts.policies.control_victim import ControlVictim
from physadv.parts.policies.greedy import GreedyPolicy
from physadv.parts.policies.nearest_point import NearestPoint
from physadv.parts.policies.options import Sb3Config
from physadv.parts.policies.sb3_zip import Text, numbers_in, pictures_of, policy_kwargs, read_zip
from physadv.parts.policies.torch_policy import stacked

_KERNELS, _STRIDES = (8, 4, 3), (4, 2, 1)  # of its NatureCNN
_ACTIVATIONS = {"ReLU": "relu", "Tanh": "tanh", "ELU": "elu"}
_TEXT = re.compile(r"\.(\w+)'>$")  # "<class 'torch.nn.modules.activation.ReLU'>"


@dataclass(frozen=True)
class _ZipLayout:
    """Where a family of algorithms keeps the way from the picture to the actions."""

    extractor: str
    hidden: str
    last: str
    activation: str  # of the hidden layers, where nothing else is said
    squashed: bool  # continuous actions are tanh of the output


_LAYOUTS = (
    _ZipLayout("pi_features_extractor", "mlp_extractor.policy_net", "action_net", "tanh", squashed=False),  # PPO, A2C
    _ZipLayout("features_extractor", "mlp_extractor.policy_net", "action_net", "tanh", squashed=False),  # older ones
    _ZipLayout("q_net.features_extractor", "", "q_net.q_net", "relu", squashed=False),  # DQN
    _ZipLayout("actor.features_extractor", "actor.latent_pi", "actor.mu", "relu", squashed=True),  # SAC
)


def build(config: Sb3Config) -> GreedyPolicy:
    """The policy of a zip. Raises :class:`BadInput` for one that cannot be read without unpickling."""
    path = Path(config.path)
    data, state = read_zip(path)
    shape, white = pictures_of(data, path)
    layout = _layout_of(state, path)
    names = _names(layout, state)
    body, channels = stacked(state, names, _STRIDES, shape[1:], _activations(layout, names, data), config.path)
    if channels != shape[0]:
        raise BadInput(f"{path}: its network looks at {channels} channels, its observations have {shape[0]}")
    network, count = _weighing(body, layout, data, config)
    actions = tuple(config.actions) or tuple(map(str, range(count)))
    if len(actions) != count:
        raise BadOption(f"{path} weighs {count} actions, but policy.actions names {len(actions)}: {', '.join(actions)}")
    digest = digest_of_state({key: value for key, value in state.items() if key.rpartition(".")[0] in names})
    victim = ControlVictim(
        network, actions, name=f"sb3/{path.stem}", observation_shape=shape, white=white, digest=digest
    )
    return GreedyPolicy(victim.name, victim, shape)


def _layout_of(state: Mapping[str, Tensor], path: Path) -> _ZipLayout:
    for layout in _LAYOUTS:
        kernels = [state.get(f"{layout.extractor}.cnn.{place}.weight") for place in (0, 2, 4)]
        if all(
            k is not None and k.ndim == 4 and k.shape[-1] == size for k, size in zip(kernels, _KERNELS, strict=True)
        ):
            return layout
    first = ", ".join(list(state)[:3])
    raise BadInput(
        f"{path} is no policy with Stable-Baselines3's NatureCNN of PPO, A2C, DQN or SAC: it has {first}, ... "
        "Save its network as .safetensors and give it with policy=torch policy.strides=[...]"
    )


def _names(layout: _ZipLayout, state: Mapping[str, Tensor]) -> list[str]:
    """The layers from the picture to the actions."""
    first = [f"{layout.extractor}.{place}" for place in ("cnn.0", "cnn.2", "cnn.4", "linear.0")]
    names = {key.removesuffix(".weight") for key in state if key.endswith(".weight")}
    hidden = _numbered(layout.hidden, names) if layout.hidden else []
    last = [layout.last] if layout.last in names else _numbered(layout.last, names)
    return [*first, *hidden, *last]


def _numbered(prefix: str, names: set[str]) -> list[str]:
    """``prefix.0``, ``prefix.2``, ... in their order."""
    places = [name.removeprefix(f"{prefix}.") for name in names if name.startswith(f"{prefix}.")]
    return [f"{prefix}.{place}" for place in sorted((p for p in places if p.isdigit()), key=int)]


def _activations(layout: _ZipLayout, names: list[str], data: Text) -> list[str]:
    """After each layer but the last: those of the extractor are ReLU, the others as the policy was made."""
    said = _TEXT.search(str(policy_kwargs(data).get("activation_fn", "")))
    if said and said[1] not in _ACTIVATIONS:
        raise BadInput(f"its activation {said[1]} is none of {', '.join(_ACTIVATIONS)}. Give it with policy=torch")
    own = _ACTIVATIONS[said[1]] if said else layout.activation
    return ["relu"] * 4 + [own] * (len(names) - 5)


def _weighing(network: nn.Module, layout: _ZipLayout, data: Text, config: Sb3Config) -> tuple[nn.Module, int]:
    """The network with an output an action, and how many there are."""
    space = data.get("action_space")
    space = space if isinstance(space, dict) else {}
    kind = _TEXT.search(str(space.get(":type:", "")))
    if kind and kind[1] == "Discrete":
        if config.points:
            raise BadOption(f"{config.path} chooses among actions already: leave policy.points out")
        return network, int(next(iter(numbers_in(space.get("n"))), 0))
    if not kind or kind[1] != "Box":
        raise BadInput(
            f"{config.path}: its actions are a {kind[1] if kind else 'nothing known'}; a number or a box is due"
        )
    low, high = (torch.tensor(numbers_in(space.get(side))) for side in ("low", "high"))
    if not config.points:
        raise IncompatibleParts(
            f"{config.path} has continuous actions, from {low.tolist()} to {high.tolist()}, and a world has a few. "
            "Say which point of the box each is: policy.points=[[...],[...]] in the order of the world's actions"
        )
    points = torch.tensor(config.points) if len({len(one) for one in config.points}) == 1 else torch.empty(0, 0)
    if points.shape[1:] != low.shape or bool(((points < low) | (points > high)).any()):
        raise BadOption(
            f"policy.points must be points of the box from {low.tolist()} to {high.tolist()}, got {config.points}"
        )
    return nn.Sequential(network, NearestPoint(points, low, high, squashed=layout.squashed)), len(points)
