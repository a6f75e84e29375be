"""DeepFool: step over and over to the nearest edge of the classes, as if all were flat.

Moosavi-Dezfooli, Fawzi & Frossard 2016, arXiv:1511.04599, Algorithm 2; L∞ as its section 3.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from physadv.core.access import AccessLevel
from physadv.core.problem.perturbation_problem import Norm, PerturbationProblem, Perturbed
from physadv.core.protocols import Observer
from physadv.library.perturbations.demands import require_no_eps, require_norm
from physadv.library.perturbations.incumbents import Incumbents, all_rows, ask
from physadv.library.perturbations.telling import Telling
from physadv.parts.attacks.perturbation.options_minimal import DeepFoolConfig


@dataclass(frozen=True)
class DeepFool:
    """Where we differ: images stay in [0, 1]; with a target its edge alone is walked to.

    The gradients of all classes are taken of one question, which counts as one.
    """

    options: DeepFoolConfig
    needs: AccessLevel = AccessLevel.gradients

    def run(self, problem: PerturbationProblem, observers: Iterable[Observer]) -> Perturbed:
        """The first image beyond an edge, of each."""
        require_no_eps("deepfool", problem)
        require_norm("deepfool", problem, Norm.l2, Norm.linf)
        best, rows = Incumbents(problem), all_rows(problem)
        r, x = torch.zeros_like(problem.images), problem.images  # r: the sum of the steps
        with Telling(observers, self.options.steps) as telling:
            for index in range(self.options.steps):
                x = x.detach().requires_grad_()
                logits, fooled = ask(problem, x, rows)
                best.keep(x, fooled, rows)
                telling.step(index, _edges(problem, logits.detach(), rows).amax(1), best.success)
                if bool(fooled.all()):
                    break
                r = (r + self._step(problem, x, logits, rows))[~fooled]
                rows = rows[~fooled]
                x = (problem.images[rows] + (1 + self.options.overshoot) * r).clamp(0, 1)
        return best.result()

    def _step(self, problem: PerturbationProblem, x: Tensor, logits: Tensor, rows: Tensor) -> Tensor:
        """``(b,3,H,W)`` the way to the nearest of the edges (lines 5 to 9 of Algorithm 2)."""
        edges = _edges(problem, logits, rows)
        count = min(self.options.classes, edges.shape[1] - 1) if problem.targets is None else 1
        nearest = edges.detach().topk(count, dim=1).indices
        distances, steps = [], []
        for k in range(count):
            f = edges.gather(1, nearest[:, k : k + 1]).squeeze(1)
            (w,) = torch.autograd.grad(f.sum(), x, retain_graph=True)
            distance, step = _to_edge(f.detach().abs(), w, problem.norm)
            distances.append(distance)
            steps.append(step)
        chosen = torch.stack(distances).argmin(0)
        return torch.stack(steps)[chosen, torch.arange(len(x), device=x.device)]


def _edges(problem: PerturbationProblem, logits: Tensor, rows: Tensor) -> Tensor:
    """``(b,K)``: ``f_k - f_k(x0)`` of each class, or of the target and its best rival; the label's own is -inf."""
    labels, targets = problem.labels_of(rows), problem.targets_of(rows)
    if targets is None:
        edges = logits - logits.gather(1, labels[:, None])
        return edges.scatter(1, labels[:, None], -torch.inf)
    rival = logits.scatter(1, targets[:, None], -torch.inf).amax(1, keepdim=True)
    edges = logits - rival
    return torch.full_like(edges, -torch.inf).scatter(1, targets[:, None], edges.gather(1, targets[:, None]))


def _to_edge(f: Tensor, w: Tensor, norm: Norm) -> tuple[Tensor, Tensor]:
    """How far the edge is ``(b,)`` and the step to it, where it is flat: ``f`` by the dual norm of ``w`` (eq. 8)."""
    flat = w.flatten(1)
    dual = (flat.abs().sum(1) if norm is Norm.linf else torch.linalg.vector_norm(flat, dim=1)).clamp_min(1e-12)
    way = w.sign() if norm is Norm.linf else w / dual[:, None, None, None]
    distance = (f + 1e-4) / dual  # a little more, as the authors' code: to get off an edge
    return distance, distance[:, None, None, None] * way
