"""Three ways of others to make a patch that hides people: Thys et al. 2019, T-SEA's tricks, and ART.

Each is an iterator that takes one step whenever it is asked for the next, and gives the patch ``(3, h, w)`` as it
stands. All get square photos of the victim's own size, held in memory, and the people in them. The first two are
written from the papers and the published options, no line is theirs. Where we are kinder than the originals: a patch
is warped only where it lands, and only for people who are there, so that a step costs less time than theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.transforms import functional as transforms

from physadv.core.protocols import Victim
from physadv.core.scene_protocols import SceneSource
from physadv.library.colour.print_proof import ProofLut, spread_inks
from physadv.parts.transfer.shakedrop import Shake
from physadv.parts.victims.letterbox import letterbox

TEXELS = 300  # along each side
BATCH = 8
PERSON = "person"
MARGIN = 1.5  # a turned square needs 1.42 of its side


@dataclass(frozen=True)
class Photos:
    """Square pictures and the people in them."""

    rgb_u8: Tensor  # (N, 3, S, S)
    boxes: tuple[Tensor, ...]  # (n, 4) each, as the victim reports them: so Thys et al. label their photos
    tallest: tuple[Tensor, ...]  # (1, 4) each, of the tallest person who wears a print
    chests: tuple[tuple[float, float, float], ...]  # x, y and side of that print

    @staticmethod
    @torch.no_grad()
    def of(source: SceneSource, victim: Victim, side_px: int, width_mm: float) -> Photos:
        """All photos in which somebody wears the print and the victim sees somebody."""
        pictures, boxes, tallest, chests = [], [], [], []
        for scene in source.sweep(1):
            rows = scene.wears.nonzero().squeeze(1)
            if not len(rows):
                continue
            square, fit = letterbox(scene.srgb, (side_px, side_px), centred=True)
            scale, (left, top) = fit.scale_xy[0], fit.offset_xy
            (report,) = victim.decide(victim.outputs(square))
            people = report.boxes_xyxy_px[report.labels == victim.labels.index(PERSON)]
            if not len(people):
                continue
            pictures.append((square[0] * 255).round().to(torch.uint8))
            boxes.append(people)
            row = max(rows.tolist(), key=lambda r: float(scene.boxes_xyxy_px[r, 3] - scene.boxes_xyxy_px[r, 1]))
            tallest.append(scene.boxes_xyxy_px[row : row + 1] * scale + torch.tensor([left, top, left, top]))
            surface = scene.image_from_surface[row]
            x, y = (float(v) * scale + off for v, off in zip(surface[:2, 2] / surface[2, 2], (left, top), strict=True))
            chests.append((x, y, float(surface[0, 0] / surface[2, 2]) * scale * width_mm))
        return Photos(torch.stack(pictures), tuple(boxes), tuple(tallest), tuple(chests))

    def epochs(self, random: torch.Generator) -> Iterator[list[int]]:
        """Batches of rows, every photo once an epoch, without end."""
        while True:
            order = torch.randperm(len(self.boxes), generator=random).tolist()
            yield from (order[i : i + BATCH] for i in range(0, len(order) - BATCH + 1, BATCH))


@dataclass(frozen=True)
class Recipe:
    """How the patch is shown while optimising, and what is asked of it."""

    side: float  # of the patch, as a share of the box's diagonal
    up: float  # how far above the middle of the box, as a share of the picture
    printable: float  # weight of the non-printability score
    cutout: float = 0.0  # share of the patches with a grey square
    shake: float = 0.0  # chance of a residual branch to be shaken
    augment: float = 0.0  # chance of each change of the photo
    patience: int = 50  # epochs without progress until the step size falls
    factor: float = 0.1  # by which it does


THYS = Recipe(side=0.2, up=0.05, printable=0.01)
T_SEA = Recipe(side=0.15, up=0.0, printable=0.0, cutout=0.9, shake=0.5, augment=0.5, patience=10, factor=0.97)


def printed_on_boxes(recipe: Recipe, victim: Victim, photos: Photos, random: torch.Generator) -> Iterator[Tensor]:
    """The recipe of Thys et al. 2019 (arXiv:1904.08653, §3), or with T-SEA's (Huang et al. 2023) what it adds.

    The highest score of a person in the picture, plus ``max(2.5 TV, 0.1)`` plus ``0.01 NPS``; Adam with amsgrad, 0.03.
    Thys' best patch lowers YOLOv2's objectness; a score of YOLOX is objectness times class, his third variant.
    """
    patch = torch.full((3, TEXELS, TEXELS), 0.5, requires_grad=True)
    optimizer = torch.optim.Adam([patch], lr=0.03, amsgrad=True)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=recipe.patience, factor=recipe.factor)
    shake = Shake(victim, probability=recipe.shake, forward=(0.0, 2.0), backward=(0.0, 2.0)) if recipe.shake else None
    inks, person, losses = spread_inks(ProofLut.load(), 30), victim.labels.index(PERSON), []
    for rows in photos.epochs(random):
        pictures, boxes = _photos(recipe, photos, rows, random)
        smooth = _median(patch)
        shown = [_worn(recipe, one, mine, smooth, random) for one, mine in zip(pictures, boxes, strict=True)]
        with shake(random) if shake else nullcontext():
            loss = victim.outputs(torch.stack(shown)).scores[..., person].amax(1).mean()
        loss = loss + (2.5 * _variation(patch)).clamp_min(0.1)
        if recipe.printable:
            loss = loss + recipe.printable * _unprintable(patch, inks)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        with torch.no_grad():
            patch.clamp_(0, 1)
        losses.append(loss.item())
        if len(losses) == len(photos.boxes) // BATCH:
            plateau.step(sum(losses) / len(losses))
            losses = []
        yield patch.detach()


def _photos(
    recipe: Recipe, photos: Photos, rows: list[int], random: torch.Generator
) -> tuple[list[Tensor], list[Tensor]]:
    """The photos of these rows; for T-SEA some mirrored, some in other light (its turn by 5 degrees is left out)."""
    pictures = [photos.rgb_u8[row] / 255 for row in rows]
    boxes = [photos.boxes[row] for row in rows]
    if recipe.augment:
        for i, picture in enumerate(pictures):
            if _uniform(0, 1, random) < recipe.augment:
                pictures[i], side = picture.flip(2), picture.shape[2]
                boxes[i] = torch.stack(
                    [side - boxes[i][:, 2], boxes[i][:, 1], side - boxes[i][:, 0], boxes[i][:, 3]], 1
                )
            if _uniform(0, 1, random) < recipe.augment:
                brighter = transforms.adjust_brightness(pictures[i], _uniform(0.9, 1.1, random))
                pictures[i] = transforms.adjust_contrast(brighter, _uniform(0.9, 1.1, random))
    return pictures, boxes


def _worn(recipe: Recipe, picture: Tensor, boxes: Tensor, smooth: Tensor, random: torch.Generator) -> Tensor:
    """The patch on every person, each time in other contrast, brightness, noise and turn."""
    for left, top, right, bottom in boxes.tolist():
        side = recipe.side * math.hypot(right - left, bottom - top)
        if side < 1:
            continue
        noise = (torch.rand(smooth.shape, generator=random) * 2 - 1) * 0.1
        changed = smooth * _uniform(0.8, 1.2, random) + _uniform(-0.1, 0.1, random) + noise
        changed = changed.clamp(1e-6, 1 - 1e-6)
        if _uniform(0, 1, random) < recipe.cutout:
            changed = _cut_out(changed, 0.4, random)
        middle = ((left + right) / 2, (top + bottom) / 2 - recipe.up * picture.shape[1])
        picture = _pasted(picture, changed, middle, side, math.radians(_uniform(-20, 20, random)))
    return picture


def _pasted(picture: Tensor, patch: Tensor, middle: tuple[float, float], side: float, turn: float) -> Tensor:
    """One bilinear sample a pixel, as they take it."""
    size, reach = picture.shape[1], math.ceil(MARGIN * side / 2) + 1
    x0, y0 = (max(0, math.floor(m) - reach) for m in middle)
    x1, y1 = (min(size, math.floor(m) + reach + 1) for m in middle)
    if x1 <= x0 or y1 <= y0:
        return picture
    y, x = torch.meshgrid(torch.arange(y0, y1) - middle[1], torch.arange(x0, x1) - middle[0], indexing="ij")
    cos, sin = math.cos(turn) * 2 / side, math.sin(turn) * 2 / side
    grid = torch.stack([cos * x + sin * y, cos * y - sin * x], -1)
    here = F.grid_sample(patch[None], grid[None], align_corners=False)[0]
    under = picture[:, y0:y1, x0:x1]
    return torch.cat([  # not in place: the graph needs what is under it
        picture[:, :y0],
        torch.cat([picture[:, y0:y1, :x0], torch.where(here == 0, under, here), picture[:, y0:y1, x1:]], 2),
        picture[:, y1:],
    ], 1)  # fmt: skip


def _median(patch: Tensor, width: int = 7) -> Tensor:
    padded = F.pad(patch[None], (width // 2,) * 4, mode="reflect")[0]
    return padded.unfold(1, width, 1).unfold(2, width, 1).flatten(3).median(3).values


def _cut_out(patch: Tensor, share: float, random: torch.Generator) -> Tensor:
    side = round(share * patch.shape[1])
    y, x = (int(torch.randint(patch.shape[1] - side + 1, (), generator=random)) for _ in range(2))
    kept = torch.ones_like(patch)
    kept[:, y : y + side, x : x + side] = 0
    return patch * kept + 0.5 * (1 - kept)


def _variation(patch: Tensor) -> Tensor:
    across = (patch[:, :, 1:] - patch[:, :, :-1]).abs().sum() + (patch[:, 1:] - patch[:, :-1]).abs().sum()
    return across / patch.numel()


def _unprintable(patch: Tensor, inks: Tensor) -> Tensor:
    colours = patch.flatten(1).T
    with torch.no_grad():
        nearest = inks[torch.cdist(colours, inks).argmin(1)]
    return torch.linalg.vector_norm(colours - nearest + 1e-6, dim=1).sum() / patch.numel()


def _uniform(low: float, high: float, random: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=random))


class _Detector(nn.Module):
    """The victim as ART wants it: in training it gives a loss, else boxes."""

    def __init__(self, victim: Victim) -> None:
        super().__init__()
        self._victim = [victim]  # in a list: ART may not switch its mode

    def forward(self, pictures: Tensor, targets: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Cross-entropy of the person's score over all candidates that overlap the target, as detectors are trained."""
        from torchvision.ops import box_iou

        outputs = self._victim[0].outputs(pictures)
        terms = []
        for boxes, scores, target in zip(outputs.boxes_xyxy_px, outputs.scores, targets, strict=True):
            matched = (box_iou(boxes.detach(), target["boxes"].float()) > 0.5).any(1)
            person = scores[matched, self._victim[0].labels.index(PERSON)]
            terms.append(-person.clamp(1e-6, 1).log().sum() / max(1, int(matched.sum())))
        return {"loss": torch.stack(terms).mean()}


