"""Counts that do not depend on the machine: memory and operations of a render."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from physadv.core.seeding import generator
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, JitterConfig, LightConfig, SensorConfig
from tests.parts.render.scenes import opaque, scene_of, upright


class Meter(TorchDispatchMode):
    """Counts operations and remembers the largest result."""

    def __init__(self) -> None:
        super().__init__()
        self.operations, self.largest = 0, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        self.operations += 1
        sizes = [leaf.numel() * leaf.element_size() for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        self.largest = max(self.largest, *sizes, 0)
        return result


def measure(per_image: int, batch: int) -> tuple[int, float]:
    """Dispatched operations forward and backward, and the largest tensor in image batches."""
    scene = scene_of(
        torch.rand(batch, 3, 128, 128),
        torch.cat([upright(14 + 7.5 * (i % per_image), 64 + 9 * (i % 2), 0.018) for i in range(per_image * batch)]),
        image_of=[i // per_image for i in range(per_image * batch)],
    )
    config = EotConfig(
        jitter=JitterConfig(roll_deg=[-20, 20]),
        light=LightConfig(contrast=[0.8, 1.2], saturation=[0.9, 1.1]),
        sensor=SensorConfig(shot=[0, 0.01]),
    )
    renderer = build_renderer(config)
    patch = opaque(torch.rand(3, 64, 64).requires_grad_(), 1000.0)
    upstream = torch.ones_like(scene.srgb)
    with Meter() as meter:
        renderer.render(scene, patch, renderer.sample(scene, generator(0, "draws"))).backward(upstream)
    return meter.operations, meter.largest / (scene.srgb.numel() * scene.srgb.element_size())


def test_the_number_of_operations_does_not_depend_on_boxes_or_images_and_no_tensor_outgrows_the_images() -> None:
    few, largest_few = measure(per_image=2, batch=4)
    many, largest_many = measure(per_image=14, batch=4)
    more_images, _ = measure(per_image=2, batch=8)
    assert few == many == more_images < 1400
    assert max(largest_few, largest_many) <= 1


@pytest.mark.slow
def test_importing_the_renderer_loads_neither_torchvision_nor_the_compiler() -> None:
    code = (
        "import sys, physadv.parts.render.entries; assert 'torch' not in sys.modules; import physadv.parts.render.eot; "
        "print([m for m in ('torchvision', 'torch._dynamo', 'kornia') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
