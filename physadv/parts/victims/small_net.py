"""``digits`` and ``mnist``: small classifiers of handwritten digits, trained on first use, or by the user."""

from __future__ import annotations

from pathlib import Path

from physadv.core.errors import BadOption
from physadv.library.small_nets.ready import ready_net
from physadv.library.small_nets.weights import read_net
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.options import SmallNetConfig


def build(data: str, config: SmallNetConfig) -> Classifier:
    """The network of a file or a run, else the plainly trained one.

    Raises :class:`BadOption` for weights of other data or of another model, or a model that there is not.
    """
    one = read_net(Path(config.weights)) if config.weights else ready_net(data, config.model, config.seed)
    if one.data != data:
        raise BadOption(f"{config.weights} was trained on {one.data}: say victim={one.data} and scenes={one.data}")
    if config.model not in (one.model, SmallNetConfig().model):
        raise BadOption(f"{config.weights} holds the model {one.model}: leave victim.model={config.model} out")
    return Classifier(
        one.net, one.labels, name=f"{data}/{one.model}", size_px=one.side_px, confidence=config.confidence
    )  # fmt: skip
