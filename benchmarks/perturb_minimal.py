"""Attacks with gradients beside those of other libraries: success, size of what they find, and CPU time.

On digits of MNIST that the plain network recognises. All with the same budget, in one run, on one thread; each is
warmed up on a few images, and the CPU time of the process is taken. Other libraries are skipped where they are not
installed: pip install foolbox torchattacks adversarial-robustness-toolbox adv-lib

    OMP_NUM_THREADS=1 python benchmarks/perturb_minimal.py [--images 100] [--only deepfool ddn]
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor, nn

from physadv.core.problem.counted import Counted, Queries
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem
from physadv.library.compute.one_device import OneDevice
from physadv.library.perturbations.norms import size
from physadv.parts.attacks.perturbation import black_box_entries, entries, minimal_entries, strong_entries
from physadv.parts.victims.classifier import Classifier

Job = Callable[[Tensor, Tensor], Tensor]
"""Images and labels → images that are to fool."""

STEPS, SEARCHES, C, LR, EPS = 100, 5, 0.1, 0.1, 0.1


@dataclass(frozen=True)
class Comparison:
    """The same attack of several libraries."""

    name: str
    norm: Norm
    jobs: dict[str, Job]  # by library


@dataclass(frozen=True)
class Outcome:
    """How one of them did."""

    success: float
    median: float  # size of the changes that succeed
    cpu_s: float


def data(count: int) -> tuple[nn.Module, Tensor, Tensor]:
    """The plain network of MNIST, and pictures of the part to judge on that it recognises, with their classes."""
    from physadv.library.datasets.labelled import DataSplit
    from physadv.library.datasets.mnist import mnist
    from physadv.library.small_nets.ready import ready_net

    net = ready_net("mnist", "cnn").net.eval()
    images, classes = mnist().tensors(DataSplit.val)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    images, classes = images[order], classes[order]
    with torch.no_grad():
        right = net(images).argmax(1) == classes
    return net, images[right][:count], classes[right][:count]


def ours(net: nn.Module, name: str, norm: Norm, eps: float | None, **options: Any) -> Job:
    """Our attack of that name."""
    rows = {row.name: row for module in (entries, black_box_entries, minimal_entries, strong_entries)
            for row in module.physadv_perturbations()}  # fmt: skip
    attack = rows[name].build(rows[name].config(**options))

    def job(images: Tensor, labels: Tensor) -> Tensor:
        victim = Classifier(net, [str(k) for k in range(10)], name="mnist", size_px=images.shape[-1])
        counted = Counted(victim, queries=Queries.apart(len(images)))
        problem = PerturbationProblem(images, labels, counted, norm, eps, 0, OneDevice(images.device))
        return attack.run(problem, []).images  # type: ignore[no-any-return]

    return job


def of_foolbox(net: nn.Module, make: Callable[[Any], Any], eps: float | None = None) -> dict[str, Job]:
    """An attack of foolbox, where it is installed."""
    if not installed("foolbox"):
        return {}
    foolbox = importlib.import_module("foolbox")
    model, attack = foolbox.PyTorchModel(net, bounds=(0, 1), device="cpu"), make(foolbox.attacks)
    return {"foolbox": lambda images, labels: attack(model, images, labels, epsilons=eps)[1]}


def of_art(net: nn.Module, make: Callable[[Any, Any], Any]) -> dict[str, Job]:
    """An attack of the Adversarial Robustness Toolbox, where it is installed."""
    if not installed("art"):
        return {}
    attacks = importlib.import_module("art.attacks.evasion")
    estimators = importlib.import_module("art.estimators.classification")

    def job(images: Tensor, labels: Tensor) -> Tensor:
        estimator = estimators.PyTorchClassifier(
            net, nn.CrossEntropyLoss(), tuple(images.shape[1:]), 10, clip_values=(0.0, 1.0), device_type="cpu"
        )
        made = make(attacks, estimator).generate(images.numpy(), y=np.eye(10)[labels.numpy()])
        return torch.from_numpy(made)

    return {"ART": job}


def of_torchattacks(net: nn.Module, make: Callable[[Any], Any]) -> dict[str, Job]:
    """An attack of torchattacks, where it is installed."""
    if not installed("torchattacks"):
        return {}
    torchattacks = importlib.import_module("torchattacks")
    return {"torchattacks": lambda images, labels: make(torchattacks)(images, labels)}


def of_adv_lib(net: nn.Module, name: str, **options: Any) -> dict[str, Job]:
    """An attack of adv-lib, where it is installed."""
    if not (installed("adv_lib") and installed("visdom")):
        return {}
    attack = getattr(importlib.import_module("adv_lib.attacks"), name)
    return {"adv-lib": lambda images, labels: attack(net, images, labels, **options)}


def deepfool(net: nn.Module) -> Comparison:
    """50 steps at most, the edges of all ten classes."""
    return Comparison("DeepFool L2", Norm.l2, {
        "physadv": ours(net, "deepfool", Norm.l2, None),
        **of_foolbox(net, lambda of: of.L2DeepFoolAttack(steps=50, candidates=10, overshoot=0.02)),
        **of_art(net, lambda of, on: of.DeepFool(on, max_iter=50, epsilon=0.02, nb_grads=10, batch_size=1000,
                                                 verbose=False)),
        **of_torchattacks(net, lambda of: of.DeepFool(net, steps=50, overshoot=0.02)),
    })  # fmt: skip


def carlini_wagner(net: nn.Module) -> Comparison:
    """5 values of c from 0.1, 100 steps each, Adam at 0.1; torchattacks has no search, so all steps at c = 1."""
    return Comparison("C&W L2", Norm.l2, {
        "physadv": ours(net, "carlini-wagner", Norm.l2, None, searches=SEARCHES, steps=STEPS, c=C, lr=LR),
        **of_foolbox(net, lambda of: of.L2CarliniWagnerAttack(binary_search_steps=SEARCHES, steps=STEPS,
                                                              initial_const=C, stepsize=LR)),
        **of_art(net, lambda of, on: of.CarliniL2Method(on, binary_search_steps=SEARCHES, max_iter=STEPS,
                                                        initial_const=C, learning_rate=LR, batch_size=1000,
                                                        verbose=False)),
        **of_torchattacks(net, lambda of: of.CW(net, c=1, steps=SEARCHES * STEPS, lr=LR)),
    })  # fmt: skip


def ddn(net: nn.Module) -> Comparison:
    """100 steps."""
    return Comparison("DDN L2", Norm.l2, {
        "physadv": ours(net, "ddn", Norm.l2, None, steps=STEPS),
        **of_foolbox(net, lambda of: of.DDNAttack(init_epsilon=1.0, steps=STEPS, gamma=0.05)),
        **of_adv_lib(net, "ddn", steps=STEPS, levels=None),
    })  # fmt: skip


def fmn(net: nn.Module, norm: Norm) -> Comparison:
    """100 steps. Foolbox has the gradient's step as a share of the picture's scale."""
    name = {Norm.l1: "L1", Norm.l2: "L2", Norm.linf: "LInf"}[norm]
    return Comparison(f"FMN {norm}", norm, {
        "physadv": ours(net, "fmn", norm, None, steps=STEPS),
        **of_foolbox(net, lambda of: getattr(of, f"{name}FMNAttack")(steps=STEPS)),
        **of_adv_lib(net, "fmn", norm=float(norm.removeprefix("l")), steps=STEPS),
    })  # fmt: skip


def pgd(net: nn.Module, eps: float) -> Comparison:
    """40 steps in Linf from a random start; each library's step size is 2.5 eps / 40."""
    step = 2.5 * eps / 40
    return Comparison(f"PGD-40, Linf {eps}", Norm.linf, {
        "physadv": ours(net, "pgd", Norm.linf, eps, steps=40),
        "physadv, all steps": ours(net, "pgd", Norm.linf, eps, steps=40, stop=False),
        **of_foolbox(net, lambda of: of.LinfPGD(steps=40, abs_stepsize=step), eps),
        **of_art(net, lambda of, on: of.ProjectedGradientDescentPyTorch(on, eps=eps, eps_step=step, max_iter=40,
                                                                        num_random_init=1, batch_size=1000,
                                                                        verbose=False)),
        **of_torchattacks(net, lambda of: of.PGD(net, eps=eps, alpha=step, steps=40)),
    })  # fmt: skip


