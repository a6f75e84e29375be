"""One pixel can suffice (Su, Vargas & Sakurai 2019, arXiv:1710.08864): differential evolution looks for the pixel.

Random pixels, as many and set to random grey, are the control.
"""

from __future__ import annotations

import torch
from torch import Tensor

from physadv.core.problem.perturbation_problem import Norm
from physadv.core.seeding import generator
from physadv.engines.studies.theories.attacked import attacked_and_counted
from physadv.engines.studies.theories.learning import logits_of, right, taught_cnn
from physadv.engines.studies.theories.pictures import LabelledSet
from physadv.engines.studies.theories.shares import series_of, share
from physadv.engines.studies.theories.study import ClaimVerdict, StudyFindings, StudyTask
from physadv.library.report.pictures.charts import LineChart, PictureCell, PictureRows, Series
from physadv.parts.attacks.perturbation.one_pixel import OnePixel
from physadv.parts.attacks.perturbation.options_black_box import OnePixelConfig

PIXELS, POPULATION, GENERATIONS, SHOWN = (1, 2, 3, 5), 30, 20, 6


def study(task: StudyTask) -> StudyFindings:
    """One, two, three and five pixels of pictures that the net knows; it is only asked for its scores."""
    task.tell("a net learns")
    net, test = taught_cnn(task, task.seed), task.sets.test
    known = test.pick(right(net, test) | torch.tensor(task.quick)).first(max(6, task.effort.test // 3))
    attack = OnePixel(OnePixelConfig(population=6 if task.quick else POPULATION,
                                     generations=2 if task.quick else GENERATIONS))  # fmt: skip
    fooled, chance, asked, images = [], [], [], []
    counts = task.some(PIXELS)
    for count in counts:
        task.tell(f"{count} pixel{'s' if count > 1 else ''}")
        made, queries = attacked_and_counted(net, known, attack, float(count), norm=Norm.l0, seed=task.seed)
        fooled.append(share(made.success))
        asked.append(float(queries.float().mean()))
        chance.append(share(~right(net, _random_pixels(known, count, task.seed))))
        images.append((made.images, made.success))
    words = [
        f"Of pictures of {known.images.shape[-1]} x {known.images.shape[-1]} that the net knows, a change of {count} "
        f"pixel{'s' if count > 1 else ''} fools it on {one}; as many random pixels on {other}."
        for count, one, other in zip(counts, fooled, chance, strict=True) if count in (counts[0], counts[-1])
    ]  # fmt: skip
    control = series_of("random pixels", chance, counts)
    return StudyFindings(
        verdict=ClaimVerdict.shown, words=words,
        columns=("pixels", "fooled", "low", "high", "fooled by random pixels", "questions asked, mean", "pictures"),
        rows=[[count, one.value, one.low, one.high, other.value, mean, one.n]
              for count, one, other, mean in zip(counts, fooled, chance, asked, strict=True)],
        charts={
            "fooled": LineChart(
                "Share of pictures that fool the net, over the number of pixels changed", "pixels", "fooled",
                [series_of("found by evolution", fooled, counts),
                 Series(control.name, control.y, control.low, control.high, counts, faint=True)], share=True,
            ),
            "pixels": PictureRows(
                f"Pictures with {counts[-1]} pixels changed, and what the net says",
                [[PictureCell(one.permute(1, 2, 0).numpy(), f"“{task.sets.names[label]}”")
                  for one, label in zip(*_shown(net_says=logits_of(net, images[-1][0]).argmax(1), images=images[-1][0],
                                                success=images[-1][1]), strict=True)]],
            ),
        },
        caveats=[f"One pixel of {known.images.shape[-1] ** 2} is a larger share of a small picture than of a photo. "
                 f"The search is short ({POPULATION} candidates, {GENERATIONS} generations); a longer one finds more."],
    )  # fmt: skip


def _random_pixels(data: LabelledSet, count: int, seed: int) -> LabelledSet:
    """So many pixels of every picture at random places, each black or white."""
    random = generator(seed, f"random pixels {count}")
    n, _, height, width = data.images.shape
    places = torch.rand(n, height * width, generator=random).argsort(1)[:, :count]
    values = torch.randint(2, (n, count), generator=random).float()
    flat = data.images.flatten(2).clone()
    flat.scatter_(2, places[:, None].expand(-1, 3, -1), values[:, None].expand(-1, 3, -1))
    return data.with_images(flat.reshape(data.images.shape))


def _shown(net_says: Tensor, images: Tensor, success: Tensor) -> tuple[Tensor, list[int]]:
    """Those that succeeded first."""
    rows = success.int().argsort(descending=True, stable=True)[:SHOWN]
    return images[rows], net_says[rows].tolist()
