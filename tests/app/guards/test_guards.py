"""What a stranger's part does wrong is said in one line, with plugin, part and method."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from physadv.app.guards.door import built, guarded_observer
from physadv.core.errors import BadOption, BrokenPart
from physadv.core.scene_protocols import Detect, NeedsObjects, Photographs, Renderer, RendersItself, SceneSource
from physadv.core.types import Candidates, Detections, PatchImage, PatchPlace, SceneBatch, Step
from physadv.parts.goals.detection import Hide
from physadv.parts.goals.options import HideConfig
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.whole_picture import WholePicture
from tests.toys import LABELS, ToyDetector, ToyPatch, ToyRenderer, ToyScenes, one_scene


def victim(change: type[ToyDetector]) -> Any:
    return built("victims", "acme/net", "acme_net", lambda _: change(digest="0123456789"), None)


def patch(make: Callable[[], Any]) -> Any:
    return built("patches", "acme/dots", "acme_dots", lambda _: make(), None)


def changed(change: Callable[[Candidates], Any]) -> type[ToyDetector]:
    class Changed(ToyDetector):
        def outputs(self, images: Tensor) -> Candidates:
            return change(super().outputs(images))

    return Changed


class DictReports(ToyDetector):
    def decide(self, outputs: Candidates, confidence: float | None = None) -> Any:
        return [{"labels": []} for _ in outputs.scores]


class TooFew(ToyDetector):
    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        return ()


class Raising(ToyDetector):
    def outputs(self, images: Tensor) -> Candidates:
        raise ValueError("no such layer")


class Exiting(ToyDetector):
    def outputs(self, images: Tensor) -> Candidates:
        raise SystemExit(0)


WRONG_VICTIMS = {
    r"raised SystemExit: 0 \(.*test_guards.py, line \d+\)": Exiting,
    "scores from .* where 0 to 1": changed(lambda c: Candidates(c.boxes_xyxy_px, c.scores * 100)),
    "float16 where float32": changed(lambda c: Candidates(c.boxes_xyxy_px.half(), c.scores.half())),
    "where Candidates are due": changed(lambda c: {"scores": c.scores}),
    r"shape \(1, 1, 1\) where \(1, 1, 2\)": changed(lambda c: Candidates(c.boxes_xyxy_px, c.scores[..., :1])),
    "boxes that are not finite": changed(lambda c: Candidates(c.boxes_xyxy_px / 0, c.scores)),
    r"scores from nan": changed(lambda c: Candidates(c.boxes_xyxy_px, c.scores * torch.nan)),
    r"raised ValueError: no such layer \(.*test_guards.py, line \d+\)": Raising,
}


@pytest.mark.parametrize("message", WRONG_VICTIMS)
def test_a_victim_s_wrong_outputs_are_named(message: str) -> None:
    with pytest.raises(BrokenPart, match=rf"victim 'acme/net' \(plugin acme_net\): outputs .*{message}"):
        victim(WRONG_VICTIMS[message]).outputs(torch.rand(1, 3, 32, 32))


def test_scores_detached_from_the_pixels_are_named() -> None:
    broken = victim(changed(lambda c: Candidates(c.boxes_xyxy_px, c.scores.detach())))
    with pytest.raises(BrokenPart, match="detached from the images"):
        broken.outputs(torch.rand(1, 3, 32, 32, requires_grad=True))


@pytest.mark.parametrize(("change", "message"), [(DictReports, "a list of dict"), (TooFew, "0 reports for 1 images")])
def test_a_victim_s_wrong_reports_are_named(change: type[ToyDetector], message: str) -> None:
    broken = victim(change)
    with pytest.raises(BrokenPart, match=f"decide gives {message}"):
        broken.decide(broken.outputs(torch.rand(1, 3, 32, 32)))


def test_what_is_missing_is_named_before_anything_runs() -> None:
    class Half:
        def __call__(self) -> PatchImage:
            return ToyPatch()()

    with pytest.raises(BrokenPart, match="parameters is missing in Half"):
        patch(Half)
    with pytest.raises(BrokenPart, match="build gives None"):
        patch(lambda: None)


class OfNumbers(ToyPatch):
    """A patch whose texels are what the test says."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value

    def forward(self) -> PatchImage:
        return replace(super().forward(), srgb=self.value + 0 * self.srgb.mean())


