"""A drawn football match, seen by a camera high above the touchline: pitch, players, a ball and a linesman.

Everything round is a disc with soft edges, so that gradient reaches what the linesman wears on his head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from physadv.core.seeding import generator

HEIGHT, WIDTH = 72, 128
BALL_PX, HEAD_PX, PLAYERS = 2.4, 2.6, 6
LINE_Y = 62.0  # of the touchline that the linesman runs along
SKIN, HAIR = (0.87, 0.68, 0.56), ((0.12, 0.09, 0.07), (0.30, 0.20, 0.12), (0.62, 0.48, 0.25))


@dataclass(frozen=True)
class Head:
    """The linesman's head: with hair, or bald and more or less shining, or under a cap with a print."""

    shine: float | None = None  # of a bald one: 0 is dull, 1 reflects the sky; None: with hair
    cap: Tensor | None = None  # (3, k, k) sRGB of a cap seen from above, which hides hair and skin


@dataclass(frozen=True)
class MatchFilm:
    """Where everything is, frame by frame."""

    ball: Tensor  # (T, 2) x, y in px
    head: Tensor  # (T, 2) of the linesman
    players: Tensor  # (T, P, 2)
    seed: int

    def __len__(self) -> int:
        return len(self.ball)


def film(seed: int, frames: int, *, scattered: bool = False) -> MatchFilm:
    """A spell of play whose ways the seed tells; ``scattered``: every frame is of another moment, to learn from."""
    random = generator(seed, "match")
    ball = _ways(1, frames, random, scattered)[:, 0]
    players = _ways(PLAYERS, frames, random, scattered)
    behind = ball[:, 0] if scattered else _smooth(ball[:, 0], 9)
    x = (behind + 14 * torch.randn((frames,) if scattered else (1,), generator=random)).clamp(6, WIDTH - 6)
    y = LINE_Y + 4 + torch.rand((frames,) if scattered else (1,), generator=random) * 2
    return MatchFilm(ball, torch.stack([x, y.expand(frames)], 1), players, seed)


