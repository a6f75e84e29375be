"""Options of the attacks. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption

_SIZES = range(4, 1001)  # of a population


@dataclass
class EotAdamConfig:
    lr: float = 0.03  # step size in sRGB units
    check_every: int = 10  # steps between measurements on the held-out draws, and between checkpoints
    patience: int = 5  # measurements without progress before the step size falls
    factor: float = 0.5  # by which it falls
    stop_lr: float = 0.0005  # stop early when the step size is below this
    anneal: bool = False  # the step size falls from lr to stop_lr along half a cosine, whatever the held-out draws say
    mosaic: float = 0.0  # share of steps on pictures of four photos each, resized and mirrored: for few photos
    cuts: int = 0  # wearers that are cut out beforehand, six of which make a picture of each step; 0: whole pictures


@dataclass
class EotPgdConfig(EotAdamConfig):
    lr: float = 0.01  # step size in sRGB units: every texel moves by this much, by the gradient's sign


@dataclass
class SquareConfig:
    area: float = 0.3  # of the first squares, as a share of the patch; it is halved eight times on the way
    fresh_every: int = 100  # steps after which other pictures and conditions are taken
    check_every: int = 25  # steps between measurements on the held-out draws, and between checkpoints


@dataclass
class CmaEsConfig:
    cells: int = 5  # of the searched patch, across and down
    sigma: float = 0.3  # spread of the first population, in sRGB units
    population: int = 0  # patches a step; 0: 4 + 3 ln(cells² · colours), about 17
    check_every: int = 5  # steps between measurements on the held-out draws, and between checkpoints


def check_cma_es(config: CmaEsConfig) -> None:
    """Raise :class:`BadOption` for numbers with which the search could not run."""
    if config.cells < 1 or not config.sigma > 0 or config.check_every < 1 or config.population not in (0, *_SIZES):
        raise BadOption(
            "attack=cma-es needs cells >= 1, sigma over 0, check_every >= 1 and a population of 4 to 1000 (or 0), "
            f"got {config.cells}, {config.sigma}, {config.check_every}, {config.population}"
        )


def check_square(config: SquareConfig) -> None:
    """Raise :class:`BadOption` for numbers with which the search could not run."""
    if not 0 < config.area <= 1 or config.fresh_every < 1 or config.check_every < 1:
        raise BadOption(
            "attack=square needs area over 0 and at most 1, fresh_every >= 1 and check_every >= 1, "
            f"got {config.area}, {config.fresh_every}, {config.check_every}"
        )


def check(config: EotAdamConfig) -> None:
    """Raise :class:`BadOption` for numbers with which the loop could not run."""
    if not config.lr > 0 or config.check_every < 1 or not 0 < config.factor < 1:
        raise BadOption(
            "an attack needs lr > 0, check_every >= 1 and 0 < factor < 1, "
            f"got {config.lr}, {config.check_every}, {config.factor}"
        )
    if not 0 <= config.mosaic <= 1:
        raise BadOption(f"attack.mosaic is a share of the steps, from 0 to 1, got {config.mosaic}")
    if config.cuts < 0 or (config.cuts and config.mosaic):
        raise BadOption(
            "attack.cuts is a number of wearers, 0 or more, and stands where attack.mosaic=0, "
            f"got cuts={config.cuts} mosaic={config.mosaic:g}"
        )
