"""Defences on another device than the CPU."""

from __future__ import annotations

import pytest
import torch

from physadv.app.registry import Registry
from physadv.core.defended import defended_in
from physadv.testing import ToyGridDetector

REGISTRY = Registry(discover=False)
OFFERED = [offered.entry.name for offered in REGISTRY.offered("defenses")]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", OFFERED)
def test_what_is_passed_on_stays_on_the_device_and_looks_alike(name: str) -> None:
    made = REGISTRY.build("defenses", name, REGISTRY.entry("defenses", name).config()).around(ToyGridDetector())
    here, there = defended_in(made.to("cpu")), defended_in(made.to("cuda"))
    if here is None or there is None:
        return
    images = torch.rand(2, 3, 64, 48, generator=torch.Generator().manual_seed(0))
    shown = there.passed_on(images.cuda())
    assert shown.is_cuda
    torch.testing.assert_close(shown.cpu(), here.passed_on(images), rtol=0, atol=2 / 255)
