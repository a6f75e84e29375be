"""YOLOv5n (v6 layout) as a fourth detector family for tests, with a state dict in upstream's key names.

Test only: the weights are under the GPL and stay outside the repository.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from physadv.core.access import AccessLevel, Task
from physadv.core.types import Candidates, Detections
from physadv.library.files.digests import digest_of_state
from physadv.parts.victims.coco import COCO_80
from physadv.parts.victims.conventions import Conventions
from physadv.parts.victims.detections import decide
from physadv.parts.victims.frozen import freeze
from physadv.parts.victims.onnx.graph_decoders import corners

WIDTHS = (16, 32, 64, 128, 256)
STRIDES = (8, 16, 32)
COLUMNS = 5 + len(COCO_80)


class Conv(nn.Module):
    def __init__(self, inside: int, outside: int, kernel: int = 1, stride: int = 1, padding: int | None = None) -> None:
        super().__init__()
        pad = kernel // 2 if padding is None else padding
        self.conv = nn.Conv2d(inside, outside, kernel, stride, pad, bias=False)
        self.bn = nn.BatchNorm2d(outside, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.bn(self.conv(x)))


class Bottleneck(nn.Module):
    def __init__(self, width: int, shortcut: bool) -> None:
        super().__init__()
        self.cv1, self.cv2, self.shortcut = Conv(width, width), Conv(width, width, 3), shortcut

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.cv2(self.cv1(x))
        return x + out if self.shortcut else out


class C3(nn.Module):
    def __init__(self, inside: int, outside: int, depth: int = 1, shortcut: bool = True) -> None:
        super().__init__()
        half = outside // 2
        self.cv1, self.cv2, self.cv3 = Conv(inside, half), Conv(inside, half), Conv(outside, outside)
        self.m = nn.Sequential(*(Bottleneck(half, shortcut) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.cv3(torch.cat([self.m(self.cv1(x)), self.cv2(x)], dim=1))
        return out


class Pool(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.cv1, self.cv2 = Conv(width, width // 2), Conv(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.cv1(x)]
        for _ in range(3):
            parts.append(F.max_pool2d(parts[-1], 5, 1, 2))
        out: Tensor = self.cv2(torch.cat(parts, dim=1))
        return out


class Head(nn.Module):
    anchors: Tensor

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.m = nn.ModuleList(nn.Conv2d(width, 3 * COLUMNS, 1) for width in widths)
        self.register_buffer("anchors", torch.zeros(3, 3, 2))  # in cells

    def forward(self, maps: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """``(B, A, 4)`` corners in canvas pixels and ``(B, A, 80)`` objectness times class."""
        boxes, scores = [], []
        for index, (features, stride) in enumerate(zip(maps, STRIDES, strict=True)):
            batch, _, rows, columns = features.shape
            raw = self.m[index](features).view(batch, 3, COLUMNS, rows, columns).permute(0, 1, 3, 4, 2).sigmoid()
            y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
            cell = torch.stack([x, y], dim=-1).to(raw)
            centre = (raw[..., :2] * 2 - 0.5 + cell) * stride
            size = (raw[..., 2:4] * 2) ** 2 * (self.anchors[index] * stride).view(3, 1, 1, 2)
            boxes.append(corners(centre, size).reshape(batch, -1, 4))
            scores.append((raw[..., 4:5] * raw[..., 5:]).reshape(batch, -1, COLUMNS - 5))
        return torch.cat(boxes, dim=1), torch.cat(scores, dim=1)


class Network(nn.Module):
    """Layer numbers are upstream's, so that its state dict fits."""

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d, e = WIDTHS
        none = nn.Identity
        self.model = nn.ModuleList([
            Conv(3, a, 6, 2, 2), Conv(a, b, 3, 2), C3(b, b), Conv(b, c, 3, 2), C3(c, c, 2), Conv(c, d, 3, 2),
            C3(d, d, 3), Conv(d, e, 3, 2), C3(e, e), Pool(e),
            Conv(e, d), none(), none(), C3(2 * d, d, 1, False), Conv(d, c), none(), none(), C3(2 * c, c, 1, False),
            Conv(c, c, 3, 2), none(), C3(2 * c, d, 1, False), Conv(d, d, 3, 2), none(), C3(2 * d, e, 1, False),
            Head((c, d, e)),
        ])  # fmt: skip

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        layer = self.model
        fine = self._through(pixels, 0, 5)
        middle = self._through(fine, 5, 7)
        coarse = self._through(middle, 7, 11)
        up_middle = self._through(torch.cat([_doubled(coarse), middle], dim=1), 13, 15)
        small = layer[17](torch.cat([_doubled(up_middle), fine], dim=1))
        medium = layer[20](torch.cat([layer[18](small), up_middle], dim=1))
        large = layer[23](torch.cat([layer[21](medium), coarse], dim=1))
        found: tuple[Tensor, Tensor] = layer[24]((small, medium, large))
        return found

    def _through(self, x: Tensor, first: int, last: int) -> Tensor:
        for layer in self.model[first:last]:
            x = layer(x)
        return x


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0)


class YoloV5n(nn.Module):
    """A :class:`physadv.core.protocols.Victim`."""

    name, labels, confidence = "yolov5n", COCO_80, 0.4
    task, access = Task.detection, AccessLevel.gradients

    def __init__(self, weights: Path, side_px: int = 640) -> None:
        super().__init__()
        state = load_file(weights)
        self.digest, self.side_px = digest_of_state(state), side_px
        self.network = Network()
        self.network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in state.items()})
        freeze(self)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return (self,)

    def outputs(self, images: Tensor) -> Candidates:
        pixels, fit = Conventions().prepare(images, (self.side_px, self.side_px))
        boxes, scores = self.network(pixels)
        return Candidates(fit.boxes_in_image(boxes), scores)

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        return decide(outputs, self.confidence if confidence is None else confidence, 0.5)
