"""kornia's augmentations inside the renderer."""

from __future__ import annotations

import logging

import pytest
import torch

from physadv.core.errors import BadOption
from physadv.core.seeding import generator
from physadv.library.colour.conversion import linear_from_srgb
from physadv.parts.render.entries import build_renderer
from physadv.parts.render.options import CameraConfig, EotConfig, KorniaStage
from physadv.parts.render.stages import CANVAS, MATRICES, build_stages
from tests.parts.render.scenes import opaque, scene_of, upright

GEOMETRIC = [
    KorniaStage("RandomAffine", {"degrees": [20, 30], "translate": [0.1, 0.1], "scale": [0.7, 0.9], "shear": [5, 10],
                                 "align_corners": True, "p": 1.0}),
    KorniaStage("RandomRotation", {"degrees": [20, 30], "align_corners": True, "p": 1.0}),
    KorniaStage("RandomPerspective", {"distortion_scale": 0.4, "align_corners": True, "p": 1.0}),
    KorniaStage("RandomShear", {"shear": [10, 20], "align_corners": True, "p": 1.0}),
    KorniaStage("RandomTranslate", {"translate_x": [0.1, 0.2], "translate_y": [0.1, 0.2], "align_corners": True,
                                    "p": 1.0}),
    KorniaStage("RandomHorizontalFlip", {"p": 1.0}),
    KorniaStage("RandomVerticalFlip", {"p": 1.0}),
    KorniaStage("RandomRotation90", {"times": [1, 1], "p": 1.0}),
]  # fmt: skip


@pytest.mark.parametrize("option", GEOMETRIC, ids=lambda option: option.name)
def test_a_bright_spot_lands_where_kornias_own_warp_puts_it(option: KorniaStage) -> None:
    print_ = torch.zeros(3, CANVAS, CANVAS)
    print_[:, 90:96, 150:156] = 1.0
    scene = scene_of(torch.zeros(1, 3, CANVAS, CANVAS), upright(CANVAS / 2 - 0.5, CANVAS / 2 - 0.5, 1.0))
    renderer = build_renderer(EotConfig(kornia=[option]))
    draws = renderer.sample(scene, generator(3, "draws"))
    ours = linear_from_srgb(renderer.render(scene, opaque(print_, float(CANVAS)), draws))[0, 0]
    (stage,) = renderer.stages
    theirs = stage.augmentation(print_[None], params=dict(draws.stages[stage.key]))[0, 0]

    def centre(image: torch.Tensor) -> list[float]:
        weight = image / image.sum()
        across = torch.arange(CANVAS, dtype=image.dtype)
        return [float((weight.sum(0) * across).sum()), float((weight.sum(1) * across).sum())]

    assert ours.sum() > 4
    assert centre(ours) == pytest.approx(centre(theirs), abs=0.05)


def test_every_geometric_stage_is_tested() -> None:
    assert {option.name for option in GEOMETRIC} == set(MATRICES)


def test_a_matrix_does_not_depend_on_the_patchs_resolution() -> None:
    (stage,) = build_stages([GEOMETRIC[0]])
    drawn = stage.draw(2, (3, CANVAS, CANVAS), torch.device("cpu"), seed=0)
    coarse, fine = stage.matrix(drawn, 10, 20), stage.matrix(drawn, 40, 80)
    four = torch.diag(torch.tensor([4.0, 4.0, 1.0])).double()
    assert torch.allclose(four @ coarse @ torch.linalg.inv(four), fine)


