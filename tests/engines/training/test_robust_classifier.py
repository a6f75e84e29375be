"""Adversarial training of classifiers: the losses of each method, the ramp, a short run, its resumption, the card."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from physadv.core.errors import BadOption, BadOutput
from physadv.engines.training.detector import TrainProgress
from physadv.engines.training.robust_card import CARD, EPOCHS, FIGURES, Schooling, card, robustness
from physadv.engines.training.robust_classifier import Course, Pupil, pupil_of, robust_forecast, train_robustly
from physadv.engines.training.robust_methods import Lessons
from physadv.engines.training.robust_options import ROBUST_METHODS, RobustTraining
from physadv.library.datasets.labelled import DataSplit
from physadv.library.small_nets.fitting import untrained
from physadv.library.small_nets.networks import MODELS
from physadv.library.small_nets.ready import DATA, ready_net
from physadv.library.small_nets.weights import FILE, SmallNet, read_net
from tests.lecture import needs_mnist
from tests.parts.victims.building import build_victim
from tests.running import physadv

CPU = torch.device("cpu")
SHORT = RobustTraining(eps=0.1, epochs=2, judged=20, judged_steps=3, judged_eps=[0.1])
PUPIL = Pupil("digits", "linear-3-7", seed=0)


def lessons(method: str, **options: object) -> Lessons:
    net = untrained(MODELS["linear"], 4, 2, seed=1)
    return Lessons(method, net, replace(RobustTraining(), **options), torch.Generator().manual_seed(0))


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Grey pictures that no change of .1 brings to black or white."""
    grey = torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(2)) * 0.6 + 0.2
    return grey.expand(-1, 3, -1, -1), torch.tensor([0, 1] * 3)


@pytest.mark.parametrize(("method", "options"), [
    ("fgsm", {"start": False}), ("fgsm", {"step": 2.0}), ("pgd", {}), ("pgd", {"start": False}),
])  # fmt: skip
def test_on_a_linear_network_the_worst_change_is_known(method: str, options: dict[str, object]) -> None:
    """It lowers the margin by eps times the L1 norm of the difference of the two pictures of weights."""
    teacher, (images, classes) = lessons(method, **options), batch()
    (loss,) = teacher.losses((images, classes), 0.1)
    net = teacher._net
    weights, logits = net[2].weight, net(images)
    worst = 0.1 * (weights[0] - weights[1]).abs().sum()
    margins = (logits[:, 0] - logits[:, 1]) * (1 - 2 * classes) - worst
    assert float(loss.detach()) == pytest.approx(float(functional.softplus(-margins).mean().detach()), rel=1e-4)


@pytest.mark.parametrize("method", ["fgsm", "pgd"])
def test_black_pixels_that_begin_below_black_are_changed_too(method: str) -> None:
    """Pushed out of [0, 1] they had no gradient, and stayed."""
    teacher, (images, classes) = lessons(method, step=2.0), batch()
    black = torch.zeros_like(images)
    (loss,) = teacher.losses((black, classes), 0.1)
    net = teacher._net
    weights, logits = net[2].weight, net(black)
    worst = torch.stack([0.1 * ((weights[1] - weights[0]) * side).clamp_min(0).sum() for side in (1, -1)])[classes]
    margins = (logits[:, 0] - logits[:, 1]) * (1 - 2 * classes) - worst
    assert loss.item() == pytest.approx(functional.softplus(-margins).mean().item(), rel=1e-4)


def test_without_a_change_every_method_learns_from_clean_pictures() -> None:
    images, classes = batch()
    for method in ROBUST_METHODS:
        teacher = lessons(method)
        (loss,) = teacher.losses((images, classes), 0.0)
        assert torch.equal(loss, functional.cross_entropy(teacher._net(images), classes))


def test_free_uses_every_batch_again_with_the_change_it_has_by_then() -> None:
    teacher, values = lessons("free", replays=3), []
    for loss in teacher.losses(batch(), 0.1):
        loss.backward()
        values.append(float(loss.detach()))
    assert len(values) == 3
    assert values[0] < values[1] == pytest.approx(values[2])  # clean, then at the border, where it stays
    first = next(teacher.losses(batch(), 0.1))
    assert float(first.detach()) == pytest.approx(values[1])  # the next batch begins with it


def test_trades_weighs_steadiness() -> None:
    images, classes = batch()
    clean = functional.cross_entropy(lessons("trades")._net(images), classes).item()
    none, little, much = (
        next(lessons("trades", beta=beta).losses((images, classes), 0.1)).item() for beta in (0.0, 1.0, 6.0)
    )
    assert none == pytest.approx(clean)
    assert much - clean == pytest.approx(6 * (little - clean), rel=1e-3)
    assert little > clean


def test_the_change_grows_over_the_ramp() -> None:
    course = Course("pgd", PUPIL, RobustTraining(eps=0.2, ramp=0.5, epochs=10), CPU)
    assert [course.eps_at(at) for at in (0, 2.5, 5, 9)] == pytest.approx([0, 0.1, 0.2, 0.2])
    assert Course("pgd", PUPIL, RobustTraining(eps=0.2, ramp=0, epochs=10), CPU).eps_at(0) == 0.2
    assert RobustTraining().epochs_of(4000) == 14


def test_what_learned_against_pgd_stands_up_to_it_better(tmp_path: Path) -> None:
    config = replace(SHORT, eps=0.15, epochs=20, judged=100, judged_steps=10)
    figures = train_robustly("pgd", Pupil("digits", "mlp-relu", seed=0), config, CPU, tmp_path)
    images, classes = DATA["digits"]().tensors(DataSplit.val)
    plain = robustness(ready_net("digits", "mlp-relu"), images[:100], classes[:100], config, 0)
    assert figures["right"][0]["right"] >= 0.8
    assert figures["right"][-1]["right"] >= plain[-1]["right"] + 0.2


