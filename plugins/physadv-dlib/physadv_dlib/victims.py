"""dlib's recogniser as deployed, and the same weights in torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from physadv.api import AccessLevel, AlignedNetwork, Face, Recogniser, people_in
from physadv_dlib import DlibConfig
from physadv_dlib.dat_file import read_weights
from physadv_dlib.files import RECOGNISER, model_file
from physadv_dlib.finder import DlibFinder, as_u8, dlib
from physadv_dlib.network import SIZE_PX, DlibNet

_MEAN_FACE = (  # of dlib's get_face_chip_details: corners of the eyes, below the nose, in shares of the face
    (0.8595674595992, 0.2134981538014), (0.6460604764104, 0.2289674387677), (0.1205750620789, 0.2137274526848),
    (0.3340850613712, 0.2290642403242), (0.4901123135679, 0.6277975316475),
)  # fmt: skip
_PADDING = 0.25  # around the face, in shares of it


def template() -> Tensor:
    """``(5, 2)``: where the finder's points lie in the 150 px square, as dlib cuts it out."""
    return (torch.tensor(_MEAN_FACE) + _PADDING) / (1 + 2 * _PADDING) * SIZE_PX


def build(config: DlibConfig, *, deployed: bool) -> Recogniser:
    """Enrol the gallery."""
    people = people_in(Path(config.gallery), "victim.gallery")
    if deployed:
        return Recogniser(
            DlibFinder(), DlibEmbedder(), people, name="dlib", threshold=config.threshold, access=AccessLevel.scores
        )
    network = DlibNet(read_weights(model_file(RECOGNISER)))
    embedder = AlignedNetwork(network, template(), SIZE_PX, name="dlib/twin", unit=False)
    return Recogniser(DlibFinder(), embedder, people, name="dlib/twin", threshold=config.threshold)


class DlibEmbedder:
    """dlib cuts out and embeds, on 8 bits a colour."""

    name = "dlib"
    networks: tuple[nn.Module, ...] = ()

    def __init__(self) -> None:
        path = model_file(RECOGNISER)
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self._net = dlib.face_recognition_model_v1(str(path))

    def embed(self, images: Tensor, image_of: Tensor, faces: Sequence[Face]) -> Tensor:
        """``(F, 128)``, without gradient."""
        vectors = []
        for image, face in zip(image_of.tolist(), faces, strict=True):
            points = [dlib.point(*(round(value) for value in point)) for point in face.points_px.tolist()]
            left, top, right, bottom = (int(edge) for edge in face.box_xyxy_px.tolist())
            shape = dlib.full_object_detection(dlib.rectangle(left, top, right - 1, bottom - 1), points)
            vectors.append(list(self._net.compute_face_descriptor(as_u8(images[image]), shape)))
        return torch.tensor(vectors, dtype=torch.float32, device=images.device)
