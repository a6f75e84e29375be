"""The bald head: an automatic camera that follows the ball follows a linesman instead.

After a match in 2020 whose camera took a linesman's head for the ball. Here a small net learns to find the ball in a
drawn match; then the linesman loses his hair. How often the camera looks at him is told by how much his head shines;
with a cap whose print was made for that; and with defences: a net that has seen bald heads, and a camera that
remembers where it was pointed at kick-off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from physadv.core.seeding import generator
from physadv.engines.studies.theories.ball_camera import BallFinder, cells_near, finder, follows, looks_at
from physadv.engines.studies.theories.match_files import as_film, as_onnx
from physadv.engines.studies.theories.pitch import Head, MatchFilm, film, rendered
from physadv.engines.studies.theories.shares import Share, series_of
from physadv.engines.studies.theories.study import Cell, ClaimVerdict, StudyFindings, StudyTask
from physadv.library.metrics.interval import clustered_wilson
from physadv.library.report.pictures.charts import BarChart, Grid, LineChart, PictureCell, PictureRows, Series

FRAMES, LEARNT, STEPS = 30, 480, 350
FILMS, QUICK_FILMS = 24, 2
TEXELS, PRINT_STEPS, PRINT_LR = 6, 80, 0.05
SHINES = (0.0, 0.25, 0.5, 0.75, 1.0)
NEAR_PX = 5.0

YELLOW = (1.0, 0.9, 0.0)

Camera = Callable[[BallFinder, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class _Watched:
    """What a camera looked at, over several films."""

    decoy: Share
    ball: Share


def study(task: StudyTask) -> StudyFindings:
    """Nets learn from linesmen with hair, unless said otherwise; every film is of a match that none has seen."""
    quick = task.quick
    steps, frames, length = (5, 32, 4) if quick else (STEPS, LEARNT, FRAMES)
    films = [film(task.seed * 1000 + place, length) for place in range(QUICK_FILMS if quick else FILMS)]
    task.tell("a net learns to find the ball")
    plain = finder(frames, steps, task.seed)
    task.tell("another learns with bald heads")
    known = [Head(), *(Head(shine) for shine in SHINES[::2])]
    hardened = finder(frames, steps, task.seed, known)
    shines = []
    for shine in (None, *SHINES):
        task.tell("hair" if shine is None else f"shine {shine:g}")
        shines.append((shine, _watched(plain, films, Head(shine), looks_at)))
    caps = {"grey cap": torch.full((3, TEXELS, TEXELS), 0.5), "random cap": _random_cap(task.seed)}
    task.tell("a print for a cap")
    printed = optimised(plain, task.seed, 2 if quick else PRINT_STEPS)
    task.tell("a print against the net that knows bald heads")
    adaptive = optimised(hardened, task.seed, 2 if quick else PRINT_STEPS)
    heads = {"hair": Head(), "bald, shining": Head(1.0)} | {name: Head(cap=cap) for name, cap in caps.items()}
    cameras: dict[str, tuple[BallFinder, Camera, Tensor]] = {
        "plain": (plain, looks_at, printed), "knows bald heads": (hardened, looks_at, adaptive),
        "remembers": (plain, follows, printed), "both": (hardened, follows, adaptive),
    }  # fmt: skip
    table: dict[str, dict[str, _Watched]] = {}
    for name, (net, camera, cap) in cameras.items():
        task.tell(f"camera: {name}")
        arms = heads | {"printed cap": Head(cap=cap)}
        table[name] = {arm: _watched(net, films, head, camera) for arm, head in arms.items()}
    shown = _shown(films[0], plain, [*heads.items(), ("printed cap", Head(cap=printed))])
    task.tell("files for watch")
    bald = torch.cat([rendered(match, Head(1.0)) for match in films[:3]])
    files = {"ball-finder.onnx": as_onnx(plain), "match.avi": as_film(bald)}
    return replace(_found(shines, table, shown), files=files)


def _random_cap(seed: int) -> Tensor:
    return torch.rand(3, TEXELS, TEXELS, generator=generator(seed, "random cap"))


def optimised(net: BallFinder, seed: int, steps: int) -> Tensor:
    """``(3, k, k)`` a print that draws the camera: the head's best place must beat the best elsewhere.

    Over scattered moments, each step of others: what helps in one place only does not last.
    """
    cap = torch.full((3, TEXELS, TEXELS), 0.8).requires_grad_()  # near white: nearer to a ball than grey is
    adam = torch.optim.Adam([cap], lr=PRINT_LR)
    for step in range(steps):
        moments = film(20_000 + 1000 * seed + step, 8, scattered=True)
        logits = net(rendered(moments, Head(cap=cap)))
        here = cells_near(moments.head)
        head, elsewhere = (logits.masked_fill(mask, -torch.inf).flatten(1).amax(1) for mask in (~here, here))
        adam.zero_grad(set_to_none=True)
        (elsewhere - head).mean().backward()
        adam.step()
        with torch.no_grad():
            cap.clamp_(0, 1)
    return cap.detach()


def _watched(net: BallFinder, films: Sequence[MatchFilm], head: Head, camera: Camera) -> _Watched:
    decoy, ball = [], []
    for match in films:
        with torch.no_grad():
            at = camera(net, rendered(match, head), match.ball[0])
        decoy.append((at - match.head).norm(dim=1) <= NEAR_PX)
        ball.append((at - match.ball).norm(dim=1) <= NEAR_PX)
    return _Watched(_clustered(decoy), _clustered(ball))


def _clustered(films: Sequence[Tensor]) -> Share:
    """Frames of one film stand or fall together."""
    flags = np.concatenate([one.numpy() for one in films])
    cluster = np.repeat(np.arange(len(films)), [len(one) for one in films])
    low, high = clustered_wilson(flags, cluster, len(flags))
    return Share(float(flags.mean()), low, high, len(flags), 1)


def _shown(match: MatchFilm, net: BallFinder, heads: Sequence[tuple[str, Head]]) -> list[PictureCell]:
    """The last moment of a film under every head, and where the camera looks."""
    shown = []
    for name, head in heads:
        frames = rendered(match, head)
        shown.append(PictureCell(_framed(frames[-1], looks_at(net, frames)[-1]), name))
    return shown


def _framed(frame: Tensor, at: Tensor) -> Grid:
    """``(H, W, 3)`` with a yellow frame round the place."""
    picture: Grid = frame.permute(1, 2, 0).numpy().astype(np.float32)
    height, width = picture.shape[:2]
    x, y = (int(value) for value in at.round())
    left, right, top, bottom = max(0, x - 6), min(width - 1, x + 6), max(0, y - 6), min(height - 1, y + 6)
    for edge in (top, bottom):
        picture[edge, left : right + 1] = YELLOW
    for edge in (left, right):
        picture[top : bottom + 1, edge] = YELLOW
    return picture


def _found(
    shines: Sequence[tuple[float | None, _Watched]],
    table: Mapping[str, Mapping[str, _Watched]],
    shown: list[PictureCell],
) -> StudyFindings:
    plain = {arm: one.decoy for arm, one in table["plain"].items()}
    hair, bald, print_ = plain["hair"], plain["bald, shining"], plain["printed cap"]
    control = max(plain["grey cap"], plain["random cap"], key=lambda one: one.value)
    fooled, worse = bald.low > hair.high, print_.low > max(bald.high, control.high)
    best = min((name for name in table if name != "plain"), key=lambda name: _worst(table[name]).value)
    mended = _worst(table[best]).high < _worst(table["plain"]).low
    verdict = ClaimVerdict.seen if fooled else ClaimVerdict.unseen
    words = [
        f"The camera looks at the linesman in {hair} of the frames when he has hair, and in {bald} when he is bald and "
        f"his head shines: {'it takes the head for the ball' if fooled else 'it is not clearly misled'}.",
        f"Under a cap with a print made against the net it looks at him in {print_} of the frames; under a grey or a "
        f"random cap in {control} at most: {'a print makes it worse' if worse else 'the print is not clearly worse'}.",
        f"Best defended is the camera that {_defence(best)}: at worst {_worst(table[best])} of the frames, prints made "
        f"against its own net included. {'That mends it for the most part' if mended else 'That is no clear gain'}.",
    ]
    arms = list(table["plain"])
    return StudyFindings(
        verdict=verdict, words=words,
        columns=("camera", "linesman", "looks at his head", "low", "high", "looks at the ball", "frames"),
        rows=[_row(name, arm, one) for name, row in table.items() for arm, one in row.items()]
        + [_row("plain", "hair" if shine is None else f"bald, shine {shine:g}", one) for shine, one in shines],
        charts={
            "match": PictureRows("One moment under every head, and in yellow where the camera looks",
                             [shown[:3], shown[3:]], scale=2.4),
            "shine": LineChart(
                "Share of frames in which the camera looks at the linesman's head, over how much it shines",
                "shine of a bald head", "camera looks at it",
                [series_of("bald", [one.decoy for shine, one in shines if shine is not None],
                           [shine for shine, _ in shines if shine is not None]),
                 Series("with hair", [hair.value, hair.value], x=[0.0, 1.0], faint=True)], share=True,
            ),
            "cameras": BarChart(
                "Share of frames in which the camera looks at the linesman's head, by camera and head", arms,
                "camera looks at the head",
                [series_of(name, [row[arm].decoy for arm in arms]) for name, row in table.items()],
            ),
        },
        caveats=[f"A drawn match and a net of {sum(p.numel() for p in BallFinder().parameters()):,} parameters: that "
                 "a bright round head can stand in for a ball is shown, not how often it happens to cameras on sale. "
                 "Intervals take the frames of one film together."],
    )  # fmt: skip


def _row(camera: str, linesman: str, one: _Watched) -> list[Cell]:
    return [camera, linesman, one.decoy.value, one.decoy.low, one.decoy.high, one.ball.value, one.decoy.n]


def _worst(row: Mapping[str, _Watched]) -> Share:
    return max((one.decoy for one in row.values()), key=lambda share: share.value)


def _defence(name: str) -> str:
    return {"both": "knows bald heads and remembers"}.get(name, name)