WRONG_PATCHES = {
    "srgb from 0 to 255 where 0 to 1": torch.tensor([0.0, 255.0]).repeat(3, 8, 4),
    "srgb from nan": torch.full((3, 8, 8), torch.nan),
    "float64 where float32": torch.full((3, 8, 8), 0.5, dtype=torch.float64),
    r"must be \(3, h, w\), got \(2, 2, 3\)": torch.full((2, 2, 3), 0.5),
}


@pytest.mark.parametrize("message", WRONG_PATCHES)
def test_a_patch_that_cannot_be_printed_is_named(message: str) -> None:
    with pytest.raises(BrokenPart, match=rf"patch 'acme/dots' \(plugin acme_dots\): __call__ .*{message}"):
        patch(lambda: OfNumbers(WRONG_PATCHES[message]))()


def test_a_patch_without_a_texel_is_named() -> None:
    class Empty(ToyPatch):
        def forward(self) -> PatchImage:
            whole = super().forward()
            return replace(whole, srgb=whole.srgb[:, :0, :0], alpha=whole.alpha[:, :0, :0])

    with pytest.raises(BrokenPart, match="an image of 0 x 0 texels"):
        patch(Empty)()


def test_a_patch_without_a_gradient_is_named() -> None:
    class Fixed(ToyPatch):
        def forward(self) -> PatchImage:
            return replace(super().forward(), srgb=self.srgb.detach())

    with pytest.raises(BrokenPart, match="without a gradient"):
        patch(Fixed)()


def test_a_sound_part_answers_through_its_guard_as_without() -> None:
    images = torch.rand(2, 3, 32, 32)
    guarded, bare = victim(ToyDetector), ToyDetector()
    assert guarded.labels == LABELS
    assert torch.equal(guarded.outputs(images).scores, bare.outputs(images).scores)
    assert len(guarded.to("cpu").decide(guarded.outputs(images))) == 2
    assert guarded.steepness == 12
    assert torch.equal(patch(ToyPatch)().srgb, ToyPatch()().srgb)


