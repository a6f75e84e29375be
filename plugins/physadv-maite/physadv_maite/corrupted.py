"""A MAITE augmentation before a victim: what NRTK's haze or blur does to a patch on its way to the network.

It sees what the victim sees, the patch included, and gives pictures of the same size. Its gradient is the identity.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from physadv.api import BadInput, BadOption, Defense, DefenseKind, FilterDefense
from physadv_maite.advertised import made
from physadv_maite.exchange import TOP, maite_from_srgb
from physadv_maite.options import MaiteDefenseConfig, arguments_of

ONE_CLASS = np.ones(1, np.float32)  # a target, which augmentations want and pass on


def build(config: MaiteDefenseConfig) -> Defense:
    """Make the augmentation by keyword, and see that it answers the same picture in the same way."""
    arguments = arguments_of("defense.arguments", config.arguments)
    augmentation = made("defense.augmentation", config.augmentation, "image_classification.Augmentation", arguments)
    name = f"maite-{dict(augmentation.metadata).get('id', type(augmentation).__name__)}"

    def filtered(images: Tensor) -> Tensor:
        with torch.no_grad():
            passed = torch.stack([_passed(augmentation, image, config.input_range, name) for image in images])
        return passed.to(images) + (images - images.detach())

    probe = torch.linspace(0, 1, 3 * 24 * 24).reshape(1, 3, 24, 24)
    if not torch.equal(filtered(probe), filtered(probe)):
        raise BadOption(f"{name} draws anew each time, so that no result could be had again. Give it a seed and ask it "
                        "to keep to it (NRTK: is_static: true)")  # fmt: skip
    facts = {"augmentation": config.augmentation, "arguments": list(config.arguments), "range": config.input_range}
    return FilterDefense(name, DefenseKind.quantising, filtered, facts)


def _passed(augmentation: Any, image: Tensor, input_range: str, name: str) -> Tensor:
    batch = ([maite_from_srgb(image, input_range)], [ONE_CLASS], [{"id": 0}])
    try:
        (made_of_it,), _, _ = augmentation(batch)
    except Exception as error:  # a stranger's code may raise anything: it is named, not our plugin
        raise BadInput(f"{name} fails on a picture ({type(error).__name__}: {error}). Change its arguments") from error
    values = np.asarray(made_of_it, dtype=np.float32)
    if values.shape != tuple(image.shape):
        raise BadInput(f"{name} makes {values.shape} of a picture {tuple(image.shape)}; boxes would have no way back")
    return torch.from_numpy(values / TOP[input_range]).clamp(0, 1)
