"""The battery for worlds."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from physadv.core.types import PatchImage
from physadv.core.worlds import KeepsStates, Observation, ShowsObjects, World
from physadv.library.episodes.repeating import changes, first_difference, told
from physadv.testing.base import reasoned, require

SEEDS = (3, 11, 4_000_000_000)
SLACK = 1e-6
_ENOUGH_PX = 12  # of a print, to tell how large it is
EPISODES = 12  # in which every slot must come into view
APART_BY = 24  # steps after which two seeds must have shown something different


def check_world(world: World) -> tuple[str, ...]:
    """Run every check of a world; return their names. Raises :class:`BrokenPart`."""
    for check in WORLD_CHECKS:
        reasoned(world, check, world)
    return tuple(check.__name__ for check in WORLD_CHECKS)


def shows_pictures_of_the_size_it_promises(world: World) -> None:
    """``(E, C, H, W)`` within 0 and 1; three actions or fewer are enough; a return among the measures."""
    seeds = _seeds()
    seen = world.observe(world.reset(seeds), {})
    require(isinstance(seen, Observation), f"observe must give an Observation, got {type(seen).__name__}")
    due = (len(seeds), *world.observation_shape)
    require(tuple(seen.images.shape) == due, f"pictures are {tuple(seen.images.shape)} where {due} is due")
    low, high = float(seen.images.min()), float(seen.images.max())
    require(-SLACK <= low <= high <= 1 + SLACK, f"pictures reach from {low:.4g} to {high:.4g}, not within 0 and 1")
    require(len(world.actions) > 0, "it has no action")
    require(world.step_s > 0 and world.max_steps > 0, "step_s and max_steps must be positive")
    names = [measure.name for measure in world.measures]
    require("return" in names and len(set(names)) == len(names), f"measures must name 'return' and each once: {names}")
    strange = {measure.better for measure in world.measures} - {"more", "less"}
    require(not strange, f"a measure's better is 'more' or 'less', got {sorted(strange)}")


def repeats_for_its_seed(world: World) -> None:
    """The same seeds give the same episodes, whatever torch's global generator does; others give others."""
    torch.rand(7)
    where = changes(world, _seeds(), steps=4)
    require(not where, f"the same seed gives another episode: {where} differs")
    length = min(world.max_steps, APART_BY)
    first, second = (told(world, torch.tensor([seed]), [0] * length) for seed in SEEDS[:2])
    require(bool(first_difference(first, second)), f"all seeds give the same episode, up to step {length}")


def plays_a_batch_as_single_episodes(world: World) -> None:
    """Side by side is as one by one, to the last bit."""
    actions = [step % len(world.actions) for step in range(3)]
    together = told(world, _seeds(), actions)
    for place, seed in enumerate(SEEDS):
        alone = told(world, torch.tensor([seed]), actions)
        mine = together._replace(
            images=tuple(image[place : place + 1] for image in together.images),
            rewards=tuple(reward[place : place + 1] for reward in together.rewards),
            ended=tuple(ended[place : place + 1] for ended in together.ended),
        )
        where = first_difference(mine, alone)
        require(not where, f"in a batch the episode of seed {seed} is not what it is alone: {where} differs")


def ends_and_then_stays(world: World) -> None:
    """By ``max_steps`` all have ended; what has ended earns nothing and its measures stay."""
    seeds = _seeds()[:2]
    state, ended = world.reset(seeds), torch.zeros(2, dtype=torch.bool)
    frozen: dict[str, Tensor] = {}
    for step in range(world.max_steps):
        moved = world.step(state, torch.full_like(seeds, len(world.actions) - 1))
        state = moved.state
        require(bool(torch.isfinite(moved.reward).all()), f"the reward of step {step} is not finite")
        require(bool((moved.reward[ended] == 0).all()), f"an episode that had ended earns {moved.reward.tolist()}")
        require(bool((moved.ended | ~ended).all()), f"an episode that had ended goes on at step {step}")
        measured = world.measured(state)
        for name, values in frozen.items():
            same = torch.where(ended, torch.isclose(values, measured[name], equal_nan=True), True)
            require(bool(same.all()), f"the measure {name!r} of an episode that had ended changes at step {step}")
        ended, frozen = moved.ended, measured
        if bool(ended.all()):
            break
    require(bool(ended.all()), f"after max_steps={world.max_steps} an episode has not ended")


def measures_all_that_it_names(world: World) -> None:
    """One number an episode; a share is 0, 1 or, where an episode has no such thing, nan."""
    state = world.reset(_seeds())
    measured = world.measured(state)
    names = [measure.name for measure in world.measures]
    require(sorted(measured) == sorted(names), f"measured gives {sorted(measured)}, promised are {sorted(names)}")
    for measure in world.measures:
        values = measured[measure.name]
        fine = tuple(values.shape) == (len(SEEDS),) and values.is_floating_point()
        require(fine, f"{measure.name} must be ({len(SEEDS)},) floating point, got {tuple(values.shape)}")
        shares = not measure.share or bool(((values == 0) | (values == 1) | values.isnan()).all())
        require(shares, f"{measure.name} is a share, but an episode has {values.tolist()}")