@pytest.mark.exhaustive
@pytest.mark.slow
@needs_mnist
def test_mnist_is_learned_robustly_within_two_minutes_and_not_without_a_ramp(tmp_path: Path) -> None:
    config = RobustTraining(judged=300, judged_eps=[0.1])
    figures = train_robustly("pgd", Pupil("mnist", "cnn", seed=0), config, CPU, tmp_path / "ramp")
    assert figures["right"][0]["right"] >= 0.94
    assert figures["right"][-1]["right"] >= 0.85
    spent = [float(row.rpartition(",")[2]) for row in (tmp_path / "ramp" / EPOCHS).read_text().splitlines()[1:]]
    assert sum(spent) <= 120
    hasty = replace(config, ramp=0, epochs=5, judged_steps=1)
    assert (
        train_robustly("pgd", Pupil("mnist", "cnn", seed=0), hasty, CPU, tmp_path / "none")["right"][0]["right"] < 0.5
    )


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    def stop(now: TrainProgress) -> None:
        if now.epoch == 2:
            raise KeyboardInterrupt

    for method in ("free", "pgd"):
        whole, broken = tmp_path / method / "whole", tmp_path / method / "broken"
        train_robustly(method, PUPIL, SHORT, CPU, whole)
        with pytest.raises(KeyboardInterrupt):
            train_robustly(method, PUPIL, SHORT, CPU, broken, stop)
        train_robustly(method, PUPIL, SHORT, CPU, broken)
        assert (whole / FILE).read_bytes() == (broken / FILE).read_bytes()
        with pytest.raises(BadOutput, match="other settings"):
            train_robustly(method, PUPIL, replace(SHORT, eps=0.2), CPU, broken)


def test_a_run_is_a_victim_and_says_what_it_is_worth(tmp_path: Path) -> None:
    figures = train_robustly("fgsm", PUPIL, SHORT, CPU, tmp_path)
    assert [(row["attack"], row["eps"]) for row in figures["right"]] == [
        ("clean", 0), ("noise", 0.1), ("fgsm", 0.1), ("pgd-3", 0.1)
    ]  # fmt: skip
    assert all(row["low"] <= row["right"] <= row["high"] and row["n"] == 20 for row in figures["right"])
    assert json.loads((tmp_path / FIGURES).read_text()) == figures
    assert len((tmp_path / EPOCHS).read_text().splitlines()) == 3
    said = (tmp_path / CARD).read_text()
    assert figures["digest"] in said
    assert "victim=digits victim.model=linear-3-7 method=fgsm" in said
    victim = build_victim("digits", weights=str(tmp_path))
    assert victim.labels == ("3", "7")
    begun = pupil_of("digits", "cnn", str(tmp_path), 1)
    assert begun.model == "linear-3-7"  # trained on, it stays what it is
    assert robust_forecast("pgd", begun, SHORT, CPU).words()


def test_the_card_says_where_training_failed() -> None:
    net = SmallNet(untrained(MODELS["linear"], 8, 2, 0), "digits", "linear-3-7", 8, ("3", "7"))
    row = {"eps": 0.1, "low": 0.0, "high": 1.0, "n": 20}
    figures = {"digest": "0", "right": [
        row | {"attack": "clean", "eps": 0.0, "right": 0.1}, row | {"attack": "fgsm", "right": 0.9},
        row | {"attack": "pgd-40", "right": 0.0},
    ]}  # fmt: skip
    said = card(net, Schooling("fgsm", SHORT, 0, []), figures)
    assert "**Collapsed**" in said
    assert "**Overfitted to one step** at eps 0.1: FGSM leaves 0.90 right, PGD 0.00" in said


@pytest.mark.parametrize(("options", "match"), [
    ({"eps": 8}, r"Do you mean 8/255 = 0\.0314\?"),
    ({"eps": 0}, "above 0"),
    ({"judged_eps": [0.1, -1]}, "judged_eps"),
    ({"ramp": 1}, "from 0 to below 1"),
    ({"replays": 0}, "replays must be at least 1"),
    ({"beta": -1}, "beta must not be negative"),
    ({"learning_rate": 2}, "learning_rate"),
])  # fmt: skip
def test_options_that_cannot_be_are_refused(options: dict[str, float], match: str) -> None:
    with pytest.raises(BadOption, match=match):
        replace(RobustTraining(), **options).check()


def test_the_command_trains_a_classifier(tmp_path: Path) -> None:
    few = ("robust.epochs=1", "robust.judged=20", "robust.judged_steps=2", "robust.judged_eps=[0.1]", "progress=false")
    line = ("train", "adversarial", "victim=digits", "victim.model=linear", *few)
    done = physadv(*line, "method=pgd", f"out={tmp_path / 'run'}")
    assert done.returncode == 0, done.stderr
    assert "pgd-2    eps 0.1:" in done.stderr + done.stdout
    assert read_net(tmp_path / "run").model == "linear"
    done = physadv(*line, "method=sgd", f"out={tmp_path / 'other'}")
    assert done.returncode == 2
    assert "method must be one of fgsm, pgd, free, trades for a classifier, got 'sgd'" in done.stderr
    assert not list((tmp_path / "other").glob("*.safetensors"))
    done = physadv(*line, f"victim.weights={tmp_path / 'none'}", f"out={tmp_path / 'third'}", "method=pgd")
    assert done.returncode == 2
    assert "none" in done.stderr
