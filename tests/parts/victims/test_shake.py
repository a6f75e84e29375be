"""A shaken victim is another one for a while, its old self on average, and its old self again afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, fx, nn

from physadv.core.errors import IncompatibleParts
from physadv.core.protocols import Victim
from physadv.parts.transfer.shakedrop import Shake, branches
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.whole_picture import WholePicture
from physadv.testing import sample_images
from tests.parts.victims.building import build_victim
from tests.parts.victims.graph_files import write_detector
from tests.parts.victims.onnx.test_layouts import yolov8_table

KINDS = {
    "sign-nano": ("sign-nano", {}, 8),  # its four stages hold 1, 2, 3 and 2 residual blocks
    "InvertedResidual": (
        "torchvision/ssdlite320_mobilenet_v3_large",
        {"weights": "random"},
        10,
    ),  # of 15, those of stride 1
    "Bottleneck": ("torchvision/retinanet_resnet50_fpn", {"weights": "random", "size_px": 96}, 16),  # 3 + 4 + 6 + 3
}


@pytest.fixture(scope="module", params=list(KINDS))
def victim(request: pytest.FixtureRequest) -> Victim:
    name, options, _ = KINDS[request.param]
    return build_victim(name, **options)


def shake(victim: Victim, probability: float = 0.5, **ranges: list[float]) -> Shake:
    return Shake(victim, probability=probability, **{"forward": [0.0, 2.0], "backward": [0.0, 2.0], **ranges})


def random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@torch.no_grad()
def scores(victim: Victim, shaken: Shake | None = None, seed: int = 0) -> Tensor:
    images = sample_images(1, 96, 96)
    if shaken is None:
        return victim.outputs(images).scores
    with shaken(random(seed)):
        return victim.outputs(images).scores


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_residual_branch_is_found(kind: str) -> None:
    name, options, count = KINDS[kind]
    assert len(branches(build_victim(name, **options))) == count


@pytest.mark.slow
def test_the_same_seed_shakes_the_same_and_another_one_otherwise(victim: Victim) -> None:
    shaken = shake(victim)
    assert torch.equal(scores(victim, shaken, 1), scores(victim, shaken, 1))
    assert not torch.equal(scores(victim, shaken, 1), scores(victim, shaken, 2))


def test_afterwards_answers_digest_and_modes_are_the_old_ones(victim: Victim) -> None:
    before, digest = scores(victim), victim.digest
    shaken = shake(victim)
    assert not torch.equal(scores(victim, shaken), before)
    with pytest.raises(KeyboardInterrupt), shaken(random(0)):
        raise KeyboardInterrupt
    assert torch.equal(scores(victim), before)
    assert victim.digest == digest
    assert not any(b.module._forward_hooks or b.module._forward_pre_hooks for b in shaken.branches)


def test_a_probability_of_zero_shakes_nothing(victim: Victim) -> None:
    assert torch.equal(scores(victim, shake(victim, 0.0)), scores(victim))


@pytest.mark.slow
def test_the_mean_over_many_shakes_is_near_the_plain_answer() -> None:
    block = nn.Sequential(traced(Doubling()), traced(Doubling()))
    plain = block(torch.ones(1))
    shaken = shake(as_victim(block), 0.5)
    answers = []
    for seed in range(4000):
        with shaken(random(seed)):
            answers.append(block(torch.ones(1)))
    assert torch.cat(answers).std() > 1
    # two independent branches x + 2x: the expectation of the product is the product of the expectations
    assert torch.cat(answers).mean().item() == pytest.approx(plain.item(), rel=0.03)


@pytest.mark.slow
def test_factors_forward_and_backward_are_independent() -> None:
    block = traced(Doubling())
    shaken = shake(as_victim(nn.Sequential(block)), 1.0)
    pairs = []
    for seed in range(2000):
        x = torch.ones(1, requires_grad=True)
        with shaken(random(seed)):
            out = block(x)
        (slope,) = torch.autograd.grad(out.sum(), x)
        pairs.append(((out.item() - 1) / 2, (slope.item() - 1) / 2))
    forward, backward = torch.tensor(pairs).unbind(1)
    for factor in (forward, backward):
        assert factor.mean().item() == pytest.approx(1, abs=0.05)
        assert (factor.min() >= -1e-5) & (factor.min() < 0.05)
        assert (factor.max() <= 2 + 1e-5) & (factor.max() > 1.95)
    assert abs(torch.corrcoef(torch.stack((forward, backward)))[0, 1]) < 0.08


def test_half_of_the_branches_are_shaken_at_one_half(victim: Victim) -> None:
    shaken, hooked = shake(victim), 0
    for seed in range(100):
        with shaken(random(seed)):
            hooked += sum(bool(b.module._forward_hooks or b.module._forward_pre_hooks) for b in shaken.branches)
    assert hooked / (100 * len(shaken.branches)) == pytest.approx(0.5, abs=0.08)


def test_in_a_graph_a_branch_is_an_addition_to_what_it_is_made_from() -> None:
    found = branches(as_victim(traced(TwoPaths())))
    assert [(branch.module.name, branch.argument) for branch in found] == [("short", 1), ("swapped", 0)]


def test_blocks_of_libraries_are_known_by_the_names_of_their_parts() -> None:
    block, skips, straight = nn.Module(), nn.Module(), nn.Module()
    block.add, block.cv2 = True, nn.Identity()  # type: ignore[assignment]
    skips.drop_path1, skips.drop_path2 = nn.Identity(), nn.Identity()
    straight.drop_path, straight.has_skip = nn.Identity(), False  # type: ignore[assignment]
    found = branches(as_victim(nn.ModuleList([block, skips, straight])))
    assert [branch.module for branch in found] == [block.cv2, skips.drop_path1, skips.drop_path2]


def test_a_classifier_is_shaken_through_whatever_it_is_seen_as() -> None:
    victim = Classifier(traced(TwoPaths()), ("a", "b"), name="toy", size_px=4)
    assert [branch.argument for branch in branches(WholePicture(victim))] == [1, 0]


def test_blocks_of_timm_are_found() -> None:
    timm = pytest.importorskip("timm")
    for name, count in (("convnext_atto", 12), ("vit_tiny_patch16_224", 24)):  # blocks; attention and MLP of 12 blocks
        assert len(branches(as_victim(timm.create_model(name)))) == count


@pytest.mark.parametrize(("file", "min_branches"), [("yolox_nano_coco_416", 7), ("nanodet_m_coco_416", 1)])
def test_real_onnx_graphs_are_shaken_and_their_gradient_with_them(file: str, min_branches: int, shared: Path) -> None:
    real = build_victim("onnx", path=str(shared / "weights" / f"{file}.onnx"))
    shaken = shake(real, 1.0)
    assert len(shaken.branches) >= min_branches
    before = scores(real)
    assert (scores(real, shaken) - before).abs().max() > 1e-4
    assert torch.equal(scores(real), before)
    slopes = []
    for seed in (0, 1):
        images = sample_images(1, 96, 96).requires_grad_()
        with shaken(random(seed)):
            slopes.append(torch.autograd.grad(real.outputs(images).scores.sum(), images)[0])
    assert (slopes[0] - slopes[1]).abs().max() > 1e-3 * slopes[0].abs().max()


def test_a_victim_without_residual_branches_is_refused_in_one_line(tmp_path: Path) -> None:
    plain = write_detector(tmp_path / "plain.onnx", [yolov8_table().transpose(0, 2, 1)])
    with pytest.raises(IncompatibleParts, match=r"'onnx/plain' has no residual branches.*probability=0"):
        shake(build_victim("onnx", path=str(plain)))


class Added(nn.Module):
    """As onnx2torch writes an addition."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.math_op_function = name, torch.add

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return first + second


class Graph(fx.Tracer):
    """Keeps the additions as modules."""

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, Added) or super().is_leaf_module(module, name)


class TwoPaths(nn.Module):
    """x → a + f(a) → b, then g(b) + b, then the sum of two branches of which neither is made from the other."""

    def __init__(self) -> None:
        super().__init__()
        self.f, self.g, self.h = nn.ReLU(), nn.ReLU(), nn.ReLU()
        self.short, self.swapped, self.fused = Added("short"), Added("swapped"), Added("fused")

    def forward(self, x: Tensor) -> Tensor:
        b = self.short(x, self.f(x))
        c = self.swapped(self.g(b), b)
        return self.fused(self.h(c), self.f(c))


class Doubling(nn.Module):
    """``x + 2x``."""

    def __init__(self) -> None:
        super().__init__()
        self.twice, self.add = nn.Linear(1, 1, bias=False), Added("add")
        nn.init.constant_(self.twice.weight, 2.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.add(x, self.twice(x))


def traced(module: nn.Module) -> fx.GraphModule:
    return fx.GraphModule(module, Graph().trace(module))


def as_victim(module: nn.Module) -> Victim:
    module.name, module.networks = "toy", (module,)  # type: ignore[assignment]
    return module  # type: ignore[return-value]
