"""PPO (Schulman et al. 2017) by Stable-Baselines3, from a network that can drive already: it learns from its returns.

The value has a network of its own, and learns alone first: while it knows nothing, its errors would undo what was
imitated.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from physadv.engines.training.policy_driving import Teacher
from physadv.engines.training.policy_options import PolicyTraining
from physadv.library.environments.gymnasium_views import action_space
from physadv.library.environments.world_vector_env import WorldVectorEnv
from physadv.parts.policies.drive_nano_net import FEATURES, DriveNanoNet

_EPISODES, _MOMENTS = 64, 32  # side by side, and of each between two updates
_ALONE = 0.2  # share of the moments in which only the value learns


def improve_(
    net: DriveNanoNet, world: Teacher, config: PolicyTraining, episodes: int = _EPISODES, moments: int = _MOMENTS
) -> None:
    """Go on with the network, in place, for ``config.ppo_steps`` moments; so many of each episode between two updates.

    Raises :class:`IncompatibleParts` where the world's episodes only begin together.
    """
    kwargs = {
        "features_extractor_class": NanoFeatures, "features_extractor_kwargs": {"net": net}, "net_arch": [],
        "share_features_extractor": False, "ortho_init": False,  # which would begin the network anew
    }  # fmt: skip
    model = PPO(
        "CnnPolicy", BatchedWorld(world, episodes), learning_rate=config.ppo_learning_rate, n_steps=moments,
        batch_size=min(512, episodes * moments), n_epochs=4, gamma=0.98, gae_lambda=0.95, clip_range=0.1,
        ent_coef=0.002, vf_coef=0.5, target_kl=0.03, seed=config.seed, device="cpu", policy_kwargs=kwargs,
    )  # fmt: skip
    policy: Any = model.policy
    policy.action_net.load_state_dict(net.head.state_dict())
    model.learn(config.ppo_steps, callback=ValueFirst(round(_ALONE * config.ppo_steps)))
    net.body.load_state_dict(policy.pi_features_extractor.body.state_dict())
    net.head.load_state_dict(policy.action_net.state_dict())


class NanoFeatures(BaseFeaturesExtractor):
    """The network up to its last layer; its own copy."""

    def __init__(self, observation_space: spaces.Space[Any], net: DriveNanoNet) -> None:
        super().__init__(observation_space, FEATURES)
        self.body = copy.deepcopy(net.body)

    def forward(self, observations: Tensor) -> Tensor:
        features: Tensor = self.body(observations - 0.5)
        return features


class ValueFirst(BaseCallback):
    """Holds the policy still for so many moments."""

    def __init__(self, moments: int) -> None:
        super().__init__()
        self._moments = moments

    def _on_rollout_start(self) -> None:
        moves = self.num_timesteps >= self._moments
        policy: Any = self.model.policy
        for module in (policy.pi_features_extractor, policy.action_net):
            module.requires_grad_(moves)

    def _on_step(self) -> bool:
        return True


class BatchedWorld(VecEnv):
    """Episodes of a world side by side, as Stable-Baselines3 asks for them."""

    def __init__(self, world: Teacher, count: int) -> None:
        self._envs = WorldVectorEnv(world, count, autoreset_mode=AutoresetMode.SAME_STEP)
        super().__init__(count, self._envs.single_observation_space, action_space(world))
        self._actions: Any = None

    def reset(self) -> Any:
        """The first pictures."""
        seed = self._seeds[0]
        shown, _ = self._envs.reset(seed=None if seed is None else int(seed))
        self._reset_seeds()
        return shown

    def step_async(self, actions: np.ndarray[Any, Any]) -> None:
        """Keep the actions until they are waited for."""
        self._actions = actions

    def step_wait(self) -> Any:
        """Pictures, rewards, which have ended, and of those what was seen last."""
        shown, rewards, over, late, facts = self._envs.step(self._actions)
        ended = over | late
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for index in np.flatnonzero(ended):
            infos[index] = {"terminal_observation": facts["final_obs"][index], "TimeLimit.truncated": bool(late[index])}
        return shown, rewards.astype(np.float32), ended, infos

    def close(self) -> None:
        """Nothing is held."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Of every episode the same."""
        return [None if attr_name == "render_mode" else getattr(self._envs, attr_name)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Nothing of a world can be set."""
        raise NotImplementedError(attr_name)

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """A world has no methods that are asked for here."""
        raise NotImplementedError(method_name)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        """None is."""
        return [False] * self.num_envs
