"""The battery for policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from physadv.core.access import Task
from physadv.core.protocols import Victim
from physadv.core.worlds import Observation, Policy
from physadv.testing.answers import check_outputs
from physadv.testing.base import reasoned, require, sample_images
from physadv.testing.toys import ToyGridDetector

STEPS = 4


def check_policy(policy: Policy, detector: Victim[Any, Any] | None = None) -> tuple[str, ...]:
    """Run every policy check on made-up pictures; return their names.

    A controller that needs a victim gets ``detector`` (default: a toy's).
    """
    if policy.needs_victim:
        policy = reasoned(policy, policy.behind, detector or ToyGridDetector())
    for check in POLICY_CHECKS:
        reasoned(policy, check, policy)
    return tuple(check.__name__ for check in POLICY_CHECKS)


def says_what_it_is(policy: Policy) -> None:
    """Name, actions, victim and the pictures it was made for are there and agree."""
    require(isinstance(policy.name, str) and bool(policy.name), f"policy.name must be text, got {policy.name!r}")
    actions = policy.actions
    named = isinstance(actions, tuple) and all(isinstance(one, str) and one for one in actions)
    require(named and len(set(actions)) == len(actions) > 1, f"{policy.name}: actions must be two different names or "
            f"more, got {actions!r}")  # fmt: skip
    shape = policy.observation_shape
    fine = shape is None or (len(shape) == 3 and all(isinstance(side, int) and side > 0 for side in shape))
    require(fine, f"{policy.name}: observation_shape must be (channels, height, width) or None, got {shape!r}")
    require(not policy.needs_victim, f"{policy.name}: still needs a victim when it was put behind one")
    victim = policy.victim
    fits = victim.task is not Task.control or victim.labels == actions
    require(fits, f"{policy.name}: its victim's labels {victim.labels} are not its actions {actions}")


def acts_in_every_episode(policy: Policy) -> None:
    """An action it has, as int64, one an episode, without a gradient."""
    for actions, episodes in zip(_taken(policy, _films(policy, 3)), [3] * STEPS, strict=True):
        told = f"{policy.name}: act must give ({episodes},) int64, got {tuple(actions.shape)} {actions.dtype}"
        require(actions.shape == (episodes,) and actions.dtype == torch.int64, told)
        known = bool(((actions >= 0) & (actions < len(policy.actions))).all())
        require(known, f"{policy.name}: acts {actions.tolist()}, but has {len(policy.actions)} actions")


def repeats_when_begun_anew(policy: Policy) -> None:
    """The same pictures give the same actions once it has begun anew: nothing of an episode is left."""
    films = _films(policy, 3)
    first = _taken(policy, films)
    require(_same(first, _taken(policy, films)), f"{policy.name}: acts otherwise on the same pictures after begin()")


def an_episode_is_its_own(policy: Policy) -> None:
    """Require that what it does in an episode does not depend on those beside it."""
    films = _films(policy, 3)
    together = _taken(policy, films)
    for index in range(3):
        alone = _taken(policy, [_only(moment, index) for moment in films])
        same = _same(alone, [actions[index : index + 1] for actions in together])
        require(same, f"{policy.name}: acts otherwise in episode {index} when it is alone")


def its_victim_answers(policy: Policy) -> None:
    """The victim looks at the pictures that the policy was made for; the policy does what a stack of defences asks."""
    images = _films(policy, 2)[0].images
    with torch.no_grad():
        check_outputs(policy.victim, policy.victim.outputs(images), images)


def can_be_put_behind_a_victim(policy: Policy) -> None:
    """Behind its own victim it is the same policy, and says so."""
    again = policy.behind(policy.victim)
    require(again.victim.digest == policy.victim.digest, f"{policy.name}: behind() gives it another victim")
    require(again.actions == policy.actions, f"{policy.name}: behind() changes the actions to {again.actions}")
    films = _films(policy, 2)
    require(_same(_taken(policy, films), _taken(again, films)), f"{policy.name}: behind its own victim it acts "
            "otherwise")  # fmt: skip


def _films(policy: Policy, episodes: int) -> list[Observation]:
    """Some moments of episodes whose pictures differ, at falling speeds."""
    channels, height, width = policy.observation_shape or (3, 96, 128)
    made = []
    for step in range(STEPS):
        coarse = sample_images(episodes * (channels + 2) // 3 + 1, height, width).roll(step, dims=-1)
        images = coarse.flatten(0, 1)[: episodes * channels].reshape(episodes, channels, height, width)
        speeds = torch.linspace(12, 3, episodes) - step
        made.append(Observation(images, speeds.clamp(min=0)))
    return made


def _only(moment: Observation, index: int) -> Observation:
    speed = moment.speed_m_s
    return Observation(moment.images[index : index + 1], None if speed is None else speed[index : index + 1])


def _taken(policy: Policy, films: list[Observation]) -> list[Tensor]:
    policy.begin(len(films[0].images))
    return [policy.act(moment) for moment in films]


def _same(actions: list[Tensor], others: list[Tensor]) -> bool:
    return all(torch.equal(here, there) for here, there in zip(actions, others, strict=True))


PolicyCheck = Callable[[Policy], None]

POLICY_CHECKS: tuple[PolicyCheck, ...] = (
    says_what_it_is,
    acts_in_every_episode,
    repeats_when_begun_anew,
    an_episode_is_its_own,
    its_victim_answers,
    can_be_put_behind_a_victim,
)
