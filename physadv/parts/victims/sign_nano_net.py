"""The network of ``sign-nano`` and ``person-nano``: a small anchor-free detector, about a million weights.

Backbone of residual blocks, a top-down feature pyramid at strides 8, 16 and 32, one decoupled head shared by the three
levels (as FCOS and YOLOX have it). Every grid cell proposes one box and a logit per class.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDES = (8, 16, 32)
_LARGEST_LOG = 4.0  # a box side is at most 2 · stride · e⁴


class ConvBlock(nn.Sequential):
    """Convolution, batch norm, SiLU."""

    def __init__(self, channels_in: int, channels_out: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.SiLU(),
        )


class Residual(nn.Module):
    """A bottleneck of half the width, added to its input."""

    residual_branch = "expand"  # whose output is added: what may be shaken while a patch is optimised

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = ConvBlock(channels, channels // 2, kernel=1)
        self.expand = ConvBlock(channels // 2, channels)

    def forward(self, x: Tensor) -> Tensor:
        """``(B,C,H,W)``, the same shape out as in."""
        added: Tensor = self.expand(self.squeeze(x))
        return x + added


def _stage(channels_in: int, channels_out: int, blocks: int) -> nn.Sequential:
    down = ConvBlock(channels_in, channels_out, stride=2)
    return nn.Sequential(down, *(Residual(channels_out) for _ in range(blocks)))


@dataclass(frozen=True, slots=True)
class NetShape:
    """How wide and how deep."""

    widths: tuple[int, ...] = (16, 32, 64, 112, 160)  # channels at strides 2 to 32
    blocks: tuple[int, ...] = (1, 2, 3, 2)  # residual blocks at strides 4 to 32


class SignNanoNet(nn.Module):
    """Images in [0, 1] with sides that are multiples of 32 → boxes and logits of every grid cell."""

    def __init__(self, classes: int, shape: NetShape | None = None) -> None:
        super().__init__()
        shape = shape or NetShape()
        w2, w4, w8, w16, w32 = shape.widths
        self.stem = ConvBlock(3, w2, stride=2)
        self.stage2 = _stage(w2, w4, shape.blocks[0])
        self.stage3 = _stage(w4, w8, shape.blocks[1])
        self.stage4 = _stage(w8, w16, shape.blocks[2])
        self.stage5 = _stage(w16, w32, shape.blocks[3])
        width = 64
        self.lateral3 = ConvBlock(w8, width, kernel=1)
        self.lateral4 = ConvBlock(w16, width, kernel=1)
        self.lateral5 = ConvBlock(w32, width, kernel=1)
        self.smooth3, self.smooth4 = ConvBlock(width, width), ConvBlock(width, width)
        self.tell_class = nn.Sequential(ConvBlock(width, width), ConvBlock(width, width), nn.Conv2d(width, classes, 1))
        self.tell_box = nn.Sequential(ConvBlock(width, width), ConvBlock(width, width), nn.Conv2d(width, 4, 1))
        # start out believing that one cell in a hundred holds an object (focal loss, Lin et al. 2017, §3.3)
        nn.init.constant_(self.tell_class[-1].bias, -4.6)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """``(B,3,H,W)`` → boxes ``(B,A,4)`` as pixel edges, logits ``(B,A,K)``; the cells of stride 8 come first."""
        fine = self.stage3(self.stage2(self.stem(images * 2 - 1)))
        middle = self.stage4(fine)
        top = self.lateral5(self.stage5(middle))
        level4 = self.smooth4(self.lateral4(middle) + F.interpolate(top, scale_factor=2.0))
        level3 = self.smooth3(self.lateral3(fine) + F.interpolate(level4, scale_factor=2.0))
        levels = (level3, level4, top)
        raw = torch.cat([self.tell_box(level).flatten(2) for level in levels], 2).transpose(1, 2).float()
        logits = torch.cat([self.tell_class(level).flatten(2) for level in levels], 2).transpose(1, 2).float()
        points, strides = grid(images.shape[-2], images.shape[-1], images.device)
        return _boxes_from_raw(raw, points, strides), logits


def grid(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Centres ``(A, 2)`` of all cells in edge coordinates, and their strides ``(A, 1)``."""
    points, strides = [], []
    for stride in STRIDES:
        y = (torch.arange(height // stride, device=device) + 0.5) * stride
        x = (torch.arange(width // stride, device=device) + 0.5) * stride
        cells = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).reshape(-1, 2)
        points.append(cells)
        strides.append(torch.full((len(cells), 1), float(stride), device=device))
    return torch.cat(points), torch.cat(strides)


def _boxes_from_raw(raw: Tensor, points: Tensor, strides: Tensor) -> Tensor:
    centre = points + raw[..., :2] * strides
    half = raw[..., 2:].clamp(-_LARGEST_LOG, _LARGEST_LOG).exp() * strides
    return torch.cat([centre - half, centre + half], -1)
