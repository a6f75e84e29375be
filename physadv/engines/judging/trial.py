"""A trial: all that decides on the numbers of a judgement, in one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from physadv.core.clip import FilmClip
from physadv.core.defended import remembers
from physadv.core.errors import BadOption, IncompatibleParts
from physadv.core.problem.clips import standing_still
from physadv.core.protocols import Goal, Victim
from physadv.core.scene_protocols import Renderer, RendersItself, SceneSource
from physadv.core.types import PatchImage
from physadv.engines.judging import shards
from physadv.engines.judging.clean_cache import CleanCache
from physadv.engines.judging.collect import Keeping
from physadv.engines.judging.options import ProtocolConfig, check
from physadv.engines.judging.protocol_scenes import ByProtocol
from physadv.engines.judging.rungs import Rung
from physadv.engines.judging.shards import Shards, digest
from physadv.engines.judging.survey import Survey
from physadv.engines.judging.views import VictimUnderTest, ViewSource
from physadv.library.runs.relation import Relation
from physadv.parts.patches.controls import PATCH, PatchUnderTest


@dataclass(frozen=True)
class Trial:
    """A patch, the scenes and victims it is judged on, and the protocol."""

    patch: PatchImage
    scenes: SceneSource
    renderer: Renderer
    victims: Sequence[Victim]
    goal: Goal
    goal_name: str  # "hide": names the success in words
    seed: int
    device: torch.device
    batch: int = 8  # images at a time
    draws: int = 1  # sampled conditions for each image
    images: int = 0  # at most; 0 = all
    resamples: int = 1000  # of the bootstrap
    relations: Mapping[str, Relation] = field(default_factory=dict)  # patch → how the scenes relate to its own
    found: Survey | None = None  # what there is to judge on
    truth_from: str = "annotations"  # or the name of the victim whose clean detections are the truth
    worn_by: str = ""  # label of what wears the patch; only needed where detections are the truth
    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    known: PatchUnderTest | None = None  # what is known about the patch
    others: tuple[PatchUnderTest, ...] = ()  # further patches, judged on the same scenes and draws
    beside: Renderer | None = None  # our renderer, where ``renderer`` is the scenes' own: their gap is shown
    identities: tuple[str, ...] = ()  # of the victims, with all their options; (): nothing is kept between runs
    fingerprint: str = ""  # of scenes and conditions; "": a stopped judgement starts over
    cache: Path | None = None  # of clean detections that runs share
    clip: FilmClip | None = None  # every draw is a film of so many frames; None: a picture
    rungs: tuple[Rung, ...] = ()  # worlds from the screen to the street; (): the way between them is not shown

    @property
    def seen_first(self) -> bool:
        """Whether only objects that the victim sees without the patch can become a success."""
        return self.goal_name != "conjure" and self.protocol.count == "seen"

    @property
    def patches_under_test(self) -> tuple[PatchUnderTest, ...]:
        """The patch and the others."""
        first = replace(self.known, patch=self.patch) if self.known else PatchUnderTest(PATCH, self.patch)
        return (first, *self.others)


@dataclass(frozen=True)
class Group:
    """Victims that share one truth, with the numbers they have among all victims."""

    showing: ViewSource
    watched: tuple[VictimUnderTest, ...]
    numbers: tuple[int, ...]


def groups(trial: Trial) -> list[Group]:
    """All victims together where the scenes say what is there; one by one where each victim's own detections do."""
    _check(trial)
    watched = [_watched(number, trial) for number in range(len(trial.victims))]
    if trial.protocol.truth == "scenes":
        return [Group(_showing(trial, None), tuple(watched), tuple(range(len(watched))))]
    return [Group(_showing(trial, one.victim), (one,), (number,)) for number, one in enumerate(watched)]


def keeping(trial: Trial, group: Group, out: Path, *, measure: bool = True, resumable: bool = True) -> Keeping:
    """Where the reports of a group are kept while they are gathered."""
    store = None
    if trial.fingerprint and resumable:
        store = Shards(out / shards.FOLDER / "-".join(map(str, group.numbers)), key_of(trial, group))
    return Keeping(trial.protocol.kept_from, store, CleanCache(trial.cache) if trial.cache else None, measure)


def key_of(trial: Trial, group: Group) -> str:
    """A digest of everything on which the reports of a group depend."""
    victims = [(one.victim.name, one.victim.digest, one.identity, one.confidence) for one in group.watched]
    facts = [
        trial.fingerprint, asdict(trial.protocol), trial.seed, trial.batch, trial.draws, len(group.showing), victims,
        trial.goal_name, [exact_digest(one.patch) for one in trial.patches_under_test],
    ]  # fmt: skip
    return digest(facts if trial.clip is None else [*facts, asdict(trial.clip)])


def exact_digest(patch: PatchImage) -> str:
    """SHA-256 of texels and width, to the last bit: what judgements are kept under."""
    arrays = [values.detach().float().cpu().contiguous().numpy().tobytes() for values in (patch.srgb, patch.alpha)]
    return digest([*arrays, list(patch.srgb.shape), patch.width_mm])


def _showing(trial: Trial, victim: Victim | None) -> ViewSource:
    scenes, protocol = trial.scenes, trial.protocol
    if protocol.truth == "detections" or protocol.placement == "box" or protocol.digital or protocol.min_height_px:
        size = (trial.patch.width_mm, trial.patch.height_mm)
        asked = None if victim is None else standing_still(victim)
        scenes = ByProtocol(scenes, protocol, size, asked, trial.worn_by, trial.device)
    wearing = trial.found.wearing if trial.found and trial.found.whole else 0
    draws = trial.draws * (trial.clip.frames if trial.clip else 1)
    return ViewSource(
        scenes, trial.renderer, trial.batch, draws, trial.images, trial.seed, trial.device, wearing, trial.clip
    )


def _watched(number: int, trial: Trial) -> VictimUnderTest:
    here = trial.victims[number].to(trial.device)
    identity = trial.identities[number] if len(trial.identities) == len(trial.victims) else ""
    try:
        goal = trial.goal.bound(here.labels)
    except IncompatibleParts as error:
        raise IncompatibleParts(f"victim {here.name!r} does not fit: {error}") from error
    return VictimUnderTest(here, goal, trial.protocol.confidence or here.confidence, identity)


def _check(trial: Trial) -> None:
    check(trial.protocol)
    if trial.batch < 1 or trial.draws < 1 or trial.images < 0:
        raise BadOption(
            f"judging needs batch >= 1, draws >= 1 and images >= 0, got {trial.batch}, {trial.draws}, {trial.images}."
        )
    if trial.clip is None and (forgetful := next((v.name for v in trial.victims if remembers(v)), None)):
        raise IncompatibleParts(f"victim {forgetful!r} remembers frames, and here pictures are no film")
    if not trial.victims:
        raise BadOption("there is no victim to judge with. Name at least one.")
    if trial.protocol.truth == "detections" and not trial.worn_by:
        raise BadOption(
            "protocol.truth=detections needs scenes that name one label that wears the patch (scenes.label)"
        )
    if trial.protocol.placement == "box" and isinstance(trial.scenes, RendersItself):
        raise BadOption(
            "protocol.placement=box pastes onto pictures; scenes=twin lays patches in space. Use another one"
        )
