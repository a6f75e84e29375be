"""ShakeDrop on a frozen victim: many victims out of one, for a patch that carries over to others.

Each residual branch ``f`` of ``x + f(x)`` is multiplied, with some probability, by one random factor forward and by
another one backward (Yamada et al. 2019, arXiv:1802.02375; as self-ensemble in Huang et al. 2023, T-SEA).
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.utils.hooks import RemovableHandle
from torchvision.models.convnext import CNBlock
from torchvision.models.efficientnet import FusedMBConv, MBConv
from torchvision.models.mobilenetv2 import InvertedResidual as InvertedResidual2
from torchvision.models.mobilenetv3 import InvertedResidual as InvertedResidual3
from torchvision.models.regnet import ResBottleneckBlock
from torchvision.models.resnet import BasicBlock, Bottleneck

from physadv.core.errors import IncompatibleParts
from physadv.core.protocols import Victim

_LAST: dict[type[nn.Module], str] = {
    BasicBlock: "bn2", Bottleneck: "bn3", InvertedResidual2: "conv", InvertedResidual3: "block", MBConv: "block",
    FusedMBConv: "block", CNBlock: "block", ResBottleneckBlock: "f",
}  # fmt: skip
"""Kind of block → the module whose output is added to the block's input."""


@dataclass(frozen=True)
class Branch:
    """Where a residual branch can be multiplied."""

    module: nn.Module
    argument: int | None = None  # of the module, an addition; None: the module's output


def branches(victim: Victim) -> tuple[Branch, ...]:
    """Every residual branch, in the order of the modules; none where there are none."""
    found = [branch for root in victim.networks for module in root.modules() for branch in _of(module)]
    return tuple(found)


def _of(module: nn.Module) -> Iterator[Branch]:
    if isinstance(module, fx.GraphModule):
        yield from _of_graph(module)
    elif last := _LAST.get(type(module)):
        if getattr(module, "use_res_connect", True):
            yield Branch(getattr(module, last))
    else:
        yield from _of_others(module)


def _of_others(module: nn.Module) -> Iterator[Branch]:
    """Blocks that name their branch themselves, and those of libraries that we do not import, by their parts' names."""
    if isinstance(branch := getattr(module, "residual_branch", None), str):
        yield Branch(module.get_submodule(branch))
    if getattr(module, "add", None) is True and isinstance(last := getattr(module, "cv2", None), nn.Module):
        yield Branch(last)  # ultralytics' Bottleneck
    if getattr(module, "has_skip", True):  # timm says so where its blocks may have none
        parts = (getattr(module, name, None) for name in ("drop_path", "drop_path1", "drop_path2"))
        yield from (Branch(part) for part in parts if isinstance(part, nn.Module))


def _of_graph(graph: fx.GraphModule) -> Iterator[Branch]:
    """Additions of which one operand is made from the other: that one is the branch."""
    above: dict[fx.Node, int] = {}  # node → all its ancestors, as bits
    number = {node: position for position, node in enumerate(graph.graph.nodes)}
    for node in graph.graph.nodes:
        above[node] = 0
        for operand in node.all_input_nodes:
            above[node] |= above[operand] | 1 << number[operand]
        if len(node.args) != 2 or not all(isinstance(operand, fx.Node) for operand in node.args):
            continue
        for argument, other in ((0, 1), (1, 0)):
            if above[node.args[argument]] >> number[node.args[other]] & 1 and _adds(graph, node):
                yield Branch(graph.get_submodule(node.target), argument)


def _adds(graph: fx.GraphModule, node: fx.Node) -> bool:
    """Whether the node is a module that adds, as onnx2torch makes them."""
    if node.op != "call_module":
        return False
    return getattr(graph.get_submodule(str(node.target)), "math_op_function", None) in (torch.add, operator.add)


class Shake:
    """Disturbs one victim. Weights and digest stay as they are, and outside of the context so do its answers."""

    def __init__(
        self, victim: Victim, *, probability: float, forward: Sequence[float], backward: Sequence[float]
    ) -> None:
        """``probability`` is that of a branch to be shaken; ``forward`` and ``backward`` are ranges of its factors."""
        self.branches = branches(victim)
        if not self.branches:
            raise IncompatibleParts(
                f"victim {victim.name!r} has no residual branches to shake. "
                "Set transfer.shake.probability=0, or choose another victim"
            )
        self._probability, self._ranges = probability, torch.tensor([list(forward), list(backward)])

    @contextmanager
    def __call__(self, generator: torch.Generator) -> Iterator[None]:
        """While it lasts, the victim is another one, the same for all images of a batch."""
        unit = torch.rand(len(self.branches), 3, generator=generator, device=generator.device).cpu()
        low, high = self._ranges.unbind(1)
        factors = (low + unit[:, 1:] * (high - low)).tolist()
        with ExitStack() as stack:
            for branch, (forward, backward), shaken in zip(
                self.branches, factors, (unit[:, 0] < self._probability).tolist(), strict=True
            ):
                if shaken:
                    stack.callback(_hook(branch, forward, backward).remove)
            yield


def _hook(branch: Branch, forward: float, backward: float) -> RemovableHandle:
    if branch.argument is None:
        return branch.module.register_forward_hook(lambda _, __, out: _scaled(out, forward, backward))
    place = branch.argument

    def before(_: nn.Module, operands: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return *operands[:place], _scaled(operands[place], forward, backward), *operands[place + 1 :]

    return branch.module.register_forward_pre_hook(before)


def _scaled(value: Tensor, forward: float, backward: float) -> Tensor:
    """``forward · value``, with a gradient as of ``backward · value``. Plain operations, so that vmap knows it."""
    return value * backward + value.detach() * (forward - backward)
