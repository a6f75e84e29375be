"""A user's surface: the same as ours where both can do it, and refused in one line where it cannot be used."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from physadv.core.errors import BadInput, BadOption
from physadv.core.seeding import generator
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.mesh import load_mesh
from physadv.parts.render.options import EotConfig, JitterConfig, KorniaStage, SurfaceConfig
from tests.parts.render.test_surface import EYE, before, error, render, soft


def half_pipe(path: Path, radius: float, width_mm: float, height_mm: float, steps: int = 64) -> Path:
    """A strip of a cylinder, unwrapped so that the print keeps its lengths; y up, facing +z."""
    lines = []
    for step in range(steps + 1):
        angle = (step / steps - 0.5) * width_mm / radius
        for up in (0, 1):
            x, z = radius * math.sin(angle), -radius * (1 - math.cos(angle))
            lines += [f"v {x:.6f} {(up - 0.5) * height_mm:.6f} {z:.6f}", f"vt {step / steps:.6f} {up}"]
    for step in range(steps):
        a, b, c, d = (2 * step + k + 1 for k in (0, 2, 3, 1))
        lines += [f"f {a}/{a} {b}/{b} {c}/{c}", f"f {a}/{a} {c}/{c} {d}/{d}"]
    path.write_text("\n".join(lines))
    return path


def test_a_mesh_of_a_cylinder_looks_like_the_cylinder(tmp_path: Path) -> None:
    file = half_pipe(tmp_path / "pipe.obj", 1000 / 7, 400.0, 400.0)
    scene, patch, jitter = before(EYE), soft(80), JitterConfig(roll_deg=[0, 0])
    bent = EotConfig(jitter=jitter, surface=SurfaceConfig(curvature_per_m=[7.0, 7.0], cells=32))
    mesh = EotConfig(jitter=jitter, surface=SurfaceConfig(mesh=str(file), cells=32))
    assert error(render(mesh, scene, patch), render(bent, scene, patch)) < 0.01


def test_a_mesh_keeps_the_gradient_and_its_holes(tmp_path: Path) -> None:
    file = tmp_path / "half.obj"
    file.write_text(
        "v -200 -200 0\nv 0 -200 0\nv 0 200 0\nv -200 200 0\nvt 0 0\nvt 0.5 0\nvt 0.5 1\nvt 0 1\n"
        "f 1/1 2/2 3/3\nf 1/1 3/3 4/4\n"
    )
    srgb = torch.rand(3, 40, 40, requires_grad=True)
    patch = type(soft(40))(srgb, torch.ones(1, 40, 40), 400.0)
    renderer, scene = build_renderer(EotConfig(surface=SurfaceConfig(mesh=str(file)))), before(EYE)
    image = renderer.render(scene, patch, renderer.sample(scene, generator(0, "draws")))
    changed = (image - scene.srgb).abs().sum((0, 1)) > 0
    assert changed[100, 60:95].all()
    assert not changed[:, 103:].any()
    image.sum().backward()
    assert srgb.grad is not None
    assert (srgb.grad[:, :, :20].abs().sum(0) > 0).float().mean() > 0.9


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "has no UVs"),
        ("", "mesh"),
        ("rubbish\n", "mesh"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 5 5\nvt 6 5\nvt 5 6\nf 1/1 2/2 3/3\n", "leave the square"),
        ("v 0 0 nan\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n", "line 1 of mesh.*finite"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 191\nvt 0 1\nf 1/1 2/2 3/3\n", "line 5 of mesh.*2 finite numbers"),
        ("v 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n", "line 1 of mesh.*3 finite numbers"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 4/3\n", "names point 4, but 3 came"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 0/3\n", "names point 0"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2\n", "three corners"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 x/3\n", "whole numbers"),
    ],
)
def test_a_mesh_that_cannot_carry_a_print_is_refused(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "bad.obj"
    file.write_text(content)
    with pytest.raises(BadInput, match=words):
        load_mesh(str(file), 8)


def test_a_third_uv_number_old_code_pages_and_material_files_do_not_matter(tmp_path: Path) -> None:
    flat = "v -9 -9 0\nv 9 -9 0\nv 9 9 0\nv -9 9 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nf 1/1 2/2 3/3 4/4\n"
    (tmp_path / "flat.obj").write_text(flat)
    odd = "mtllib ../../../../etc/passwd\r\no T\xfcr\r\n" + flat.replace("vt 1 0", "vt 1 0 0.5").replace("\n", "\r\n")
    odd = odd.replace("f 1/1 2/2 3/3 4/4", "f -4/-4/1 -3/-3/1 \\\r\n -2/-2/1 -1/-1/1")
    (tmp_path / "odd.obj").write_bytes(odd.encode("latin-1"))
    for plain, other in zip(*(load_mesh(str(tmp_path / f"{n}.obj"), 8) for n in ("flat", "odd")), strict=True):
        assert torch.equal(plain, other)


def test_a_missing_mesh_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no mesh"):
        load_mesh(str(tmp_path / "none.obj"), 8)


def test_what_a_mesh_cannot_go_with_is_named(tmp_path: Path) -> None:
    file = str(half_pipe(tmp_path / "pipe.obj", 100.0, 100.0, 100.0, steps=4))
    with pytest.raises(BadOption, match=r"takes the place of eot\.surface\.folds"):
        build_renderer(EotConfig(surface=SurfaceConfig(mesh=file, folds=[0, 0.01])))
    with pytest.raises(BadOption, match="geometric stages"):
        build_renderer(
            EotConfig(surface=SurfaceConfig(mesh=file), kornia=[KorniaStage("RandomRotation", {"degrees": 5})])
        )