def apgd(net: nn.Module) -> Comparison:
    """100 steps on the cross-entropy."""
    return Comparison(f"APGD-CE, Linf {EPS}", Norm.linf, {
        "physadv": ours(net, "apgd", Norm.linf, EPS, steps=STEPS),
        **of_art(net, lambda of, on: of.AutoProjectedGradientDescent(on, eps=EPS, eps_step=2 * EPS, max_iter=STEPS,
                                                                     nb_random_init=1, batch_size=1000,
                                                                     loss_type="cross_entropy", verbose=False)),
        **of_torchattacks(net, lambda of: of.APGD(net, eps=EPS, steps=STEPS, n_restarts=1, seed=0)),
    })  # fmt: skip


COMPARISONS: dict[str, Callable[[nn.Module], Comparison]] = {
    "deepfool": deepfool,
    "carlini-wagner": carlini_wagner,
    "ddn": ddn,
    "fmn-l1": lambda net: fmn(net, Norm.l1),
    "fmn-l2": lambda net: fmn(net, Norm.l2),
    "fmn-linf": lambda net: fmn(net, Norm.linf),
    "pgd": lambda net: pgd(net, 0.1),
    "pgd-wide": lambda net: pgd(net, 0.3),
    "apgd": apgd,
}


def timed(job: Job, images: Tensor, labels: Tensor) -> tuple[Tensor, float]:
    """The images that the job makes, and its CPU seconds; what it does once is done before."""
    job(images[:2], labels[:2])
    torch.manual_seed(0)
    begun = time.process_time()
    made = job(images, labels).detach().float()
    return made, time.process_time() - begun


def measured(net: nn.Module, comparison: Comparison, images: Tensor, labels: Tensor) -> Iterator[tuple[str, Outcome]]:
    """Each library and its outcome."""
    for library, job in comparison.jobs.items():
        made, cpu_s = timed(job, images, labels)
        with torch.no_grad():
            fooled = net(made).argmax(1) != labels
        fooled &= made.flatten(1).amax(1) > 0  # foolbox gives black pictures where it found nothing
        sizes = size(made - images, comparison.norm)[fooled]
        median = float(sizes.median()) if len(sizes) else 0.0
        yield library, Outcome(float(fooled.float().mean()), median, cpu_s)


def installed(package: str) -> bool:
    """Whether it can be imported."""
    return importlib.util.find_spec(package) is not None


def main() -> None:
    """Print a row an attack and library."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--only", nargs="*", default=list(COMPARISONS), choices=list(COMPARISONS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    net, images, labels = data(arguments.images)
    print(f"{len(images)} pictures of MNIST that the network recognises, one thread")
    print(f"{'attack':18} {'library':20} {'success':>8} {'median':>8} {'CPU-s':>7}")
    for name in arguments.only:
        comparison = COMPARISONS[name](net)
        for library, outcome in measured(net, comparison, images, labels):
            print(f"{comparison.name:18} {library:20} {outcome.success:8.3f} {outcome.median:8.4f} "
                  f"{outcome.cpu_s:7.2f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