def art(victim: Victim, photos: Photos, random: torch.Generator) -> Iterator[Tensor]:
    """ART's AdversarialPatchPyTorch. It lays one patch on a picture: told here to lay it on the largest person's chest.

    Its step size is for pictures from 0 to 255; here 0.03 as for the others. Rotation as in its defaults.
    """
    from art.attacks.evasion import AdversarialPatchPyTorch
    from art.estimators.object_detection import PyTorchObjectDetector

    np.random.seed(int(torch.randint(2**31, (), generator=random)))  # noqa: NPY002 - ART draws from it
    side_px = photos.rgb_u8.shape[2]
    detector = PyTorchObjectDetector(
        _Detector(victim),
        input_shape=(3, side_px, side_px),
        clip_values=(0, 1),
        attack_losses=("loss",),
        device_type="cpu",
    )
    low, high = np.quantile([side for *_, side in photos.chests], [0.1, 0.9]) / side_px
    attack = AdversarialPatchPyTorch(
        detector, scale_min=float(low), scale_max=float(high), learning_rate=0.03, max_iter=1, batch_size=BATCH,
        patch_shape=(3, TEXELS, TEXELS), patch_type="square", optimizer="Adam", targeted=False, verbose=False,
    )  # fmt: skip
    border = math.ceil(high * side_px / 2) + 2  # it refuses a patch that would stick out
    for rows in photos.epochs(random):
        masks = np.zeros((BATCH, side_px, side_px), dtype=bool)
        targets = []
        for mask, row in zip(masks, rows, strict=True):
            x, y = (min(max(int(v), border), side_px - 1 - border) for v in photos.chests[row][:2])
            mask[y - 1 : y + 2, x - 1 : x + 2] = True
            targets.append(_target(photos.tallest[row]))
        attack.generate((photos.rgb_u8[rows] / 255).numpy(), targets, mask=masks, shuffle=False)
        yield attack._patch.detach().float()


def _target(box: Tensor) -> dict[str, np.ndarray]:
    """One person: ART stacks targets, so that each picture must have as many."""
    return {"boxes": box.numpy(), "labels": np.zeros(1, dtype=np.int64), "scores": np.ones(1, dtype=np.float32)}
