"""The maps of light agree with the closed formulas of Lambert, of a soft edge, of a highlight and of a lens."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from physadv.parts.render.light import planckian, planckian_xy, tint
from physadv.parts.render.options import LightConfig
from physadv.parts.render.shading import GRAZING, arms, key_light, shade, vignette

FACING = torch.tensor([[0.0, 0.0, -1.0]])
EYE = torch.tensor([[0.0, 0.0, -2000.0]])
SIDE = 33  # of the grid; odd, so that one node is the middle
ALL = LightConfig(key_to_ambient=[0, 20], shadow=[0, 1], gloss=[0, 1])


def sheet(width_mm: float = 300.0) -> Tensor:
    line = torch.linspace(-width_mm / 2, width_mm / 2, SIDE)
    return torch.stack((line.expand(SIDE, SIDE), line[:, None].expand(SIDE, SIDE)), -1)


def drawn(count: int = 1, **options: float) -> dict[str, Tensor]:
    neutral = {
        "key_to_ambient": 0.0, "key_azimuth_deg": 0.0, "key_height_deg": 0.0, "shadow": 0.0, "shadow_edge_mm": 20.0,
        "gloss": 0.0, "gloss_width_deg": 10.0,
    }  # fmt: skip
    return {name: torch.full((count,), value) for name, value in {**neutral, **options}.items()}


def flat(on_sheet: Tensor, facing: Tensor = FACING) -> tuple[Tensor, Tensor]:
    """Points and normals of a sheet lying in the plane ``z = 0``."""
    points = torch.cat((on_sheet, torch.zeros(SIDE, SIDE, 1)), -1)
    return points[None], facing[:, None, None].expand(-1, SIDE, SIDE, -1)


def cylinder(on_sheet: Tensor, radius_mm: float) -> tuple[Tensor, Tensor, Tensor]:
    """Upright, bulging towards the camera; and the angle of every node about its axis."""
    angle = on_sheet[..., 0] / radius_mm
    points = torch.stack((radius_mm * angle.sin(), on_sheet[..., 1], radius_mm * (1 - angle.cos())), -1)
    normals = torch.stack((angle.sin(), torch.zeros_like(angle), -angle.cos()), -1)
    return points[None], normals[None], angle


def test_a_flat_patch_in_full_light_is_lit_exactly_as_the_scene_says() -> None:
    generator = torch.Generator().manual_seed(0)
    facing = torch.nn.functional.normalize(torch.randn(64, 3, generator=generator), dim=1)
    draws = {name: value * torch.rand(64, generator=generator) for name, value in
             drawn(64, key_to_ambient=20, key_azimuth_deg=180, key_height_deg=90).items()}  # fmt: skip
    points, normals = flat(sheet(), facing)
    maps = shade(ALL, draws, points.expand(64, -1, -1, -1), normals, facing, EYE.expand(64, -1), sheet(),
                 torch.rand(64, 2, generator=generator))  # fmt: skip
    assert torch.equal(maps, torch.stack((torch.ones(64, SIDE, SIDE), torch.zeros(64, SIDE, SIDE)), 1))


def test_without_a_key_light_folds_do_not_matter() -> None:
    points, normals, _ = cylinder(sheet(), 120.0)
    maps = shade(ALL, drawn(shadow=1.0), points, normals, FACING, EYE, sheet(), torch.rand(1, 2))
    assert torch.equal(maps[:, 0], torch.ones(1, SIDE, SIDE))


@pytest.mark.parametrize("azimuth_deg", [-60.0, 0.0, 35.0])
def test_a_cylinder_is_shaded_by_lamberts_cosine(azimuth_deg: float) -> None:
    points, normals, angle = cylinder(sheet(), 100.0)
    light = drawn(key_to_ambient=4.0, key_azimuth_deg=azimuth_deg, key_height_deg=30.0)
    maps = shade(ALL, light, points, normals, FACING, EYE, sheet(), torch.rand(1, 2))
    level, azimuth = math.cos(math.radians(30)), math.radians(azimuth_deg)
    truth = (1 + 4 * level * (angle - azimuth).cos().clamp_min(0)) / (1 + 4 * level * math.cos(azimuth))
    torch.testing.assert_close(maps[0, 0], truth, atol=1e-6, rtol=0)


def test_the_key_stands_where_azimuth_and_height_say() -> None:
    light = drawn(key_azimuth_deg=30.0, key_height_deg=20.0)
    x, y, z = key_light(light, FACING, EYE)[0].tolist()
    assert x > 0 > y
    assert z < 0
    assert math.degrees(math.asin(-y)) == pytest.approx(20, abs=1e-4)
    assert math.degrees(math.atan2(x, -z)) == pytest.approx(30, abs=1e-4)
    from_the_right = torch.tensor([[2000 * math.sin(0.5), 0.0, -2000 * math.cos(0.5)]])
    x, _, z = key_light(drawn(), FACING, from_the_right)[0].tolist()
    assert math.atan2(x, -z) == pytest.approx(0.5, abs=1e-6)


def test_a_key_behind_the_surface_is_brought_round_until_it_grazes_it() -> None:
    light = drawn(key_to_ambient=20.0, key_azimuth_deg=150.0)
    key = key_light(light, FACING, EYE)
    torch.testing.assert_close((key * FACING).sum(1), torch.tensor([GRAZING]))
    torch.testing.assert_close(key.norm(dim=1), torch.ones(1))
    points, normals, _ = cylinder(sheet(), 60.0)
    maps = shade(ALL, light, points, normals, FACING, EYE, sheet(), torch.rand(1, 2))
    assert maps[0, 0].max() <= 21 / (1 + 20 * GRAZING)
    opposite = key_light(drawn(key_azimuth_deg=180.0), FACING, EYE)
    assert opposite.isfinite().all()


@pytest.mark.parametrize("width_mm", [40.0, 100.0])
def test_a_shadows_edge_is_as_wide_as_drawn_and_takes_the_share_drawn(width_mm: float) -> None:
    light = drawn(key_to_ambient=3.0, shadow=0.8, shadow_edge_mm=width_mm)
    points, normals = flat(sheet())
    maps = shade(ALL, light, points, normals, FACING, EYE, sheet(), torch.tensor([[0.0, 0.5]]))
    profile, x = maps[0, 0, 0], sheet()[0, :, 0]
    lit, dark = x < -width_mm / 2 - 1, x > width_mm / 2 + 1
    assert torch.equal(profile[lit], torch.ones(int(lit.sum())))
    torch.testing.assert_close(profile[dark], torch.full((int(dark.sum()),), (1 + 3 * 0.2) / 4))
    across = x / width_mm
    truth = 1 - 0.75 * 0.8 * (0.5 + 1.5 * across - 2 * across**3)  # the cubic that is level at both ends
    torch.testing.assert_close(profile[~lit & ~dark], truth[~lit & ~dark])
    assert (maps[0, 0] == profile).all()


def test_the_shadows_draws_turn_and_shift_its_edge() -> None:
    light = drawn(3, key_to_ambient=3.0, shadow=1.0, shadow_edge_mm=1.0)
    points, normals = flat(sheet())
    draws = torch.tensor([[0.25, 0.5], [0.0, 0.0], [0.0, 1.0]])  # edge lies level; all in shadow; none
    shape = (3, -1, -1, -1)
    maps = shade(ALL, light, points.expand(shape), normals.expand(shape), FACING.expand(3, -1), EYE.expand(3, -1),
                 sheet(), draws)[:, 0]  # fmt: skip
    assert (maps[0, : SIDE // 2] == 1).all()
    torch.testing.assert_close(maps[0, SIDE // 2 + 1 :], torch.full((SIDE // 2, SIDE), 0.25))
    assert maps[1].mean() < 0.3
    assert maps[2].mean() > 0.95


def test_a_highlight_peaks_where_the_normal_halves_camera_and_key_and_is_half_at_its_half_width() -> None:
    points, normals, angle = cylinder(sheet(120.0), 100.0)
    far = EYE * 1e4
    light = drawn(gloss=0.7, gloss_width_deg=8.0, key_azimuth_deg=30.0)  # half vector at 15°
    maps = shade(ALL, light, points, normals, FACING, far, sheet(), torch.rand(1, 2))
    truth = 0.7 * 2 ** -(((torch.rad2deg(angle) - 15) / 8) ** 2)
    torch.testing.assert_close(maps[0, 1], truth, atol=2e-4, rtol=0)
    assert torch.equal(maps[0, 0], torch.ones(SIDE, SIDE))


def test_there_is_no_highlight_in_the_shadow_or_on_the_side_turned_away() -> None:
    points, normals, angle = cylinder(sheet(), 60.0)
    light = drawn(gloss=1.0, gloss_width_deg=90.0, key_azimuth_deg=60.0)
    maps = shade(ALL, light, points, normals, FACING, EYE, sheet(), torch.rand(1, 2))
    assert (maps[0, 1][angle < math.radians(-31)] == 0).all()
    light = drawn(gloss=1.0, gloss_width_deg=90.0, shadow=1.0, shadow_edge_mm=1.0)
    points, normals = flat(sheet())
    maps = shade(ALL, light, points, normals, FACING, EYE, sheet(), torch.tensor([[0.0, 0.5]]))
    assert (maps[0, 1, :, SIDE // 2 + 1 :] == 0).all()
    assert (maps[0, 1, :, : SIDE // 2] > 0.9).all()


def test_vignetting_takes_its_share_at_the_corner_and_nothing_at_the_centre() -> None:
    pixels = torch.tensor([[[[319.5, 239.5], [-0.5, -0.5]], [[639.5, 479.5], [319.5, -0.5]]]])
    passed = vignette(torch.tensor([0.4]), pixels, torch.tensor([[480, 640]]))
    torch.testing.assert_close(passed, torch.tensor([[[1.0, 0.6], [0.6, 1 - 0.4 * 0.36]]]))
    assert torch.equal(vignette(torch.zeros(1), pixels, torch.tensor([[480, 640]])), torch.ones(1, 2, 2))


@pytest.mark.parametrize("aspect", [0.5, 1.0, 1.6])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_an_arm_hides_its_share_on_average_and_nearly_so_every_time(share: float, aspect: float) -> None:
    where = torch.rand(400, 3, generator=torch.Generator().manual_seed(1))
    hidden = 1 - arms(torch.full((400,), share), where, 16, aspect).flatten(1).mean(1)
    assert abs(float(hidden.mean()) - share) < 0.01
    assert (hidden - share).abs().max() < 0.05


def test_no_arm_hides_nothing_and_every_arm_comes_in_over_the_rim() -> None:
    where = torch.rand(100, 3, generator=torch.Generator().manual_seed(2))
    assert torch.equal(arms(torch.zeros(100), where, 16, 1.3), torch.ones(100, 16, 16))
    visible = arms(torch.full((100,), 0.2), where, 32, 1.0)
    assert visible.min() >= 0
    assert visible.max() <= 1
    rim = torch.ones(32, 32, dtype=torch.bool)
    rim[1:-1, 1:-1] = False
    assert (visible[:, rim].amin(1) < 0.5).all()


def test_the_black_body_of_illuminant_a_has_its_chromaticity() -> None:
    x, y = planckian_xy(torch.tensor([2855.5], dtype=torch.float64))
    assert float(x) == pytest.approx(0.44757, abs=4e-4)  # CIE 15, illuminant A
    assert float(y) == pytest.approx(0.40745, abs=4e-4)


def test_at_6500_kelvin_light_has_no_colour_and_less_is_redder() -> None:
    for count in (1, 7, 33):
        assert torch.equal(planckian(torch.full((count,), 6500.0)), torch.ones(3, count))
    red, green, blue = planckian(torch.tensor([1700.0, 2856.0, 5000.0, 10000.0, 20000.0]))
    assert torch.equal(green, torch.ones(5))
    assert (red.diff() < 0).all()
    assert (blue.diff() > 0).all()
    assert blue[0] == 0
    assert float(blue[3]) == pytest.approx(1.36, abs=0.01)


def test_the_temperature_multiplies_the_light() -> None:
    count = 3
    light = {name: torch.ones(count) for name in ("contrast", "saturation")}
    light |= {name: torch.zeros(count) for name in ("exposure_ev", "brightness")}
    light |= {"white_balance": torch.ones(count, 2), "temperature_k": torch.tensor([3000.0, 6500.0, 9000.0])}
    lit = tint(light, torch.full((count, 3), 0.5), saturates=False)
    torch.testing.assert_close(lit.gain, 0.5 * planckian(light["temperature_k"]))
    assert torch.equal(lit.gain[:, 1], torch.full((3,), 0.5))
