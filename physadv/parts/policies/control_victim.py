"""Any network that weighs actions, as a victim: it says logits over its actions, and takes the best one.

>>> from physadv.api import ControlVictim
>>> ControlVictim(network, ("left", "right"), name="acme/driver", observation_shape=(3, 64, 96))  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from physadv.core.access import AccessLevel, Task
from physadv.core.answers import ActionLogits, Actions
from physadv.core.errors import BadShape, IncompatibleParts
from physadv.core.types import expect
from physadv.library.files.digests import digest_of_state


class ControlVictim(nn.Module):
    """Wraps ``network``, which maps ``(B, C, h, w)`` to ``(B, K)`` logits or values: the higher the better an action.

    Pictures of another size, as a defence may make them, are stretched to ``(h, w)`` of ``observation_shape``; then
    they are multiplied with ``white``, for networks that were trained on codes up to 255. The weights are frozen, in
    place; ``digest`` defaults to a hash of them.
    """

    task = Task.control
    access = AccessLevel.gradients
    confidence = 0.0

    def __init__(
        self,
        network: nn.Module,
        actions: Sequence[str],
        *,
        name: str,
        observation_shape: tuple[int, int, int],
        white: float = 1.0,
        digest: str = "",
    ) -> None:
        super().__init__()
        if len(actions) < 2:
            raise IncompatibleParts(f"policy {name} needs two actions or more to choose from, got {list(actions)}")
        self.name, self.labels = name, tuple(actions)
        self.observation_shape, self.white = observation_shape, white
        self.digest = digest or digest_of_state(network.state_dict())
        self.network = network
        self.eval().requires_grad_(False)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """Itself."""
        return (self,)

    def outputs(self, images: Tensor) -> ActionLogits:
        """``(B, K)``: what the network says of the pictures ``(B, C, H, W)`` in [0, 1].

        Raises :class:`BadShape` where the network puts out anything else.
        """
        channels, *size = self.observation_shape
        expect("images", images, ("B", channels, "H", "W"))
        logits: Tensor = self.network(self.white * _stretched(images, (size[0], size[1])))
        if tuple(logits.shape) != (len(images), len(self.labels)):
            raise BadShape(
                f"{self.name} puts out {tuple(logits.shape)} for {len(images)} images and {len(self.labels)} actions; "
                f"expected ({len(images)}, {len(self.labels)})"
            )
        return ActionLogits(logits.float())

    def decide(self, outputs: ActionLogits, confidence: float | None = None) -> Actions:
        """The best action on each picture; there is always one."""
        return Actions(outputs.logits.detach().argmax(dim=1))


def _stretched(images: Tensor, size_px: tuple[int, int]) -> Tensor:
    height, width = images.shape[-2:]
    if (height, width) == size_px:
        return images
    shrinks = size_px[0] < height or size_px[1] < width
    return functional.interpolate(images, size=size_px, mode="bilinear", align_corners=False, antialias=shrinks)