class Nan(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        return pixels.mean((2, 3)) * torch.nan


def test_a_classifier_s_logits_and_a_victim_s_own_words_are_checked() -> None:
    sound = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    made = {name: Classifier(network, ("a", "b", "c"), name=name, size_px=4)
            for name, network in (("sound", sound), ("nan", Nan()))}  # fmt: skip
    guarded = {name: built("victims", "acme/net", "acme_net", lambda _, n=name: made[n], None) for name in made}
    images = torch.rand(2, 3, 8, 8)
    assert torch.equal(guarded["sound"].outputs(images).logits, made["sound"].outputs(images).logits)
    assert guarded["sound"].decide(guarded["sound"].outputs(images)).labels.shape == (2,)
    assert isinstance(WholePicture(guarded["sound"]).outputs(images), Candidates)
    with pytest.raises(BrokenPart, match="outputs gives logits that are not finite"):
        guarded["nan"].outputs(images)
    with pytest.raises(BrokenPart, match="outputs gives Candidates where ClassLogits are due"):
        built("victims", "acme/net", "acme_net", lambda _: WholePicture(made["sound"]), None).outputs(images)
    for name, wrong in (("task", "detector"), ("access", True), ("networks", sound)):
        toy = replace(ToyDetector(digest="0123456789"), **{name: wrong})
        with pytest.raises(BrokenPart, match=f"victim 'acme/net' .*: {name} must be a"):
            built("victims", "acme/net", "acme_net", lambda _, toy=toy: toy, None)


class Bright(ToyScenes):
    def batches(self, size: int, generator: torch.Generator) -> Iterator[SceneBatch]:
        for scene in super().batches(size, generator):
            yield replace(scene, srgb=scene.srgb * 255)


class Failing(ToyScenes):
    def sweep(self, size: int, skip: int = 0) -> Iterator[SceneBatch]:
        yield one_scene()
        raise KeyError("photo 2")


def test_scenes_are_checked_batch_by_batch() -> None:
    bright = built("scenes", "acme/photos", "acme", lambda _: Bright(), None)
    with pytest.raises(BrokenPart, match=r"scenes 'acme/photos' \(plugin acme\): batches gives srgb from"):
        next(bright.batches(2, torch.Generator()))
    failing = built("scenes", "acme/photos", "acme", lambda _: Failing(), None).split(0.5, 0)[0]
    with pytest.raises(BrokenPart, match="sweep raised KeyError: 'photo 2'"):
        list(failing.sweep(1))


class Bare(ToyScenes):
    """Pictures of which somebody must say what is in them."""

    def with_objects(self, detect: Detect, label_names: tuple[str, ...]) -> SceneSource:
        return Bright()


class Own(ToyScenes):
    """Scenes with a world of their own."""

    curvature_per_m = 2.0

    def renderer(self, place: PatchPlace, ink: Callable[[PatchImage], PatchImage] | None) -> Renderer:
        return ToyRenderer()


def test_guarded_scenes_promise_what_the_bare_ones_do_and_no_more() -> None:
    for source in (ToyScenes, Bare, Own):
        guarded = built("scenes", "acme/photos", "acme", lambda _, source=source: source(), None)
        for promise in (NeedsObjects, RendersItself, Photographs):
            assert isinstance(guarded, promise) == isinstance(source(), promise)
    own, bare = (
        built("scenes", "acme/photos", "acme", lambda _, source=source: source(), None) for source in (Own, Bare)
    )
    assert own.curvature_per_m == 2
    assert isinstance(own.split(0.5, 0)[1], RendersItself)
    assert isinstance(own.renderer(PatchPlace(), None), ToyRenderer)
    told = bare.with_objects(lambda _: (torch.zeros(0, 4), torch.zeros(0)), ("dog",))
    with pytest.raises(BrokenPart, match="batches gives srgb from"):
        next(told.batches(2, torch.Generator()))


class Summed(Hide):
    def bound(self, labels: tuple[str, ...]) -> Summed:
        return Summed(HideConfig())

    def loss(self, outputs: Candidates, scene: SceneBatch) -> Tensor:
        return outputs.scores.sum()

    def achieved(self, decisions: tuple[Detections, ...], scene: SceneBatch) -> Tensor:
        return torch.zeros(3)


def test_goals_and_penalties_are_checked() -> None:
    goal = built("goals", "acme/away", "acme", lambda _: Summed(HideConfig()), None).bound(LABELS)
    scene = one_scene(2)
    outputs = ToyDetector().outputs(scene.srgb)
    with pytest.raises(BrokenPart, match=r"goal 'acme/away' .* loss gives losses of shape \(\) where \(2\)"):
        goal.loss(outputs, scene)
    with pytest.raises(BrokenPart, match=r"achieved gives \(3,\) torch.float32 where one bool an object, \(2,\)"):
        goal.achieved(ToyDetector().decide(outputs), scene)

    class Nan:
        name = "dots"

        def __call__(self, image: PatchImage) -> Tensor:
            return image.srgb.mean() * torch.nan

    with pytest.raises(BrokenPart, match=r"penalty 'acme/dots' .* not finite"):
        built("penalties", "acme/dots", "acme", lambda _: Nan(), None)(ToyPatch()())


def test_an_attack_s_patch_is_checked() -> None:
    class Nothing:
        needs_gradient = False

        def run(self, *_: Any) -> None:
            return None

    with pytest.raises(BrokenPart, match=r"attack 'acme/walk' .* run gives NoneType where a PatchImage is due"):
        built("attacks", "acme/walk", "acme", lambda _: Nothing(), None).run(None, [], None)


def test_a_user_s_mistake_stays_a_user_s_mistake() -> None:
    def build(_: None) -> Any:
        raise BadOption("patch.rings must be positive")

    with pytest.raises(BadOption, match=r"^patch.rings must be positive$"):
        built("patches", "acme/halo", "acme", build, None)


def test_an_observer_that_fails_ends_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    class Fragile:
        def started(self, total: int, first: int) -> None: ...

        def stepped(self, step: Step) -> None:
            raise RuntimeError("no disk")

        def ended(self) -> None: ...

    observer = guarded_observer(Fragile(), "acme_log")
    with caplog.at_level(logging.WARNING):
        observer.started(2, 0)
        for index in range(2):
            observer.stepped(Step(index, 2, 1.0, 0.0, 0.1))
        observer.ended()
    assert [record.message for record in caplog.records] == [caplog.records[0].message]
    assert "observer 'Fragile' (plugin acme_log): stepped raised RuntimeError: no disk" in caplog.text
