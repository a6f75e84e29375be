"""``stop-go``: a car on a drawn road must stop at STOP and for people, and pass every other sign, red ones too.

Many episodes at once, in torch: no window, no GL, and gradient from a picture to the prints in it.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from physadv.core.errors import BadOption
from physadv.core.types import PatchImage, SceneBatch
from physadv.core.worlds import EpisodeMeasure, Observation, TextureSlot, Transition
from physadv.parts.worlds.options import StopGoConfig
from physadv.parts.worlds.stop_go import driving
from physadv.parts.worlds.stop_go.atlas import atlas_of, finest_for
from physadv.parts.worlds.stop_go.camera import Camera
from physadv.parts.worlds.stop_go.drawing import Artist, PrintPlace
from physadv.parts.worlds.stop_go.episodes import SIGN_BEHIND_LINE_M, drawn
from physadv.parts.worlds.stop_go.faces import SCALE_OF_FACE, STOP, all_faces
from physadv.parts.worlds.stop_go.plates import BOARD, PERSON, SIGN

SLOTS = {
    "sign": PrintPlace(TextureSlot("sign", 530, 530, "a sticker in the middle of the sign"), SIGN, 0, 0),
    "billboard": PrintPlace(TextureSlot("billboard", 2960, 1960, "the whole board beside the road"), BOARD, 0, 0),
    "shirt": PrintPlace(TextureSlot("shirt", 400, 560, "the chest of the person"), PERSON, 0, -280),
}
MEASURES = (
    EpisodeMeasure("return", "1 for a right stop or pass, -1 for a violation, -0.02 a step"),
    EpisodeMeasure("stopped", "stood within 8 m before the line, of episodes with STOP", share=True),
    EpisodeMeasure("passed", "went on, of episodes with nothing to stop for", share=True),
    EpisodeMeasure("violation", "ran STOP, or hit somebody", better="less", share=True),
    EpisodeMeasure("hit", "hit the person, of episodes in which one crosses", better="less", share=True),
    EpisodeMeasure("overrun_m", "beyond the line, 10 at most, of episodes with STOP", better="less"),
)


class StopGo:
    """Episodes of the road; a state is kept, picked from and joined freely."""

    name = "stop-go"
    actions = driving.ACTIONS
    slots: tuple[TextureSlot, ...] = tuple(slot.texture for slot in SLOTS.values())
    measures = MEASURES
    step_s = driving.STEP_S
    max_steps = driving.MAX_STEPS

    def __init__(self, config: StopGoConfig, device: torch.device | str = "cpu") -> None:
        self._config = config
        camera = Camera.of(config.height_px, config.width_px, config.field_of_view_deg)
        faces = all_faces()
        atlas = atlas_of(faces, SCALE_OF_FACE, finest_for(camera.focal_px, SIGN_BEHIND_LINE_M - 2))
        self._artist = Artist(camera, atlas.to(device), SLOTS, dashboard=config.dashboard)
        self._device = torch.device(device)

    @property
    def observation_shape(self) -> tuple[int, int, int]:
        return 3, self._config.height_px, self._config.width_px

    def reset(self, seeds: Tensor) -> driving.RoadState:
        """The begin of the episodes of ``seeds`` ``(E,)`` int64. Raises :class:`BadOption` where there is none."""
        if not len(seeds):
            raise BadOption("world=stop-go needs one seed or more, got none")
        return driving.begun(drawn(seeds.cpu(), self._config, STOP).to(self._device))

    def observe(self, state: driving.RoadState, prints: Mapping[str, PatchImage]) -> Observation:
        """Pictures ``(E, 3, H, W)``; gradient flows to the ``srgb`` of the prints.

        Raises :class:`BadOption` for a print on no slot, or one that is larger than its slot.
        """
        return Observation(self._artist.pictures(state, prints), state.speed_m_s)

    def step(self, state: driving.RoadState, actions: Tensor) -> Transition:
        """A quarter of a second further."""
        after, reward = driving.moved(state, actions)
        return Transition(after, reward, after.ended)

    def measured(self, state: driving.RoadState) -> dict[str, Tensor]:
        return driving.measures(state)

    def advised(self, state: driving.RoadState) -> Tensor:
        """``(E,)`` int64: what one would do who knows what stands where."""
        return driving.advised(state)

    def conditions(self, state: driving.RoadState) -> dict[str, Tensor]:
        """How fast, how far from the line, and how light: 1 is as white as sRGB white."""
        light = state.episodes.illuminant[:, 1]
        return {"speed_m_s": state.speed_m_s, "distance_m": state.to_line_m, "light": light}

    def scene(self, state: driving.RoadState, slot: str) -> SceneBatch:
        """The pictures of now and everything in them; what has the slot wears the print."""
        return self._artist.scene(state, slot)

    def pick(self, state: driving.RoadState, rows: Tensor) -> driving.RoadState:
        """Only these episodes ``(n,)`` int64."""
        return state.pick(rows)

    def joined(self, states: list[driving.RoadState]) -> driving.RoadState:
        """The episodes of several states as those of one."""
        return driving.RoadState.joined(states)

    def to(self, device: torch.device | str) -> StopGo:
        """The same on another device."""
        return StopGo(self._config, device)
