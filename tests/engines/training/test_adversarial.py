"""Adversarial training: patches laid on signs, their gradient, the pool, and a short run and its resumption."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from physadv.core.errors import BadInput, BadOption, BadOutput
from physadv.engines.training.adversarial import Contest, check_weights, train_adversarially
from physadv.engines.training.adversarial_options import AdversarialTraining
from physadv.engines.training.assign import Targets
from physadv.engines.training.detector import TrainProgress, gather
from physadv.engines.training.laid_patches import Place, lay, places_on
from physadv.engines.training.patch_pool import PatchPool, control
from physadv.library.roads.signs import LABELS
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano import load_sign_nano
from physadv.parts.victims.sign_nano_weights import SignNanoWeights, read_sign_nano
from tests.running import physadv

CPU = torch.device("cpu")
SMOKE = AdversarialTraining(
    epochs=2, batch=2, size_px=64, renders=4, renders_an_epoch=4, held_out_renders=4, bf16=False, workers=0, ascents=2,
    distance_m=[3.5, 6.0],
)  # fmt: skip
FULL = Place(0, 0, (20.0, 20.0), (6.0, 4.0), 0.0, torch.ones(3), 0.0, optimised=True)


@pytest.fixture(scope="module")
def weights() -> SignNanoWeights:
    return read_sign_nano(SignNanoConfig())


def test_a_patch_covers_its_rectangle_and_nothing_else() -> None:
    laid = lay(torch.zeros(1, 3, 40, 48), torch.ones(1, 3, 8, 8), [FULL])
    bright = (laid.images[0] > 0.8).all(0)
    assert bright.nonzero().amin(0).tolist() == [16, 14]
    assert bright.nonzero().amax(0).tolist() == [23, 25]
    assert int(bright.sum()) == int((laid.images[0, 0] > 0).sum()) == 12 * 8


def test_a_patch_takes_the_light_of_its_place() -> None:
    dim = replace(FULL, light=torch.tensor([0.5, 0.25, 0.0]))
    seen = lay(torch.full((1, 3, 40, 40), 0.5), torch.ones(1, 3, 8, 8), [dim]).images[0, :, 20, 20]
    torch.testing.assert_close(seen, torch.tensor([0.6652, 0.4845, 0.0]), atol=1e-3, rtol=0)  # of .8 reflectance


def test_the_gradient_at_a_sheet_is_that_of_the_pictures_it_is_in() -> None:
    generator = torch.Generator().manual_seed(0)
    images, sheets = torch.rand(2, 3, 40, 48, generator=generator), torch.rand(2, 3, 4, 4, generator=generator)
    places = [replace(FULL, angle_rad=0.1), replace(FULL, image=1, centre_px=(46.0, 30.0))]
    wanted = torch.rand(2, 3, 40, 48, generator=generator)
    gradient = lay(images, sheets.requires_grad_(), places).to_sheets(sheets, wanted)
    assert (gradient[1] == 0).all()
    losses = []
    for step in (-0.01, 0.01):
        moved = sheets.detach().clone()
        moved[0, 1, 2, 1] += step
        losses.append(float((lay(images, moved, places).images.detach().double() * wanted).sum()))
    assert (losses[1] - losses[0]) / 0.02 == pytest.approx(float(gradient[0, 1, 2, 1]), rel=0.01)


def test_a_patch_that_is_shown_as_it_is_learns_nothing() -> None:
    sheets = torch.ones(1, 3, 4, 4, requires_grad=True)
    laid = lay(torch.zeros(1, 3, 40, 40), sheets, [replace(FULL, optimised=False)])
    assert (laid.images[0, 0, 20, 20] > 0.5).all()
    assert (laid.to_sheets(sheets, torch.ones(1, 3, 40, 40)) == 0).all()


def test_signs_wear_patches_of_their_own_label_inside_their_box() -> None:
    config = replace(SMOKE, clean=0.0, controls=0.2, kept=3)
    box = torch.tensor([20.0, 10.0, 50.0, 60.0])
    targets = Targets(
        box.expand(8, 1, 4),
        torch.full((8, 1), 2),
        torch.ones(8, 1, dtype=torch.bool),
        torch.ones(8, 6, dtype=torch.bool),
    )
    places = places_on(targets, config, np.random.default_rng(0), sheets=20, size_px=64)
    optimised = [place for place in places if place.optimised]
    assert {place.sheet for place in optimised} <= {6, 7, 8}
    assert len(optimised) >= 4
    for place in optimised:
        reach = np.array(place.half_px)
        assert (np.array(place.centre_px) - reach >= [19.9, 9.9]).all()
        assert (np.array(place.centre_px) + reach <= [50.1, 60.1]).all()
        assert reach.prod() * 4 <= 0.37 * 30 * 50


def test_the_pool_ascends_where_it_was_worn_and_starts_anew_now_and_then() -> None:
    config = replace(SMOKE, step=0.1, kept=1, texels=8, renewal=1.0)
    pool = PatchPool(config, CPU)
    before = pool.sheets.clone()
    gradient = torch.zeros_like(before)
    gradient[2] = 5.0
    pool.ascend_(gradient)
    torch.testing.assert_close(pool.sheets[2], (before[2] + 0.1).clamp(0, 1))
    assert torch.equal(pool.sheets[3], before[3])
    pool.renew_({3}, np.random.default_rng(1))
    assert not torch.equal(pool.sheets[3], before[3])
    assert torch.equal(PatchPool(config, CPU).sheets, before)
    drawn = control(8, np.random.default_rng(2))
    assert drawn.shape == (3, 8, 8)
    assert 0 <= drawn.min() <= drawn.max() <= 1


@pytest.mark.slow
def test_more_ascents_make_worse_patches_before_the_weights_have_learned(weights: SignNanoWeights) -> None:
    data = gather(SMOKE, None)

    def first_loss(ascents: int) -> float:
        config = replace(SMOKE, ascents=ascents, clean=0.0, controls=0.0, size_px=128, batch=4)
        return float(next(Contest("pgd", config, data, weights.state, CPU).steps_of(0)))

    assert first_loss(8) > first_loss(1) + 0.05


@pytest.mark.slow
def test_a_stopped_training_goes_on_to_the_same_weights(weights: SignNanoWeights, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def stop_in_epoch_two(progress: TrainProgress) -> None:
        if progress.epoch == 2:
            raise Stopped

    with pytest.raises(Stopped):
        train_adversarially("free", "mine", SMOKE, weights, CPU, tmp_path / "stopped", stop_in_epoch_two)
    resumed = train_adversarially("free", "mine", SMOKE, weights, CPU, tmp_path / "stopped")
    straight = train_adversarially("free", "mine", SMOKE, weights, CPU, tmp_path / "straight")
    assert resumed["digest"] == straight["digest"]
    card = (tmp_path / "straight" / "mine.md").read_text()
    for said in (straight["digest"], weights.digest, "method=free", "ascents=2", "No figure below is of an attack"):
        assert said in card
    assert load_sign_nano(SignNanoConfig(weights=str(tmp_path / "straight" / "mine.safetensors"))).labels == LABELS
    with pytest.raises(BadOutput, match="other settings"):
        train_adversarially("free", "mine", replace(SMOKE, step=0.1), weights, CPU, tmp_path / "straight")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ascents": 0}, "train.ascents must be at least 1"),
        ({"step": 0.0}, "train.step must lie above 0"),
        ({"clean": 1.0}, "no patch is optimised"),
        ({"sides": [0.5, 0.2]}, "train.sides"),
        ({"texels": 2}, "train.texels"),
        ({"size_px": 100}, "multiple of 32"),
    ],
)
def test_a_bad_option_is_refused_before_anything_is_written(
    changed: dict[str, object], said: str, weights: SignNanoWeights, tmp_path: Path
) -> None:
    with pytest.raises(BadOption, match=said):
        train_adversarially("free", "mine", replace(SMOKE, **changed), weights, CPU, tmp_path / "out")  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_weights_of_other_signs_are_refused(weights: SignNanoWeights) -> None:
    with pytest.raises(BadInput, match="needs a detector of speed limit"):
        check_weights(replace(weights, labels=("dog", "cat")))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("victim=onnx", "victim=onnx cannot be trained here; these can: sign-nano"),
        ("method=fgsm", "method must be one of free, pgd"),
        ("name=../mine", "name must be letters"),
        ("victim.weights=nowhere.safetensors", "no file nowhere.safetensors"),
    ],
)
def test_the_command_refuses_what_cannot_be_trained_in_one_line(typed: str, said: str, tmp_path: Path) -> None:
    done = physadv("train", "adversarial", typed, "out=out", cwd=tmp_path)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_dry_run_tells_the_cost_and_trains_nothing(tmp_path: Path) -> None:
    small = ("train.renders=4", "train.batch=2", "train.size_px=64", "train.epochs=3", "train.ascents=2")
    done = physadv("train", "adversarial", *small, "dry_run=true", "out=out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "12 steps of" in done.stdout + done.stderr
    assert not list((tmp_path / "out").glob("*.safetensors"))
