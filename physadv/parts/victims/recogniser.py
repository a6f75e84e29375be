"""A face recogniser as a victim: it finds faces, and reports each under the name of the nearest enrolled person.

A candidate a face, its scores over the enrolled people and "unknown": so goals, controls and pages work as they do for
detectors. With ``d`` the distance of the face's embedding to the nearest picture of a person and ``t`` the threshold,

    score of a person  = sigmoid((t - d) / (t / 10))     0.5 at the threshold: what scores more is a match
    score of "unknown" = 1 - the best person's score

Faces and landmarks are found anew in every picture, as deployed systems do; gradient flows through the cut-out, not
through the landmarks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel, Task
from physadv.core.errors import BadInput, BadShape
from physadv.core.types import Candidates, Detections, expect
from physadv.library.faces.alignment import chips, similarity
from physadv.library.faces.face import Face, FaceFinder
from physadv.library.files.digests import digest_of_state
from physadv.library.files.images import load_srgb
from physadv.parts.victims.frozen import freeze

UNKNOWN = "unknown"
"""The label of a face that is nobody's in the gallery."""


class FaceEmbedder(Protocol):
    """Makes vectors of faces, such that those of one person lie near to each other."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def networks(self) -> tuple[nn.Module, ...]: ...
    def embed(self, images: Tensor, image_of: Tensor, faces: Sequence[Face]) -> Tensor:
        """``(F, D)`` of the faces, of which each is in one of the images ``(B, 3, H, W)``."""
        ...


class AlignedNetwork(nn.Module):
    """Any torch network as an embedder: faces are cut out so that landmarks lie on ``template`` ``(P, 2)``.

    ``network`` maps ``(F, 3, size_px, size_px)`` sRGB in [0, 1] to ``(F, D)``. With ``unit`` the vectors are brought to
    length 1, so that a distance d is a cosine of ``1 - d² / 2``. The weights are frozen.
    """

    def __init__(
        self, network: nn.Module, template: Tensor, size_px: int, *, name: str, unit: bool = True, digest: str = ""
    ) -> None:
        super().__init__()
        self.network, self.name, self.size_px, self.unit = network, name, size_px, unit
        self.template = template.double()
        self.digest = digest or digest_of_state(network.state_dict())
        freeze(self)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """Itself."""
        return (self,)

    def embed(self, images: Tensor, image_of: Tensor, faces: Sequence[Face]) -> Tensor:
        """See :class:`FaceEmbedder`; gradient flows to the images.

        Raises :class:`BadShape` where the network makes no vectors.
        """
        turned = [similarity(face.points_px, self.template) for face in faces]
        vectors = self.network(chips(images, image_of, torch.stack(turned), self.size_px))
        if not isinstance(vectors, Tensor) or vectors.ndim != 2 or len(vectors) != len(faces):
            told = tuple(vectors.shape) if isinstance(vectors, Tensor) else type(vectors).__name__
            raise BadShape(f"{self.name} puts out {told} for {len(faces)} faces; expected a vector a face (F, D)")
        vectors = vectors.float()
        return nn.functional.normalize(vectors, dim=1) if self.unit else vectors


class Recogniser:
    """Faces by their names. See the module."""

    task = Task.detection
    confidence = 0.5

    def __init__(
        self, finder: FaceFinder, embedder: FaceEmbedder, people: Mapping[str, Sequence[Path]], *, name: str,
        threshold: float, access: AccessLevel = AccessLevel.gradients,
    ) -> None:  # fmt: skip
        """``people``: name → pictures; the largest face of each is enrolled. ``threshold`` is a distance of vectors.

        Raises :class:`BadInput` for a picture without a face.
        """
        self.name, self.threshold, self.access = name, threshold, access
        self.labels = (*people, UNKNOWN)
        self._finder, self._embedder = finder, embedder
        enrolled = [(row, path) for row, paths in enumerate(people.values()) for path in paths]
        self.person_of = torch.tensor([row for row, _ in enrolled])
        self.enrolled = torch.stack([self._enrol(path) for _, path in enrolled])

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The embedder's."""
        return self._embedder.networks

    @property
    def digest(self) -> str:
        """A hash of finder, embedder, gallery and threshold."""
        facts = hashlib.sha256(f"{self._finder.digest} {self._embedder.digest} {self.threshold} {self.labels}".encode())
        facts.update(self.enrolled.cpu().numpy().tobytes() + self.person_of.cpu().numpy().tobytes())
        return facts.hexdigest()

    @torch.no_grad()
    def _enrol(self, path: Path) -> Tensor:
        image = load_srgb(path)
        faces = self._finder.find(image)
        if not faces:
            raise BadInput(
                f"victim.gallery: {self._finder.name} finds no face in {str(path)!r}. "
                "Replace it by a picture that shows the face from the front."
            )
        largest = max(faces, key=lambda face: face.eye_distance_px)
        return self._embedder.embed(image[None], torch.zeros(1, dtype=torch.int64), [largest])[0].cpu()

    def distances(self, vectors: Tensor) -> Tensor:
        """``(F, D)`` → ``(F, people)``: to the nearest picture of each enrolled person."""
        apart = torch.linalg.vector_norm(vectors[:, None] - self.enrolled.to(vectors)[None], dim=2)
        people = range(len(self.labels) - 1)
        return torch.stack([apart[:, self.person_of.to(apart.device) == row].amin(1) for row in people], 1)

    def outputs(self, images: Tensor) -> Candidates:
        """``(B, A, 4)`` boxes of the faces and ``(B, A, people + 1)`` scores; rows of zeros where there are fewer."""
        expect("images", images, ("B", 3, "H", "W"))
        found = [self._finder.find(image) for image in images.detach()]
        most = max(1, *(len(faces) for faces in found))
        boxes = images.new_zeros((len(images), most, 4))
        scores = images.new_zeros((len(images), most, len(self.labels)))
        rows = [(image, place, face) for image, faces in enumerate(found) for place, face in enumerate(faces)]
        if not rows:
            return Candidates(boxes, scores + 0 * images.mean())  # nothing to follow, and yet no error
        image_of = torch.tensor([image for image, *_ in rows], device=images.device)
        place_of = torch.tensor([place for _, place, _ in rows], device=images.device)
        vectors = self._embedder.embed(images, image_of, [face for *_, face in rows])
        known = torch.sigmoid((self.threshold - self.distances(vectors)) / (self.threshold / 10))
        each = torch.cat([known, 1 - known.amax(1, keepdim=True)], 1).to(scores)
        where = torch.stack([face.box_xyxy_px for *_, face in rows]).to(boxes)
        return Candidates(boxes.index_put((image_of, place_of), where), scores.index_put((image_of, place_of), each))

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """A report a face: the best label, where it scores at least ``confidence``."""
        bar = self.confidence if confidence is None else confidence
        best, label = outputs.scores.detach().float().max(dim=2)
        reports = []
        for boxes, scores, labels in zip(outputs.boxes_xyxy_px.detach().float(), best, label, strict=True):
            order = scores.argsort(descending=True, stable=True)
            order = order[(scores[order] >= bar) & (scores[order] > 0)]
            reports.append(Detections(boxes[order], scores[order], labels[order]))
        return tuple(reports)

    def to(self, device: torch.device | str) -> Recogniser:
        """The same; its networks are moved in place."""
        for network in self.networks:
            network.to(device)
        return self