@pytest.mark.parametrize(
    "option",
    [
        KorniaStage("RandomGaussianBlur", {"kernel_size": [3, 3], "sigma": [0.5, 1.5], "p": 0.7}),
        KorniaStage("RandomMotionBlur", {"kernel_size": 5, "angle": 9.0, "direction": 0.5, "border_type": "replicate"}),
        KorniaStage("RandomGaussianNoise", {"std": 0.05, "p": 1.0}),
        KorniaStage("RandomPlanckianJitter", {"p": 1.0}),
        KorniaStage("RandomErasing", {"p": 1.0}),
        KorniaStage("RandomLinearIllumination", {"p": 1.0}),
    ],
    ids=lambda option: option.name,
)  # fmt: skip
def test_a_photometric_stage_replays_exactly_and_lets_the_gradient_through(option: KorniaStage) -> None:
    scene = scene_of(torch.full((2, 3, 48, 48), 0.4), upright(24, 24, 0.03).repeat(2, 1, 1), image_of=[0, 1])
    patch = opaque(torch.rand(3, 16, 16).requires_grad_(), 1000.0)
    renderer = build_renderer(EotConfig(kornia=[option]))
    torch.manual_seed(1)
    draws = renderer.sample(scene, generator(0, "draws"))
    image = renderer.render(scene, patch, draws)
    torch.manual_seed(2)
    renderer.render(scene, patch, renderer.sample(scene, generator(9, "draws")))
    assert torch.equal(renderer.render(scene, patch, draws), image)
    again = renderer.sample(scene, generator(0, "draws"))
    assert torch.equal(renderer.render(scene, patch, again), image)
    assert torch.autograd.grad(image.sum(), patch.srgb)[0].any()


def test_a_scene_without_objects_passes_geometric_stages() -> None:
    scene = scene_of(torch.rand(1, 3, 16, 16), torch.zeros(0, 3, 3))
    renderer = build_renderer(EotConfig(kornia=[GEOMETRIC[0]]))
    draws = renderer.sample(scene, generator(0, "draws"))
    assert torch.equal(renderer.render(scene, opaque(torch.rand(3, 8, 8), 9.0), draws), scene.srgb)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (KorniaStage("RandomGausianBlur"), "nearest is RandomGaussianBlur"),
        (KorniaStage("RandomGaussianBlur", {"kernel_size": [3, 3]}), "cannot run: .*sigma"),
        (KorniaStage("RandomRotation", {"degrees": "many"}), "RandomRotation.* cannot run"),
        (KorniaStage("RandomEqualize"), "refused: its gradient is zero"),
        (KorniaStage("RandomClahe"), "refused: it cuts the gradient"),
        (KorniaStage("RandomPosterize"), "refused"),
        (KorniaStage("RandomThinPlateSpline"), "refused: it bends"),
        (KorniaStage("RandomCrop", {"size": [8, 8]}), "has no stage 'RandomCrop'"),
        (KorniaStage(""), "has no stage ''"),
    ],
    ids=lambda value: value.name if isinstance(value, KorniaStage) else "",
)
def test_a_stage_that_cannot_be_is_refused_with_the_reason(option: KorniaStage, words: str) -> None:
    with pytest.raises(BadOption, match=words):
        build_renderer(EotConfig(kornia=[option]))


def test_a_slow_stage_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        build_renderer(EotConfig(kornia=[KorniaStage("ColorJiggle", {"brightness": 0.1})]))
    assert "ColorJiggle takes about 12 s" in caplog.text


def test_what_a_stage_takes_below_black_is_black_in_the_file() -> None:
    darker = KorniaStage("RandomRGBShift", {"r_shift_limit": [-0.5, -0.5], "g_shift_limit": [-0.5, -0.5],
                                            "b_shift_limit": [-0.5, -0.5], "p": 1.0})  # fmt: skip
    noisy = KorniaStage("RandomGaussianNoise", {"mean": -0.5, "std": 0.01, "p": 1.0})
    scene = scene_of(torch.full((1, 3, 32, 32), 0.1), upright(16, 16, 0.01))
    for stage in (darker, noisy):
        renderer = build_renderer(EotConfig(kornia=[stage], camera=CameraConfig(compression=[20, 20])))
        srgb = torch.full((3, 8, 8), 0.1).requires_grad_()
        image = renderer.render(scene, opaque(srgb, 1000.0), renderer.sample(scene, generator(0, "draws")))
        assert image.max() < 0.05
        image.sum().backward()
