"""Options of ``physadv train detector``. Importing this never imports torch."""

from __future__ import annotations

from dataclasses import dataclass, field

from physadv.core.errors import BadOption

DRAWINGS = ("road", "street")


@dataclass
class TrainConfig:
    """How a small detector is trained: of the road signs that physadv draws, or of any classes."""

    labels: list[str] = field(default_factory=list)  # what is detected; empty = the road signs that scenes=road draws
    photos: str = ""  # COCO or YOLO folder to train on; empty = drawn pictures only
    validate: str = ""  # COCO or YOLO folder for the final figures; never used to choose anything; empty = drawn only
    photos_licence: str = "not stated"  # goes into the model card
    begin: str = ""  # weights of such a training to go on from; empty = random ones
    epochs: int = 60  # one epoch sees every photo once
    batch: int = 16  # images a step
    size_px: int = 320  # side of the training crops, a multiple of 32
    learning_rate: float = 3e-3  # peak of the one-cycle schedule
    weight_decay: float = 0.02  # of convolution weights
    widths: list[int] = field(default_factory=lambda: [16, 32, 64, 112, 160])  # channels at strides 2 to 32
    blocks: list[int] = field(default_factory=lambda: [1, 2, 3, 2])  # residual blocks at strides 4 to 32
    drawings: list[str] = field(default_factory=lambda: ["road"])  # scenes that are drawn, in turn: road, street
    renders: int = 1200  # drawn pictures, made before the first epoch (some 20 ms each)
    renders_an_epoch: int = 400  # at most so many of these, picked anew for every epoch
    held_out_renders: int = 240  # drawn pictures of the main object for the final figures
    distance_m: list[float] = field(default_factory=lambda: [3.5, 42.0])  # of rendered objects
    drawn_cutouts: int = 0  # drawn people that are pasted into photos as the cut-outs of train.pasted are
    drawn_zoom: list[float] = field(default_factory=lambda: [0.75, 1.4])  # of drawn pictures
    zoom: list[float] = field(
        default_factory=lambda: [0.6, 1.6]
    )  # of photos; at 1 the longer side is 1.2 times the crop
    turn_deg: float = 5.0  # photos are turned by up to this
    mirror: float = 0.0  # share of the pictures shown mirrored; signs have a left and a right
    squeeze: float = 0.0  # width over height of photos changes by up to this factor's logarithm
    antialias: bool = False  # shrink photos by area first: slower, and as cameras see
    faint: bool = True  # what is hardly in view any more is background; false: it teaches nothing
    empties: float = 1.0  # share of the photos without any object that an epoch sees
    pasted: float = 0.0  # share of the photos into which objects are pasted, cut out of others
    blend: float = 0.0  # share of the photos through which one without objects shines
    mosaic: float = 0.35  # share of photos shown as 2×2 mosaics, until the last 15 % of the epochs
    apart: float = 0.0  # share of the photos kept apart, by which the threshold is chosen; 0 = it is 0.5
    judged_px: int = 0  # longer side to which pictures are shrunk for threshold and figures; 0 = never
    average: float = 0.998  # decay of the weight average that is shipped
    bf16: bool = True  # compute in bfloat16: three times as fast on CPUs with AMX, no slower elsewhere
    workers: int = 1  # processes that prepare batches
    seed: int = 0  # of weights, order and augmentation

    @property
    def drawn(self) -> int:
        """Drawn pictures in an epoch."""
        return min(self.renders, self.renders_an_epoch)

    def check(self) -> None:
        """Refuse what cannot work, before torch is imported."""
        if self.size_px % 32 or self.size_px < 64:
            raise BadOption(f"train.size_px must be a multiple of 32 from 64 on, got {self.size_px}.")
        for name in ("epochs", "batch", "held_out_renders"):
            if getattr(self, name) < 1:
                raise BadOption(f"train.{name} must be at least 1, got {getattr(self, name)}.")
        for name in ("renders", "renders_an_epoch", "drawn_cutouts", "judged_px"):
            if getattr(self, name) < 0:
                raise BadOption(f"train.{name} must not be negative, got {getattr(self, name)}.")
        self._check_network()
        self._check_pictures()
        if not 0 < self.learning_rate < 1:
            raise BadOption(f"train.learning_rate must lie between 0 and 1, got {self.learning_rate}.")
        if not 0 <= self.average < 1:
            raise BadOption(f"train.average must lie in [0, 1), got {self.average}.")

    def _check_network(self) -> None:
        if len(set(self.labels)) != len(self.labels) or not all(label.strip() for label in self.labels):
            raise BadOption(f"train.labels must be different names, got {self.labels}.")
        if len(self.widths) != 5 or not all(width >= 2 and width % 2 == 0 for width in self.widths):
            raise BadOption(f"train.widths must be five even numbers of channels, got {self.widths}.")
        if len(self.blocks) != 4 or min(self.blocks) < 0:
            raise BadOption(f"train.blocks must be four counts, got {self.blocks}.")

    def _check_pictures(self) -> None:
        if not self.photos and not self.drawn:
            raise BadOption("train.photos is empty and nothing is drawn: there is nothing to train on.")
        unknown = [name for name in self.drawings if name not in DRAWINGS]
        if unknown or (self.drawn and not self.drawings):
            raise BadOption(f"train.drawings must be some of {', '.join(DRAWINGS)}, got {self.drawings}.")
        for name in ("zoom", "drawn_zoom"):
            zoom = getattr(self, name)
            if len(zoom) != 2 or not 0.05 <= zoom[0] <= zoom[1] <= 20:
                raise BadOption(f"train.{name} must be [smallest, largest] from 0.05 to 20, got {zoom}.")
        if not 0 <= self.squeeze <= 1:
            raise BadOption(f"train.squeeze must lie in [0, 1], got {self.squeeze}.")
        for name in ("mirror", "empties", "pasted", "blend", "mosaic"):
            if not 0 <= getattr(self, name) <= 1:
                raise BadOption(f"train.{name} is a share and must lie in [0, 1], got {getattr(self, name)}.")
        if not 0 <= self.apart <= 0.5:
            raise BadOption(f"train.apart must lie in [0, 0.5], got {self.apart}.")
