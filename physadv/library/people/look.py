"""What a person looks like besides the pose: build, skin, hair and clothes. Colours are picked, not measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RGB = tuple[int, int, int]

_SKINS: tuple[RGB, ...] = (
    (242, 208, 186), (228, 186, 158), (206, 160, 128), (174, 126, 94), (134, 92, 66), (98, 66, 48), (236, 196, 172),
)  # fmt: skip
_HAIRS: tuple[RGB, ...] = (
    (28, 24, 22),
    (52, 38, 30),
    (86, 60, 40),
    (136, 100, 62),
    (188, 156, 104),
    (120, 118, 116),
    (198, 196, 192),
    (120, 58, 34),
)
_CLOTHES: tuple[RGB, ...] = (
    (30, 32, 36), (44, 54, 78), (96, 98, 102), (158, 160, 162), (226, 226, 222), (198, 184, 156), (92, 96, 66),
    (112, 36, 44), (162, 44, 46), (60, 100, 140), (126, 164, 196), (58, 98, 72), (206, 166, 72), (196, 134, 138),
    (104, 74, 56), (236, 232, 214), (86, 66, 104), (208, 104, 60),
)  # fmt: skip
_TROUSERS: tuple[RGB, ...] = (
    (34, 36, 40), (48, 62, 92), (76, 92, 122), (112, 130, 156), (92, 90, 88), (168, 152, 124), (64, 62, 56),
    (206, 200, 188), (78, 82, 62), (30, 40, 66),
)  # fmt: skip
SHIRTS = ("plain", "stripes", "checks", "letters", "jacket", "open-jacket", "two-tone", "flecked")
LOWER = ("trousers", "shorts", "skirt")
HAIR = ("short", "long", "bald", "cap", "bun")
BAGS = ("none", "backpack", "tote")


@dataclass(frozen=True, slots=True)
class Build:
    """Size and proportions, against those of the tables in :mod:`physadv.library.people.figure`."""

    stature_m: float = 1.7
    girth: float = 1.0  # of trunk and limbs
    shoulders: float = 1.0
    hips: float = 1.0
    belly: float = 0.0  # m, added to the depth before the waist


@dataclass(frozen=True, slots=True)
class Appearance:
    """Skin, hair and clothes."""

    skin: RGB
    hair: RGB
    hair_style: str  # of HAIR
    beard: bool
    glasses: bool
    shirt: str  # of SHIRTS
    shirt_colours: tuple[RGB, RGB]
    sleeve: float  # share of the arm that it covers
    hem: float  # m below the hips' joints that the shirt hangs
    loose_m: float  # air between body and cloth
    folds_m: float  # rms depth of the folds
    lower: str  # of LOWER
    lower_colour: RGB
    shoes: RGB
    bag: str  # of BAGS
    bag_colour: RGB
    seed: int  # of everything woven, folded or freckled


def some_build(rng: np.random.Generator) -> Build:
    """A grown-up, or now and then somebody not yet grown."""
    woman = rng.random() < 0.5
    stature = float(np.clip(rng.normal(1.64 if woman else 1.76, 0.07), 1.45, 1.98))
    if rng.random() < 0.06:
        stature = float(rng.uniform(1.2, 1.5))
    girth = float(np.clip(np.exp(rng.normal(0, 0.12)), 0.8, 1.4))
    heavy = max(girth - 1, 0)
    return Build(
        stature,
        girth,
        float(rng.normal(0.95 if woman else 1.03, 0.03)),
        float(rng.normal(1.05 if woman else 0.97, 0.03)),
        belly=float(0.16 * heavy + max(0.0, rng.normal(0, 0.012))),
    )


def some_look(rng: np.random.Generator) -> Appearance:
    """Dressed for the street."""
    shirt = SHIRTS[rng.choice(len(SHIRTS), p=[0.3, 0.1, 0.08, 0.12, 0.16, 0.1, 0.06, 0.08])]
    coat = shirt in ("jacket", "open-jacket")
    skin = _near(_SKINS[rng.integers(len(_SKINS))], rng, 10)
    return Appearance(
        skin=skin,
        hair=_near(_HAIRS[rng.choice(len(_HAIRS), p=[0.26, 0.24, 0.16, 0.1, 0.06, 0.08, 0.05, 0.05])], rng, 8),
        hair_style=HAIR[rng.choice(len(HAIR), p=[0.46, 0.28, 0.06, 0.1, 0.1])],
        beard=bool(rng.random() < 0.18),
        glasses=bool(rng.random() < 0.2),
        shirt=shirt,
        shirt_colours=(_one_of(_CLOTHES, rng), _one_of(_CLOTHES, rng)),
        sleeve=1.0 if coat or rng.random() < 0.4 else float(rng.uniform(0.2, 0.42)),
        hem=float(rng.uniform(0.0, 0.12) + (0.1 if coat and rng.random() < 0.5 else 0)),
        loose_m=float(rng.uniform(0.014, 0.024) if coat else rng.uniform(0.003, 0.016)),
        folds_m=float(rng.uniform(0.003, 0.009)),
        lower=LOWER[rng.choice(len(LOWER), p=[0.76, 0.13, 0.11])],
        lower_colour=_one_of(_TROUSERS, rng),
        shoes=_near(((34, 32, 32), (222, 220, 214), (110, 76, 52), (60, 66, 84))[rng.integers(4)], rng, 12),
        bag=BAGS[rng.choice(len(BAGS), p=[0.66, 0.2, 0.14])],
        bag_colour=_one_of(_CLOTHES, rng),
        seed=int(rng.integers(2**31)),
    )


def _one_of(colours: tuple[RGB, ...], rng: np.random.Generator) -> RGB:
    return _near(colours[rng.integers(len(colours))], rng, 16)


def _near(rgb: RGB, rng: np.random.Generator, spread: float) -> RGB:
    moved = np.clip(np.array(rgb) + rng.normal(0, spread / 2) + rng.normal(0, spread / 3, 3), 8, 248)
    return tuple(int(v) for v in moved)  # type: ignore[return-value]