def _ways(count: int, frames: int, random: torch.Generator, scattered: bool) -> Tensor:
    """``(T, count, 2)`` smooth ways on the pitch."""
    low, high = torch.tensor([6.0, 18.0]), torch.tensor([WIDTH - 6.0, LINE_Y - 3])
    if scattered:
        return low + (high - low) * torch.rand(frames, count, 2, generator=random)
    posts = torch.rand(count, 2, 2 + frames // 15, generator=random)
    ways = functional.interpolate(posts, frames, mode="linear", align_corners=True)
    return low + (high - low) * torch.stack([_smooth(one, 7) for one in ways.flatten(0, 1)]).reshape(
        count, 2, frames
    ).permute(2, 0, 1)


def _smooth(values: Tensor, window: int) -> Tensor:
    padded = functional.pad(values[None, None], (window // 2, window // 2), mode="replicate")
    return functional.avg_pool1d(padded, window, 1)[0, 0]


def rendered(match: MatchFilm, head: Head) -> Tensor:
    """``(T, 3, HEIGHT, WIDTH)`` sRGB; gradient flows to the cap. The same match differs in nothing but the head."""
    random = generator(match.seed, "looks")
    picture = _pitch(random).expand(len(match), -1, -1, -1)
    for place in range(PLAYERS):
        shirt = torch.tensor([(0.75, 0.15, 0.15), (0.15, 0.25, 0.75)][place % 2])
        picture = _person(picture, match.players[:, place], shirt, _hair(random))
    hair = _hair(random)
    picture = _person(picture, match.head, torch.tensor([0.1, 0.1, 0.12]), hair)
    picture = _on_head(picture, match.head, head)
    picture = _ball(picture, match.ball)
    noise = 0.015 * torch.randn(picture.shape, generator=random)
    return (picture + noise).clamp(0, 1)


def _pitch(random: torch.Generator) -> Tensor:
    """Mown stripes, lines, and above them a crowd."""
    x = torch.arange(WIDTH).expand(HEIGHT, WIDTH)
    y = torch.arange(HEIGHT)[:, None].expand(HEIGHT, WIDTH)
    stripes = 0.03 * ((x // 16) % 2)[None]
    grass = torch.tensor([0.20, 0.47, 0.19])[:, None, None] + stripes
    grass = grass + 0.02 * torch.randn(1, HEIGHT, WIDTH, generator=random)
    lines = ((y - LINE_Y).abs() < 0.8) | ((x - WIDTH / 2).abs() < 0.8) & (y > 14) & (y < LINE_Y)
    grass = torch.where(lines[None], torch.full_like(grass, 0.85), grass)
    crowd = functional.interpolate(torch.rand(1, 3, 5, WIDTH // 3, generator=random), (14, WIDTH))[0]
    return torch.cat([0.2 + 0.5 * crowd, grass[:, 14:]], 1)[None]


def _hair(random: torch.Generator) -> Tensor:
    return torch.tensor(HAIR)[int(torch.randint(len(HAIR), (), generator=random))]


def _offsets(at: Tensor) -> tuple[Tensor, Tensor]:
    """``(T, H, W)`` x and y from a place in every frame."""
    x = torch.arange(WIDTH)[None, None] - at[:, 0, None, None]
    y = torch.arange(HEIGHT)[None, :, None] - at[:, 1, None, None]
    return x.expand(-1, HEIGHT, -1), y.expand(-1, -1, WIDTH)


def _disc(at: Tensor, radius_px: float, stretch: float = 1.0) -> Tensor:
    """``(T, 1, H, W)`` cover of a disc, of an ellipse where it is stretched upwards."""
    x, y = _offsets(at)
    return torch.sigmoid(4 * (radius_px - (x.square() + (y / stretch).square()).sqrt()))[:, None]


def _over(picture: Tensor, cover: Tensor, colour: Tensor) -> Tensor:
    return picture * (1 - cover) + cover * (colour[:, None, None] if colour.ndim == 1 else colour)


def _person(picture: Tensor, at: Tensor, shirt: Tensor, hair: Tensor) -> Tensor:
    """Shoulders below a head, which is at the place."""
    picture = _over(picture, _disc(at + torch.tensor([0.0, 5.0]), 2.6, 1.7), shirt)
    return _over(picture, _disc(at, HEAD_PX), hair)


def _on_head(picture: Tensor, at: Tensor, head: Head) -> Tensor:
    if head.shine is not None:
        skin = torch.tensor(SKIN) + head.shine * (0.93 - torch.tensor(SKIN))
        picture = _over(picture, _disc(at, HEAD_PX), skin)
        picture = _over(picture, head.shine * _disc(at - 0.8, 0.45 * HEAD_PX), torch.ones(3))
    if head.cap is not None:
        picture = _over(picture, _disc(at, HEAD_PX), _laid(head.cap, at))
    return picture


def _laid(cap: Tensor, at: Tensor) -> Tensor:
    """``(T, 3, H, W)`` the cap's print where the head is."""
    x, y = _offsets(at)
    grid = torch.stack([x, y], -1) / (HEAD_PX + 0.5)
    return functional.grid_sample(cap.expand(len(at), -1, -1, -1), grid, mode="bilinear", padding_mode="border",
                                  align_corners=False)  # fmt: skip


def _ball(picture: Tensor, at: Tensor) -> Tensor:
    """White, shaded below, with a dark spot that turns as it rolls."""
    x, y = _offsets(at)
    shade = (0.95 - 0.12 * ((y + x) / (2 * BALL_PX)).clamp(0, 1))[:, None].expand(-1, 3, -1, -1)
    picture = _over(picture, _disc(at, BALL_PX), shade)
    turn = at[:, 0] / BALL_PX
    spot = at + 0.9 * torch.stack([turn.cos(), turn.sin()], 1)
    return _over(picture, 0.7 * _disc(spot, 0.7), torch.full((3,), 0.15))
