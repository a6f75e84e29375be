"""The contract of each kind of part. Parts satisfy these by structure; nothing needs to be subclassed.

Those of scenes and renderers stand in :mod:`physadv.core.scene_protocols`. Shapes use the letters of
:mod:`physadv.core.types`. Losses read ``outputs``; success is judged on ``decide(outputs)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from typing_extensions import TypeVar

from physadv.core.access import AccessLevel, Task
from physadv.core.defense_kind import DefenseKind
from physadv.core.scene_protocols import SceneSource
from physadv.core.types import Candidates, Detections, Draws, PatchImage, SceneBatch, Step


class PatchModel(Protocol):
    """The parameters of a patch. Usually an ``nn.Module``."""

    def __call__(self) -> PatchImage: ...
    def parameters(self) -> Iterator[torch.nn.Parameter]: ...
    def state_dict(self) -> dict[str, Tensor]: ...
    def load_state_dict(self, state: Mapping[str, Any]) -> Any: ...
    def project_(self) -> None:
        """Bring the parameters back into what can be printed; called after each step."""
        ...


Out = TypeVar("Out", default=Candidates)
Decision_co = TypeVar("Decision_co", covariant=True, default=tuple[Detections, ...])


class Victim(Protocol[Out, Decision_co]):
    """A model under test; without more said, a detector. Its weights are frozen: the same before an attack and after.

    A classifier is a ``Victim[ClassLogits, TopClasses]``, a policy a ``Victim[ActionLogits, Actions]``.
    """

    @property
    def name(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]:
        """Of the classes it tells apart; of the actions it can take."""
        ...

    @property
    def task(self) -> Task:
        """Which says what kind of outputs and decisions it has."""
        ...

    @property
    def access(self) -> AccessLevel:
        """How much of it an attacker can use."""
        ...

    @property
    def confidence(self) -> float:
        """The operating threshold: what scores at least this is reported."""
        ...

    @property
    def digest(self) -> str:
        """A hash of the weights, for the record."""
        ...

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The torch modules that answer, itself if it is one; ``()`` where there are none to be looked into."""
        ...

    def outputs(self, images: Tensor) -> Out:
        """``images`` ``(B,3,H,W)`` sRGB in [0, 1], any size. Boxes come back in pixels of these images."""
        ...

    def decide(self, outputs: Out, confidence: float | None = None) -> Decision_co:
        """The decisions: thresholded and suppressed; ``confidence`` defaults to the operating point.

        A detector reports one :class:`Detections` an image.
        """
        ...

    def to(self, device: torch.device | str) -> Victim[Out, Decision_co]: ...


class Goal(Protocol):
    """The attacker's aim."""

    def bound(self, labels: tuple[str, ...]) -> Goal:
        """The same goal for a victim with these labels; :class:`IncompatibleParts` if it lacks one that is needed."""
        ...

    @property
    def target(self) -> str | None:
        """The label that shall be reported; ``None`` where none in particular shall."""
        ...

    def loss(self, outputs: Candidates, scene: SceneBatch) -> Tensor:
        """``(B,)``; lower suits the attacker. Zero for images without a wearer."""
        ...

    def achieved(self, decisions: tuple[Detections, ...], scene: SceneBatch) -> Tensor:
        """``(N,)`` bool, one an object; meaningful where ``scene.wears``."""
        ...


class Penalty(Protocol):
    """A term that only looks at the patch."""

    @property
    def name(self) -> str: ...
    def __call__(self, patch: PatchImage) -> Tensor:
        """A weighted scalar, added to the loss."""
        ...


class Observer(Protocol):
    """Follows a run: progress bar, curve log, viewer."""

    def started(self, total: int, first: int) -> None: ...
    def stepped(self, step: Step) -> None: ...
    def ended(self) -> None: ...


class Checkpoints(Protocol):
    """Where an attack keeps what it needs to go on after a stop. Values are tensors, numbers and strings."""

    def load(self) -> dict[str, Any] | None: ...
    def save(self, state: dict[str, Any]) -> None: ...


class Hardening(Protocol):
    """Makes optimising harder than the world, so that the patch carries over. Never used for judging or held-out draws.

    Its randomness comes from the generators it is given, and what it has learned is in its state: a resumed run is the
    same run.
    """

    def scene(self, source: SceneSource, size: int, generator: torch.Generator) -> SceneBatch: ...
    def draws(self, scene: SceneBatch, draws: Draws, progress: float, generator: torch.Generator) -> Draws:
        """The same conditions, harder; ``progress`` goes from 0 at the first step to 1 at the last."""
        ...

    def learn(self, scene: SceneBatch, draws: Draws, losses: Tensor) -> None:
        """Take the outcome of these draws into account: ``(B,)`` losses."""
        ...

    def stepped(self, index: int) -> None: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: Mapping[str, Any]) -> Any: ...


class Engine(Protocol):
    """Where a problem is computed: on one device, or by several processes of which each has a share of every batch.

    All processes sample the same scenes and draws, for the whole batch, from the same generators: a patch does not
    depend on how many there are.
    """

    @property
    def device(self) -> torch.device:
        """Of this process."""
        ...

    def share(self, scene: SceneBatch, draws: Draws) -> tuple[SceneBatch, Draws]:
        """This process's images of a batch, and what was sampled for them."""
        ...

    def reduce_(self, parameters: Iterable[nn.Parameter]) -> None:
        """Make every gradient the mean over the processes'; once a step."""
        ...


class Evasion(Protocol):
    """The term that an adaptive attack adds to the goal's loss, so that a defence does not notice the patch."""

    def loss(self, images: Tensor, scene: SceneBatch) -> Tensor:
        """``(B,)``; lower suits the attacker. ``images`` ``(B,3,H,W)`` are those that the defended victim is asked
        about, the scene's with the patch; gradient flows to them.
        """
        ...


class Defense(Protocol):
    """Makes a victim harder to fool. A defended victim is a victim: an adaptive attack is any attack on it.

    So it can change the images, ask about several versions and vote, or remember.
    """

    @property
    def name(self) -> str:
        """The method, and what distinguishes it: "jpeg-50"."""
        ...

    @property
    def kind(self) -> DefenseKind:
        """Which says how it is attacked."""
        ...

    def around(self, victim: Victim[Any, Any]) -> Victim[Any, Any]:
        """The victim behind the defence; :class:`IncompatibleParts` where it knows no victims of such a task.

        Its name is "VICTIM behind DEFENSE", its digest holds the victim's and all the defence's options, and labels,
        task and operating point are the victim's. :class:`physadv.core.defended.Defended` does all that, and carries
        what else an adaptive attack may ask: an evasion, an alarm, draws, memory.
        """
        ...
