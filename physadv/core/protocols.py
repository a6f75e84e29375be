"""The contract of each kind of part. Parts satisfy these by structure; nothing needs to be subclassed.

Shapes use the letters of :mod:`physadv.core.types`. Losses read ``outputs``; success is judged on ``decide(outputs)``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from typing_extensions import TypeVar

from physadv.core.access import AccessLevel, Task
from physadv.core.defense_kind import DefenseKind
from physadv.core.types import Candidates, Detections, Draws, PatchImage, PatchPlace, SceneBatch, Step, Wearer


class SceneSource(Protocol):
    """Where images come from, and which objects in them wear the patch."""

    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        """Endless random batches for optimisation. Every image has at least one wearer."""
        ...

    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        """Every image once, in a fixed order, in batches of at most ``size`` images; with and without wearers.

        The first ``skip`` batches of that size are left out without making them, so that a stopped run can go on.
        """
        ...

    def split(self, share: float, seed: int) -> tuple[SceneSource, SceneSource]:
        """Disjoint parts to optimise on and to judge on, the second with ``share`` of the images."""
        ...

    def __len__(self) -> int:
        """How many images :meth:`sweep` yields."""
        ...


@runtime_checkable
class Photographs(Protocol):
    """A source of pictures that lie in files or arrays: what is in them is known before any is decoded."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Of all pictures."""
        ...

    def wearers(self) -> Sequence[Wearer]:
        """Every object that wears the patch."""
        ...

    def digests(self, keys: Collection[str]) -> dict[str, str]:
        """Key → a hash of the decoded picture as it is stored, upright: the same under another name or in a copy."""
        ...

    def only(self, keys: Collection[str]) -> SceneSource:
        """The same source with these pictures alone."""
        ...


Detect = Callable[[Tensor], tuple[Tensor, Tensor]]
"""``(3,H,W)`` sRGB → boxes ``(n,4)`` and labels ``(n,)``."""


@runtime_checkable
class NeedsObjects(Protocol):
    """A source of bare pictures: what is in them somebody must say before they can be shown."""

    def with_objects(self, detect: Detect, label_names: tuple[str, ...]) -> SceneSource:
        """The source of the same pictures with the objects that ``detect`` finds; each is looked at once."""
        ...


@runtime_checkable
class RendersItself(Protocol):
    """A source with a world of its own, which decides on pose, light and camera; patches are judged in it."""

    @property
    def curvature_per_m(self) -> float:
        """1/m of the worn surface; 0 for a plane."""
        ...

    def renderer(self, place: PatchPlace, ink: Callable[[PatchImage], PatchImage] | None) -> Renderer:
        """Puts the patch into its scenes; ``ink`` makes of it what the printer would."""
        ...


class PatchModel(Protocol):
    """The parameters of a patch. Usually an ``nn.Module``."""

    def __call__(self) -> PatchImage: ...
    def parameters(self) -> Iterator[torch.nn.Parameter]: ...
    def state_dict(self) -> dict[str, Tensor]: ...
    def load_state_dict(self, state: Mapping[str, Any]) -> Any: ...
    def project_(self) -> None:
        """Bring the parameters back into what can be printed; called after each step."""
        ...


class Renderer(Protocol):
    """The world between printer and detector: sample a condition, then render it. The same draws, the same image."""

    def sample(self, scene: SceneBatch, generator: torch.Generator) -> Draws: ...
    def render(self, scene: SceneBatch, patch: PatchImage, draws: Draws) -> Tensor:
        """The scenes with the patch on every wearer, ``(B,3,H,W)`` sRGB. Gradient flows to ``patch.srgb``."""
        ...


@runtime_checkable
class JoinsDraws(Protocol):
    """A renderer that can render pictures in one call though each was sampled on its own."""

    def joined(self, scene: SceneBatch, patch: PatchImage, draws: Sequence[Draws]) -> Draws | None:
        """Draws for the batch from one for each of its pictures, sampled for that picture alone.

        ``None`` where they cannot be put together: then the pictures are rendered one by one.
        """
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
