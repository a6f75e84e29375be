"""Only what is recognised is attacked; what was kept is not attacked again; noise is of the same size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from physadv.app.registry import Registry
from physadv.core.access import AccessLevel, Task
from physadv.core.answers import ActionLogits, Actions
from physadv.core.errors import BadInput, BadOption, IncompatibleParts
from physadv.core.problem.counted import Queries
from physadv.core.problem.norm import Norm
from physadv.core.problem.perturbation_problem import PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.engines.perturbing.attacked_victim import AttackedVictim
from physadv.engines.perturbing.attempt import noise_like
from physadv.engines.perturbing.bounds import ORDER, USUAL, bounds_of
from physadv.engines.perturbing.cost import perturb_forecast
from physadv.engines.perturbing.goal_reached import GoalReached
from physadv.engines.perturbing.kept import KeptOutcomes
from physadv.engines.perturbing.probe import refusal
from physadv.engines.perturbing.run import PerturbTask, batches, outcomes
from physadv.engines.perturbing.table import PerturbTable, query_curve, size_curve
from physadv.engines.perturbing.targets import check_targets, targets_of
from physadv.library.compute.one_device import OneDevice
from physadv.library.perturbations.iterated import slope
from physadv.library.perturbations.losses import margin
from physadv.library.perturbations.norms import size
from physadv.parts.attacks.perturbation.fgsm import Fgsm
from physadv.parts.attacks.perturbation.options import PgdConfig
from physadv.parts.attacks.perturbation.pgd import Pgd
from physadv.testing import ToyClassifier, ToyDetector, ToyGoal, one_scene, toy_perturbation
from tests.engines.perturbing.toys import LabelledScenes, labelled, toy_task
from tests.running import ROOT

REGISTRY = Registry(discover=False)


def table(task: PerturbTask, folder: Path) -> dict[str, Any]:
    made = PerturbTable(task)
    for looked, arrays in outcomes(task, KeptOutcomes(folder), [], lambda arm, count: None):
        made.add(looked, arrays)
    return made.content()


def score(arm: dict[str, Any], name: str) -> tuple[float, int]:
    found = next(one for one in arm["scores"] if one["name"] == name)
    return found["value"], found["n"]


def test_only_what_is_recognised_is_attacked_and_counts(tmp_path: Path) -> None:
    content = table(toy_task(Pgd(PgdConfig(steps=20)), eps=0.2, wrong=2), tmp_path)
    assert content["clean"][0]["value"] == pytest.approx(4 / 6)
    (arm,) = content["arms"]
    assert score(arm, "success") == (1.0, 4)
    assert score(arm, "robust accuracy") == (0.0, 6)
    assert [row["picture"] for row in arm["rows"]] == [2, 3, 4, 5]
    assert all(row["linf"] <= 0.2 + 1e-6 for row in arm["rows"])
    assert arm["distances"]["linf"]["n"] == 4


def test_a_batch_that_was_kept_is_not_attacked_again(tmp_path: Path) -> None:
    first = table(toy_task(Fgsm()), tmp_path)
    asked = ToyClassifier()
    again = table(toy_task(Fgsm(), subject=AttackedVictim(asked)), tmp_path)
    assert again == first
    assert not any(gradient for _, gradient in asked.asked)


def test_an_attack_does_not_depend_on_what_is_attacked_beside_it(tmp_path: Path) -> None:
    alone = table(toy_task(Pgd(PgdConfig(steps=5)), eps=0.05), tmp_path / "alone")
    both = table(toy_task(Fgsm(), Pgd(PgdConfig(steps=5)), eps=0.05), tmp_path / "both")
    assert [row["l2"] for row in both["arms"][1]["rows"]] == [row["l2"] for row in alone["arms"][0]["rows"]]


@dataclass(frozen=True)
class Guess:
    """Fools a picture on its third try, and remembers which pictures it was given."""

    needs: AccessLevel = AccessLevel.decisions
    given: list[int] = field(default_factory=list)

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        self.given.append(len(problem.images))
        images = problem.images.clone()
        images[: len(self.given)] = (
            Pgd(PgdConfig(steps=40)).run(toy_perturbation(eps=0.2), []).images[: len(self.given)]
        )
        fooled = problem.fooled(problem.victim.decide(problem.victim.outputs(images)))
        return Perturbed(images, fooled, torch.ones(len(images), dtype=torch.int64))


def test_a_restart_is_given_what_is_not_fooled_yet_and_costs_add_up(tmp_path: Path) -> None:
    guess = Guess()
    content = table(toy_task(guess, eps=0.2, restarts=2, batch=6), tmp_path)
    assert guess.given[0] == 6
    assert guess.given[1] < 6
    queries = [row["queries"] for row in content["arms"][0]["rows"]]
    assert sorted(set(queries)) == [1, 2]
    assert content["arms"][0]["gradients"]["max"] == 0


def test_noise_has_the_size_of_the_change() -> None:
    clean = torch.full((4, 3, 6, 6), 0.5)
    changed = clean + 0.01 * torch.arange(4).reshape(4, 1, 1, 1)
    for norm in Norm:
        noise = noise_like(changed, clean, norm, seed=1)
        torch.testing.assert_close(size(noise - clean, norm), size(changed - clean, norm), rtol=1e-3, atol=1e-4)


def test_targets_are_what_was_asked_for_and_never_the_label() -> None:
    names = ("a", "b", "c", "d")
    labels, logits = torch.tensor([0, 3]), torch.tensor([[4.0, 1.0, 2.0, 3.0], [0.0, 2.0, 1.0, 9.0]])
    rules = {"next": [1, 0], "second": [3, 1], "least-likely": [1, 0], "c": [2, 2], "C": [2, 2]}
    for wanted, due in rules.items():
        made = targets_of(wanted, labels, logits, names, ("x", "y"), 0)
        assert made is not None
        assert made.tolist() == due, wanted
    drawn = targets_of("random", labels.repeat(50), logits.repeat(50, 1), names, [str(i) for i in range(100)], 0)
    assert drawn is not None
    assert bool((drawn != labels.repeat(50)).all())
    assert set(drawn.tolist()) == {0, 1, 2, 3}
    assert targets_of("", labels, logits, names, ("x", "y"), 0) is None


def test_what_shows_the_target_already_is_left_out(tmp_path: Path) -> None:
    task = toy_task(Fgsm(), targets="nynx", batch=6)
    (looked,) = batches(task)
    assert looked.targets is not None
    assert looked.attacked.tolist() == (looked.pictures.labels != 2).nonzero().flatten().tolist()
    assert score(table(task, tmp_path)["arms"][0], "success")[1] == len(looked.attacked)


def test_targets_that_cannot_be_are_refused() -> None:
    with pytest.raises(BadOption, match="no such label"):
        check_targets("hyena", ("lynx", "onyx"), detector=False)
    with pytest.raises(BadOption, match=r"A detector's target is the goal's|is the goal's"):
        check_targets("lynx", ("lynx",), detector=True)
    with pytest.raises(BadOption, match="is for classifiers"):
        check_targets("next", ("lynx",), detector=True)


def test_pictures_without_a_label_that_the_victim_knows_are_refused() -> None:
    with pytest.raises(IncompatibleParts, match=r"knows no label 'wolf'.* It knows lynx, mynx, nynx, onyx"):
        AttackedVictim(ToyClassifier()).pictures(labelled(names=("zebra", "yak", "xerus", "wolf")))
    whole = labelled()
    objects = {name: getattr(whole, name)[:5] for name in ("image_of", "boxes_xyxy_px", "labels", "wears",
                                                           "image_from_surface", "light")}  # fmt: skip
    with pytest.raises(IncompatibleParts, match=r"'toy/5' has no label.*scenes=classes"):
        AttackedVictim(ToyClassifier()).pictures(replace(whole, **objects))


def test_where_nothing_is_recognised_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="none of the 6 pictures is recognised"):
        table(toy_task(Fgsm(), wrong=6), tmp_path)


def test_success_over_questions_counts_what_succeeded_by_then() -> None:
    rows = [{"queries": q, "success": s} for q, s in ((5, True), (2, True), (9, False), (5, True))]
    curve = query_curve(rows)
    assert [point[:2] for point in curve] == [[2, 0.25], [5, 0.75]]
    assert all(low < share < high for _, share, low, high in curve)
    assert query_curve([]) == []
    many = query_curve([{"queries": q, "success": True} for q in range(1, 1001)])
    assert len(many) <= 80
    assert many[-1][:2] == [1000, 1.0]


def test_smallest_changes_say_who_withstands_each_bound() -> None:
    rows = [{"l2": size, "success": size < 3} for size in (2.0, 1.0, 5.0)]
    curve = size_curve(rows, "l2", right=3, count=4)
    assert [point[:2] for point in curve] == [[0.0, 0.75], [1.0, 0.5], [2.0, 0.25]]


def test_a_detector_is_a_classifier_by_whether_its_goal_is_reached() -> None:
    scene = one_scene(3)
    seen = GoalReached(ToyDetector(), ToyGoal(), scene)
    red = scene.srgb.clone()
    red[:, 0] = torch.tensor([0.9, 0.1, 0.9]).reshape(3, 1, 1)
    assert seen.decide(seen.outputs(red)).labels.tolist() == [0, 1, 0]
    assert seen.decide(seen.outputs(red[[1, 0, 1]], torch.tensor([1, 0, 1]))).labels.tolist() == [1, 0, 1]
    subject = AttackedVictim(ToyDetector(), ToyGoal())
    queries = Queries.apart(3)
    victim = subject.counted(scene, AccessLevel.gradients, queries)
    problem = PerturbationProblem(red, torch.zeros(3).long(), victim, Norm.linf, 0.7, 0, OneDevice(torch.device("cpu")))
    way = slope(problem, red, margin)
    assert bool((way.gradient[:, 0, 8:24, 8:24] != 0).any())
    made = Pgd(PgdConfig(steps=10)).run(problem, [])
    assert bool(made.success.all())


def test_a_refusal_is_known_before_the_victim_is_asked() -> None:
    assert refusal(Fgsm(), Norm.linf, 0.1) is None
    assert "does not know norm=l1" in str(refusal(Fgsm(), Norm.l1, 1.0))
    assert "needs the largest change" in str(refusal(Fgsm(), Norm.linf, None))


@pytest.mark.parametrize("name", [offered.entry.name for offered in REGISTRY.offered("perturbations")])
def test_every_attack_says_at_once_whether_it_takes_a_bound_and_how_far(name: str) -> None:
    attack = REGISTRY.build("perturbations", name, REGISTRY.entry("perturbations", name).config())
    sizes: dict[Norm, tuple[float | None, ...]] = {norm: (bounds_of(USUAL[norm], norm)[0].eps, None) for norm in ORDER}
    taken = {(norm, eps) for norm in ORDER for eps in sizes[norm] if refusal(attack, norm, eps) is None}
    assert taken
    page = (ROOT / "docs" / "perturb.md").read_text()
    (row,) = (line for line in page.splitlines() if line.startswith("| `") and f"`{name}`" in line.split("|")[1])
    _, _, norms, sees, looks, _ = row.split("|")
    signs = {"L∞": Norm.linf, "L2": Norm.l2, "L1": Norm.l1, "L0": Norm.l0}
    shown = set(signs.values()) if "all" in norms else {signs[word.strip()] for word in norms.split(",")}
    assert shown == {norm for norm, _ in taken}
    assert sees.strip() == attack.needs.name
    assert ("smallest" in looks or "either" in looks) == any(eps is None for _, eps in taken)
    assert ("eps" in looks or "either" in looks) == any(eps is not None for _, eps in taken)


def test_the_cost_is_told_from_two_pictures() -> None:
    victim = ToyClassifier()
    told = perturb_forecast(toy_task(Fgsm(), subject=AttackedVictim(victim)))
    assert "fgsm-white-linf-0.1" in told.words()
    assert [count for count, gradient in victim.asked if gradient] == [2]


def test_a_surrogate_is_attacked_in_place_of_the_victim(tmp_path: Path) -> None:
    stand_in, victim = ToyClassifier(name="stand-in"), ToyClassifier()
    task = toy_task(Fgsm(), eps=0.2, subject=AttackedVictim(victim))
    arm = replace(task.arms[0], threat="transfer", surrogate=AttackedVictim(stand_in))
    content = table(replace(task, arms=(arm,)), tmp_path)
    assert any(gradient for _, gradient in stand_in.asked)
    assert not any(gradient for _, gradient in victim.asked)
    assert content["arms"][0]["surrogate"] == "stand-in"
    assert score(content["arms"][0], "success")[0] > 0.5
    other = AttackedVictim(ToyClassifier(labels=("lynx", "mynx", "newt", "onyx")))
    with pytest.raises(IncompatibleParts, match="surrogate 'toy-linear' knows no label 'nynx'"):
        table(replace(task, arms=(replace(arm, surrogate=other),)), tmp_path / "other")


def test_padding_is_no_part_of_a_picture(tmp_path: Path) -> None:
    scene = labelled()
    sizes = scene.sizes_px.clone()
    sizes[1::2, 1] = 6
    task = toy_task(Fgsm(), batch=6, subject=AttackedVictim(ToyPolicy()))
    found = list(batches(replace(task, scenes=LabelledScenes(replace(scene, sizes_px=sizes)))))
    assert [looked.pictures.keys for looked in found] == [("toy/0", "toy/2", "toy/4"), ("toy/1", "toy/3", "toy/5")]
    assert [tuple(looked.pictures.images.shape[-2:]) for looked in found] == [(8, 8), (8, 6)]


@dataclass(frozen=True)
class ToyPolicy:
    """Drives left where the picture is red, right where it is blue, on otherwise."""

    name: str = "toy-policy"
    labels: tuple[str, ...] = ("left", "on", "right")
    task: Task = Task.control
    access: AccessLevel = AccessLevel.gradients
    confidence: float = 0.0
    digest: str = "toy-policy"
    networks: tuple[torch.nn.Module, ...] = ()

    def outputs(self, images: torch.Tensor) -> ActionLogits:
        return ActionLogits(20 * images.mean((2, 3)))

    def decide(self, outputs: ActionLogits, confidence: float | None = None) -> Actions:
        return Actions(outputs.logits.argmax(1))

    def to(self, device: torch.device | str) -> ToyPolicy:
        return self


def test_a_policy_is_fooled_when_it_acts_otherwise(tmp_path: Path) -> None:
    task = toy_task(Pgd(PgdConfig(steps=20)), eps=0.3, targets="left", batch=6, subject=AttackedVictim(ToyPolicy()))
    content = table(task, tmp_path)
    assert content["clean"][0]["value"] == 1
    rows = content["arms"][0]["rows"]
    assert rows
    assert {row["decided"] for row in rows if row["success"]} == {"left"}
    assert all(content["pictures"][row["picture"]]["label"] != "left" for row in rows)
