"""Out of the computer: does an attack survive being printed and photographed? (Kurakin et al. 2017, arXiv:1607.02533)

Pictures are turned, shifted, brought nearer or farther, lit otherwise, blurred and made noisy, as a photo of a print
is. An attack that was made for the picture itself is held against one that was made for the mean over such photos
(expectation over transformation, Athalye et al. 2018, arXiv:1707.07397).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from physadv.core.seeding import generator
from physadv.engines.studies.theories.attacked import attacked, noisy, pgd
from physadv.engines.studies.theories.learning import right, taught_cnn
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import Share, series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import BarChart, PictureCell, PictureRows

EPS, DRAWS, JUDGED_DRAWS, STEPS = 0.2, 12, 8, 20
TURN_DEG, ZOOM, SHIFT, GAIN, NOISE = 12.0, 0.12, 0.06, 0.2, 0.03


@dataclass(frozen=True)
class Photo:
    """The circumstances of one photo, the same for every picture."""

    matrix: Tensor  # (2, 3) from the photo to the print, sides from -1 to 1
    gain: float
    grain: Tensor  # (1, h, w)

    @staticmethod
    def drawn(side_px: int, random: torch.Generator) -> Photo:
        """At random, about straight on."""
        turn, zoom, x, y, gain = (2 * torch.rand(5, generator=random) - 1).tolist()
        angle, scale = math.radians(TURN_DEG * turn), 1 + ZOOM * zoom
        cos, sin = scale * math.cos(angle), scale * math.sin(angle)
        matrix = torch.tensor([[cos, -sin, 2 * SHIFT * x], [sin, cos, 2 * SHIFT * y]])
        return Photo(matrix, 1 + GAIN * gain, NOISE * torch.randn(1, side_px, side_px, generator=random))

    def of(self, images: Tensor) -> Tensor:
        """``(B,3,h,w)``: bent, lit, grainy; gradient comes back. Resampling blurs."""
        grid = functional.affine_grid(self.matrix.expand(len(images), -1, -1), list(images.shape), align_corners=False)
        seen = functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
        return (seen * self.gain + self.grain).clamp(0, 1)


class Photographed(nn.Module):
    """A net that sees photos of what it is given: the mean of its answers over some of them."""

    def __init__(self, net: nn.Module, photos: list[Photo]) -> None:
        super().__init__()
        self.net, self.photos = net, photos

    def forward(self, images: Tensor) -> Tensor:
        """``(B, K)``: logarithms of mean probabilities."""
        said = [self.net(photo.of(images)).log_softmax(1) for photo in self.photos]
        return torch.stack(said).logsumexp(0) - math.log(len(said))


def study(task: StudyTask) -> StudyFindings:
    """One net; photos that judge are others than those that attacks were made with."""
    task.tell("a net learns")
    net, side = taught_cnn(task, task.seed), task.sets.side_px
    photos = [[Photo.drawn(side, generator(task.seed, f"{purpose}/{place}")) for place in range(count)]
              for purpose, count in (("made with", DRAWS), ("judged with", JUDGED_DRAWS))]  # fmt: skip
    known = task.sets.test.pick(right(net, task.sets.test) | torch.tensor(task.quick))
    steps = 3 if task.quick else STEPS
    task.tell("an attack on the picture")
    prints = {"clean": known, "noise": noisy(known, EPS, task.seed)}
    prints["PGD"] = known.with_images(attacked(net, known, pgd(steps, stop=False), EPS, seed=task.seed).images)
    task.tell("an attack on photos of it")
    through = attacked(Photographed(net, photos[0]), known, pgd(steps, stop=False), EPS, seed=task.seed)
    prints["PGD over photos"] = known.with_images(through.images)
    task.tell("photos")
    fooled = {name: (share(~right(net, one)), _of_photos(net, one, photos[1])) for name, one in prints.items()}
    return _found(fooled, prints, photos[1][:2], task)


def _of_photos(net: nn.Module, data: LabelledSet, photos: list[Photo]) -> Share:
    """Share of photos that are named wrong; the interval is over pictures."""
    return share([~right(net, data.with_images(photo.of(data.images))) for photo in photos])


def _found(
    fooled: dict[str, tuple[Share, Share]], prints: dict[str, LabelledSet], photos: list[Photo], task: StudyTask
) -> StudyFindings:
    screen, clean, noise = fooled["PGD"], fooled["clean"][1], fooled["noise"][1]
    plain, through = screen[1], fooled["PGD over photos"][1]
    survives, better = plain.low > max(clean.high, noise.high), through.low > plain.high
    words = [
        f"An attack on the picture fools the net on {screen[0]} on the screen and in {plain} of photos of the print "
        f"(clean prints: {clean}, noise: {noise}): it {'survives in part' if survives else 'hardly survives'}.",
        f"Made for the mean over photos it fools the net in {through} of new photos: "
        f"{'that is clearly more' if better else 'that is no clear gain here'}.",
    ]
    names = list(fooled)
    rows = [[PictureCell(one.images[0].permute(1, 2, 0).numpy(), name)
             for name, one in prints.items()]] if len(prints["clean"]) else []  # fmt: skip
    rows += [[PictureCell(photo.of(one.images[:1])[0].permute(1, 2, 0).numpy()) for one in prints.values()]
             for photo in photos if rows]  # fmt: skip
    charts: dict[str, BarChart | PictureRows] = {
        "fooled": BarChart(
            f"Share of pictures that the net names wrong at eps {EPS:g}, on the screen and in photos of the print",
            names, "wrong", [series_of("on the screen", [fooled[name][0] for name in names]),
                             series_of("in photos of the print", [fooled[name][1] for name in names])],
        ),
    }  # fmt: skip
    if rows:
        charts = {"prints": PictureRows("A picture under every attack, and two photos of its prints", rows,
                                        ["print", "photo", "photo"]), **charts}  # fmt: skip
    return StudyFindings(
        verdict=ClaimVerdict.seen if survives and better else ClaimVerdict.mixed if survives or better else (
            ClaimVerdict.unseen), words=words,
        columns=("print", "wrong on the screen", "wrong in photos", "low", "high", "pictures", "photos of each"),
        rows=[[name, one.value, other.value, other.low, other.high, one.n, other.nets]
              for name, (one, other) in fooled.items()],
        charts=charts,
        caveats=["A few affine transformations stand in for printer, air and camera. The whole way, in millimetres and "
                 "with measured inks, is what the rest of this package is for: try the commands."],
    )  # fmt: skip
