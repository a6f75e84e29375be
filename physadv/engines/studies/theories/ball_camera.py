"""An automatic camera: a net that says where the ball is, and what the camera follows by it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.seeding import fenced, generator
from physadv.engines.studies.theories.pitch import HEIGHT, WIDTH, Head, film, rendered

STRIDE, BATCH, LR = 2, 16, 4e-3
NEAR_PX = 5.0
"""A camera that looks this near to something looks at it."""
STRIDES_PX, PATIENCE = 9.0, 6
"""Of a camera that remembers: how far the ball may get in a frame, and after how many frames it is looked for anew."""


class BallFinder(nn.Module):
    """``(B, 3, H, W)`` sRGB → ``(B, H/2, W/2)`` logits of a ball at every place."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 12, 5, stride=STRIDE, padding=2), nn.ReLU(), nn.Conv2d(12, 16, 3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 1, 1),
        )  # fmt: skip
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        nn.init.constant_(last.bias if last.bias is not None else torch.zeros(1), -4.0)  # balls are rare

    def forward(self, images: Tensor) -> Tensor:
        """As said."""
        said: Tensor = self.layers(images)
        return said[:, 0]


def finder(frames: int, steps: int, seed: int, heads: Sequence[Head] = (Head(),)) -> BallFinder:
    """A net that has learnt from so many frames with linesmen of each kind, the ball marked in all of them."""
    images, wanted = [], []
    for place, head in enumerate(heads):
        match = film(10_000 + 100 * seed + place, frames // len(heads), scattered=True)
        images.append(rendered(match, head))
        wanted.append(_heat(match.ball))
    pictures, heat = torch.cat(images), torch.cat(wanted)
    with fenced(seed):
        net = BallFinder()
    adam = torch.optim.Adam(net.parameters(), lr=LR)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    random = generator(seed, "ball finder")
    for _ in range(steps):
        rows = torch.randint(len(pictures), (BATCH,), generator=random)
        logits, goal = net(pictures[rows]), heat[rows]
        surprise = (goal - logits.sigmoid()).abs().square().detach()  # as in a focal loss: grass is soon known
        loss = functional.binary_cross_entropy_with_logits(logits, goal, surprise, reduction="sum") / BATCH
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        fall.step()
    return net.eval().requires_grad_(False)


def _heat(ball: Tensor) -> Tensor:
    """``(T, H/2, W/2)`` a hill of height 1 at the ball."""
    x = torch.arange(WIDTH // STRIDE) * STRIDE - ball[:, 0, None, None]
    y = torch.arange(HEIGHT // STRIDE)[:, None] * STRIDE - ball[:, 1, None, None]
    return torch.exp(-(x.square() + y.square()) / (2 * 1.5**2))


def cells_near(at: Tensor) -> Tensor:
    """``(T, H/2, W/2)`` bool: the cells within ``NEAR_PX`` of a place in every frame."""
    x = torch.arange(WIDTH // STRIDE) * STRIDE - at[:, 0, None, None]
    y = torch.arange(HEIGHT // STRIDE)[:, None] * STRIDE - at[:, 1, None, None]
    return x.square() + y.square() <= NEAR_PX**2


@torch.no_grad()
def looks_at(net: BallFinder, frames: Tensor, start: Tensor | None = None) -> Tensor:
    """``(T, 2)`` where a camera looks that takes the highest place of every frame by itself, wherever it began."""
    return _places(net(frames))


@torch.no_grad()
def follows(net: BallFinder, frames: Tensor, start: Tensor) -> Tensor:
    """``(T, 2)`` where a camera looks that remembers: a ball does not jump. It is pointed at the ``start`` ``(2,)``."""
    logits = net(frames)
    x = torch.arange(WIDTH // STRIDE) * float(STRIDE)
    y = torch.arange(HEIGHT // STRIDE)[:, None] * float(STRIDE)
    at, missed, seen = start, 0, []
    for one in logits:
        far = (x - at[0]).square() + (y - at[1]).square() > STRIDES_PX**2
        near = one.masked_fill(far, -torch.inf)
        if float(near.max()) > 0 or missed >= PATIENCE:
            at = _places((one if missed >= PATIENCE else near)[None])[0]
            missed = 0
        else:
            missed += 1
        seen.append(at)
    return torch.stack(seen)


def _places(logits: Tensor) -> Tensor:
    best = logits.flatten(1).argmax(1)
    columns = WIDTH // STRIDE
    return torch.stack([best % columns, best // columns], 1).float() * STRIDE
