"""Attacks on images side by side with three other libraries: robust accuracy at equal budgets, and CPU time.

On digits of MNIST that the plain network recognises, in one run, on one thread. Within 1 % of the others' robust
accuracy, and at most half of ART's CPU time, are the goals. Attacks that look for the smallest change are judged on
whether it is within an eps. Sizes of these changes, and more attacks with gradients, are in perturb_minimal.py.

    pip install foolbox torchattacks adversarial-robustness-toolbox
    OMP_NUM_THREADS=1 python benchmarks/perturb.py [--images 100] [--only square]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from perturb_minimal import (
    Comparison,
    carlini_wagner,
    data,
    ddn,
    deepfool,
    of_art,
    of_torchattacks,
    ours,
    pgd,
    timed,
)
from torch import Tensor, nn

from physadv.core.problem.perturbation_problem import Norm
from physadv.library.perturbations.norms import size

LIBRARIES = ("physadv", "torchattacks", "foolbox", "ART")
QUERIES = 500
AUTO_STEPS = 20
L2_EPS = 1.5
"""At which the smallest changes are judged."""


@dataclass(frozen=True)
class Held:
    """How one library's attack did."""

    robust: float  # share of the images on which it found nothing of that size
    cpu_s: float


def square(net: nn.Module, norm: Norm, eps: float) -> Comparison:
    """500 questions an image, p = 0.8."""
    name, order = ("Linf", float("inf")) if norm is Norm.linf else ("L2", 2)
    return Comparison(f"Square, {QUERIES} queries, {name} {eps}", norm, {
        "physadv": ours(net, "square", norm, eps, queries=QUERIES),
        **of_torchattacks(net, lambda of: of.Square(net, norm=name, eps=eps, n_queries=QUERIES, n_restarts=1,
                                                    p_init=0.8, loss="margin", seed=0)),
        **of_art(net, lambda of, on: of.SquareAttack(on, norm=order, eps=eps, max_iter=QUERIES, p_init=0.8,
                                                     nb_restarts=1, batch_size=1000, verbose=False)),
    })  # fmt: skip


def one_pixel(net: nn.Module, pixels: int) -> Comparison:
    """Ten candidates, ten generations after the first."""
    return Comparison(f"{pixels} pixels, 10 x 10" if pixels > 1 else "one pixel, 10 x 10", Norm.l0, {
        "physadv": ours(net, "one-pixel", Norm.l0, float(pixels), population=10, generations=10),
        **of_torchattacks(net, lambda of: of.OnePixel(net, pixels=pixels, steps=10, popsize=10)),
    })  # fmt: skip


def auto(net: nn.Module, eps: float) -> Comparison:
    """APGD on the cross-entropy, APGD towards nine rivals and Square, each on what is left; all without FAB.

    ART knows no APGD towards rivals: its second is APGD on the ratio of logits, as in its own AutoAttack.
    """
    steps, queries = AUTO_STEPS, QUERIES
    return Comparison(f"auto, {steps} steps, {queries} queries, Linf {eps}", Norm.linf, {
        "physadv": ours(net, "auto", Norm.linf, eps, steps=steps, classes=9, queries=queries),
        **of_torchattacks(net, lambda of: of.MultiAttack([
            of.APGD(net, eps=eps, steps=steps, n_restarts=1, seed=0),
            of.APGDT(net, eps=eps, steps=steps, n_restarts=1, seed=0, n_classes=10),
            of.Square(net, eps=eps, n_queries=queries, n_restarts=1, seed=0)])),
        **of_art(net, lambda of, on: of.AutoAttack(on, eps=eps, batch_size=1000, attacks=[
            of.AutoProjectedGradientDescent(on, eps=eps, eps_step=2 * eps, max_iter=steps, nb_random_init=1,
                                            batch_size=1000, loss_type="cross_entropy", verbose=False),
            of.AutoProjectedGradientDescent(on, eps=eps, eps_step=2 * eps, max_iter=steps, nb_random_init=1,
                                            batch_size=1000, loss_type="difference_logits_ratio", verbose=False),
            of.SquareAttack(on, eps=eps, max_iter=queries, p_init=0.8, nb_restarts=1, batch_size=1000,
                            verbose=False)])),
    })  # fmt: skip


def comparisons(net: nn.Module) -> Iterator[tuple[Comparison, float | None]]:
    """All of them, each with the eps within which a smallest change counts."""
    yield pgd(net, 0.1), None
    for eps in (0.1, 0.2, 0.3):
        yield square(net, Norm.linf, eps), None
    yield square(net, Norm.l2, 4.0), None
    yield auto(net, 0.1), None
    for pixels in (1, 5):
        yield one_pixel(net, pixels), None
    for smallest in (ddn(net), deepfool(net), carlini_wagner(net)):
        yield smallest, L2_EPS


def held(net: nn.Module, comparison: Comparison, eps: float | None, images: Tensor, labels: Tensor) -> dict[str, Held]:
    """Each library's robust accuracy and CPU time."""
    outcomes = {}
    for library, job in comparison.jobs.items():
        if library not in LIBRARIES:
            continue
        made, cpu_s = timed(job, images, labels)
        with torch.no_grad():
            fooled = net(made).argmax(1) != labels
        if eps is not None:
            fooled &= size(made - images, comparison.norm) <= eps
        outcomes[library] = Held(1 - float(fooled.float().mean()), cpu_s)
    return outcomes


def row(name: str, outcomes: Mapping[str, Held]) -> str:
    """A row of the table."""
    cells = [f"{outcomes[each].robust:.3f} {outcomes[each].cpu_s:7.2f}" if each in outcomes else f"{'':13}"
             for each in LIBRARIES]  # fmt: skip
    share = f"{outcomes['physadv'].cpu_s / outcomes['ART'].cpu_s:5.2f}" if "ART" in outcomes else ""
    return f"{name:36} " + "  ".join(cells) + f"  {share}"


def main() -> None:
    """Print a row an attack: robust accuracy and CPU seconds of each library, and ours as a share of ART's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--only", default="", help="part of the name of an attack")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    net, images, labels = data(arguments.images)
    print(f"{len(images)} pictures of MNIST that the network recognises, one thread: robust accuracy, CPU-s")
    print(f"{'attack':36} " + "  ".join(f"{library:13}" for library in LIBRARIES) + "  ours / ART")
    for comparison, eps in comparisons(net):
        if arguments.only.lower() in comparison.name.lower():
            name = comparison.name if eps is None else f"{comparison.name} within {eps}"
            print(row(name, held(net, comparison, eps, images, labels)), flush=True)


if __name__ == "__main__":
    main()