def shows_prints_with_gradient(world: World) -> None:
    """A print on a slot is seen in some episode, with gradient to its ``srgb``; without one nothing changes."""
    for slot in world.slots:
        state = world.reset(torch.arange(EPISODES))
        texels = torch.full((3, 8, 8), 0.5)
        texels[:, ::2] = 0.95
        srgb = texels.requires_grad_()
        side = min(slot.width_mm, slot.height_mm)
        sheet = PatchImage(srgb, torch.ones(1, 8, 8), side)
        bare, worn = world.observe(state, {}).images, world.observe(state, {slot.name: sheet}).images
        require(
            not torch.equal(bare, worn.detach()),
            f"a print on the slot {slot.name!r} is seen in none of {EPISODES} episodes",
        )
        if worn.requires_grad:
            (gradient,) = torch.autograd.grad(worn.sum(), srgb)
            fine = bool(torch.isfinite(gradient).all()) and bool(gradient.abs().sum() > 0)
            require(fine, f"no finite gradient comes back to the print on {slot.name!r}")
        clear = PatchImage(srgb.detach(), torch.zeros(1, 8, 8), side)
        same = torch.allclose(world.observe(state, {slot.name: clear}).images, bare, atol=1e-5)
        require(same, f"a print without material on {slot.name!r} changes the picture")


def keeps_moments(world: World) -> None:
    """Where states can be picked from and joined, their pictures are those of before, and of each."""
    if not isinstance(world, KeepsStates):
        return
    first = world.reset(_seeds())
    later = world.step(first, torch.zeros(len(SEEDS), dtype=torch.int64)).state
    before, after = (world.observe(state, {}).images for state in (first, later))
    both = world.observe(world.joined([first, later]), {}).images
    require(torch.equal(both, torch.cat([before, after])), "joined states are not seen as each alone")
    order = torch.tensor([2, 0])
    picked = world.observe(world.pick(first, order), {}).images
    require(torch.equal(picked, before[order]), "picked episodes are not seen as among the others")


def knows_where_its_objects_are(world: World) -> None:
    """A scene's pictures are the observed ones; where the slot is said to be, there a print changes the picture."""
    if not isinstance(world, ShowsObjects):
        return
    for slot in world.slots:
        state = world.reset(torch.arange(EPISODES))
        scene = world.scene(state, slot.name)
        bare = world.observe(state, {}).images
        require(torch.equal(scene.srgb, bare), "a scene's pictures are not those that are observed")
        require(bool(scene.wears.any()), f"none of {EPISODES} episodes shows an object that wears {slot.name!r}")
        side = min(slot.width_mm, slot.height_mm)
        sheet = PatchImage(torch.tensor([1.0, 0, 1]).view(3, 1, 1).expand(3, 8, 8), torch.ones(1, 8, 8), side)
        change = (world.observe(state, {slot.name: sheet}).images - bare).abs().amax(1) > 0.02
        _check_change(change, scene.image_of[scene.wears], scene.image_from_surface[scene.wears], side, slot.name)


def _check_change(change: Tensor, image_of: Tensor, lenses: Tensor, side_mm: float, slot: str) -> None:
    """Every changed pixel lies within two pixels of where the homography puts the print's corners; somewhere most of
    what it encloses is changed, so that the print is as large as it is said to be.
    """
    half = side_mm / 2
    corners = torch.tensor([[-half, -half, 1], [half, -half, 1], [half, half, 1], [-half, half, 1.0]])
    filled: list[float] = []
    for place in sorted(set(image_of.tolist())):
        rows, columns = change[place].nonzero(as_tuple=True)
        mapped = torch.einsum("nij,kj->nki", lenses[image_of == place], corners)
        points = (mapped[..., :2] / mapped[..., 2:]).view(-1, 2)
        low, high = points.amin(0) - 2, points.amax(0) + 2
        inside = (columns >= low[0]) & (columns <= high[0]) & (rows >= low[1]) & (rows <= high[1])
        require(bool(inside.all()), f"a print on {slot!r} changes pixels where scene() does not say that it is")
        area = float((high - low - 4).clamp_min(0).prod())
        filled += [len(rows) / area] if area > _ENOUGH_PX else []
    require(max(filled, default=1.0) > 0.5, f"a print on {slot!r} is smaller in the picture than scene() says")


def _seeds() -> Tensor:
    return torch.tensor(SEEDS)


WorldCheck = Callable[[World], None]

WORLD_CHECKS: tuple[WorldCheck, ...] = (
    shows_pictures_of_the_size_it_promises,
    repeats_for_its_seed,
    plays_a_batch_as_single_episodes,
    ends_and_then_stays,
    measures_all_that_it_names,
    shows_prints_with_gradient,
    keeps_moments,
    knows_where_its_objects_are,
)
