"""The trunk under a print: arcs of an ellipse in true millimetres."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from physadv.core.errors import BadOption
from physadv.core.seeding import generator
from physadv.core.types import Draws
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import EotConfig, JitterConfig, SurfaceConfig, check
from physadv.parts.render.trunk import round_section
from tests.parts.render.scenes import opaque, scene_of, upright

CHEST = SurfaceConfig(breadth_mm=[411.0, 411.0], depth_mm=[254.0, 254.0])


def section(arc_mm: list[float], breadth_mm: float, depth_mm: float) -> torch.Tensor:
    """``(k,2)`` mm."""
    sizes = (torch.tensor([size], dtype=torch.float64) for size in (breadth_mm, depth_mm))
    return torch.stack(round_section(torch.tensor([arc_mm], dtype=torch.float64), *sizes), -1)[0]


@pytest.mark.parametrize(("breadth_mm", "depth_mm"), [(411.0, 254.0), (254.0, 411.0), (1200.0, 300.0)])
def test_arcs_are_as_long_as_the_elliptic_integral_says(breadth_mm: float, depth_mm: float) -> None:
    from scipy.special import ellipeinc

    angles = np.linspace(-1.6 * np.pi, 1.6 * np.pi, 41)
    across, into = breadth_mm / 2, depth_mm / 2
    arcs = across * ellipeinc(angles, 1 - (into / across) ** 2)
    wanted = np.stack((across * np.sin(angles), into * (1 - np.cos(angles))), -1)
    assert np.allclose(section(arcs.tolist(), breadth_mm, depth_mm).numpy(), wanted, atol=0.01)


def test_millimetres_of_the_sheet_are_millimetres_on_the_chest() -> None:
    found = section(np.arange(-250, 250.1, 0.5).tolist(), 411, 254)
    steps = torch.linalg.vector_norm(found.diff(dim=0), dim=1)
    assert torch.allclose(steps, torch.full_like(steps, 0.5), atol=1e-5)


def test_a_chest_is_flat_in_front_and_round_at_the_sides() -> None:
    """Radius a²/b in the middle and b²/a at the side, where a quarter of the girth has gone by."""
    before, middle, after = section([-1.0, 0.0, 1.0], 411, 254)
    bend = torch.linalg.vector_norm(before + after - 2 * middle)
    assert float(1 / bend) == pytest.approx(205.5**2 / 127, rel=1e-3)


def test_the_gradient_reaches_breadth_and_depth() -> None:
    sizes = torch.tensor([400.0, 250.0], dtype=torch.float64, requires_grad=True)
    arcs = torch.tensor([[-120.0, 0.0, 60.0, 200.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda s: round_section(arcs, s[:1], s[1:]), (sizes,))


@pytest.mark.parametrize("yaw_deg", [0.0, 30.0])
def test_a_circle_is_the_cylinder(yaw_deg: float) -> None:
    scene, patch = scene_of(torch.full((1, 3, 96, 96), 0.5), upright(48, 47, 0.15)), opaque(torch.rand(3, 40, 40), 400)
    jitter = JitterConfig(yaw_deg=[yaw_deg, yaw_deg], shift_mm=[-30, 30], roll_deg=[-20, 20])
    surfaces = (
        SurfaceConfig(curvature_per_m=[8.0, 8.0]),
        SurfaceConfig(breadth_mm=[250.0, 250.0], depth_mm=[250.0, 250.0]),
    )
    images = []
    for surface in surfaces:
        renderer = build_renderer(EotConfig(jitter=jitter, surface=surface))
        images.append(renderer.render(scene, patch, renderer.sample(scene, generator(0, "draws"))))
    assert torch.allclose(images[0], images[1], atol=1e-5)
    assert (images[0] - scene.srgb).abs().max() > 0.2


def test_a_trunk_changes_nothing_that_others_draw() -> None:
    scene = scene_of(torch.full((1, 3, 32, 32), 0.5), upright(16, 16, 0.1))

    def drawn(surface: SurfaceConfig) -> Draws:
        return build_renderer(EotConfig(surface=surface)).sample(scene, generator(0, "draws"))

    flat, chest = drawn(SurfaceConfig()).stages, drawn(CHEST).stages
    for group, options in flat.items():
        for option, values in options.items():
            if option not in ("breadth_mm", "depth_mm"):
                assert torch.equal(values, chest[group][option]), option
    assert float(chest["surface"]["breadth_mm"]) == 411


def test_a_trunk_is_drawn_within_its_ranges_and_breadth_and_depth_each_alone() -> None:
    scene = replace(scene_of(torch.full((1, 3, 32, 32), 0.5), upright(16, 16, 0.1).repeat(200, 1, 1)))
    surface = SurfaceConfig(breadth_mm=[320, 450], depth_mm=[220, 280])
    made = build_renderer(EotConfig(surface=surface)).sample(scene, generator(0, "draws")).stages["surface"]
    broad, deep = made["breadth_mm"], made["depth_mm"]
    assert (float(broad.min()), float(broad.max())) == pytest.approx((320, 450), abs=5)
    assert (float(deep.min()), float(deep.max())) == pytest.approx((220, 280), abs=3)
    assert abs(float(torch.corrcoef(torch.stack((broad, deep)))[0, 1])) < 0.2


@pytest.mark.parametrize(
    ("surface", "words"),
    [
        (replace(CHEST, curvature_per_m=[3, 3]), "leave one out"),
        (SurfaceConfig(breadth_mm=[400, 400]), "give eot.surface.depth_mm as well"),
        (SurfaceConfig(depth_mm=[200, 250]), "give eot.surface.breadth_mm as well"),
        (SurfaceConfig(breadth_mm=[0, 400], depth_mm=[200, 250]), "four times the other"),
        (SurfaceConfig(breadth_mm=[900, 1000], depth_mm=[200, 250]), "four times the other"),
        (replace(CHEST, mesh="torso.obj"), "takes the place of eot.surface.breadth_mm"),
        (SurfaceConfig(breadth_mm=[450, 320], depth_mm=[200, 250]), "low, high"),
        (SurfaceConfig(breadth_mm=[math.nan, 320], depth_mm=[200, 250]), "low, high"),
    ],
)
def test_what_is_no_trunk_is_refused_with_the_remedy(surface: SurfaceConfig, words: str) -> None:
    with pytest.raises(BadOption, match=words):
        check(EotConfig(surface=surface))
