"""torchvision's detectors, with random weights: same detections as the models themselves, and the battery."""

import pickle
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file

from physadv.core.errors import BadInput, BadOption
from physadv.core.types import Detections
from physadv.parts.victims.frozen import fold_norms_
from physadv.parts.victims.options import TorchvisionConfig
from physadv.parts.victims.torchvision_victim import TorchvisionVictim
from physadv.parts.victims.torchvision_weights import make_model
from physadv.testing import check_victim, sample_images
from tests.parts.victims.building import build_victim

SSDLITE = "torchvision/ssdlite320_mobilenet_v3_large"
FAMILIES = (
    "ssdlite320_mobilenet_v3_large",
    "retinanet_resnet50_fpn",
    "fcos_resnet50_fpn",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "maskrcnn_resnet50_fpn_v2",
)
SMALL = {"ssdlite320_mobilenet_v3_large": {}, "fasterrcnn_mobilenet_v3_large_320_fpn": {"size_px": 96}}


def random_victim(name: str, **options: object) -> TorchvisionVictim:
    victim = build_victim(f"torchvision/{name}", weights="random", **options)
    assert isinstance(victim, TorchvisionVictim)
    return victim


def spread_scores_(victim: TorchvisionVictim, images: torch.Tensor, spread: float) -> None:
    """Scale the layers that score classes so that their logits have this spread: some pass, none is saturated."""
    layers = [
        module
        for name, module in victim.model.named_modules()
        if name.endswith(("box_predictor.cls_score", "classification_head.cls_logits"))
        or ("classification_head.module_list" in name and isinstance(module, torch.nn.Conv2d) and _is_last(module))
    ]
    assert layers
    for layer in layers:
        seen: list[torch.Tensor] = []
        hook = layer.register_forward_hook(lambda _m, _i, out, seen=seen: seen.append(out))
        with torch.no_grad():
            victim.outputs(images)
            layer.weight.mul_(spread / torch.cat([out.flatten() for out in seen]).std().clamp_min(1e-6))
        hook.remove()


def _is_last(module: torch.nn.Conv2d) -> bool:
    return module.bias is not None and module.out_channels % 91 == 0


def same(ours: Detections, theirs: dict[str, torch.Tensor], count: int) -> None:
    """The first ``count`` detections agree; torchvision numbers classes from 1 and may report its unused class 0."""
    real = theirs["labels"] > 0
    assert torch.allclose(ours.scores[:count], theirs["scores"][real][:count], atol=1e-4)
    assert torch.equal(ours.labels[:count], theirs["labels"][real][:count] - 1)
    assert torch.allclose(ours.boxes_xyxy_px[:count], theirs["boxes"][real][:count], atol=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_decisions_are_those_of_the_model_itself(name: str) -> None:
    victim = random_victim(name, **({} if name.startswith("ssd") else {"size_px": 128}))
    images = sample_images(2, 100, 140)
    two_stages, sigmoid = "rcnn" in name, name.startswith(("retinanet", "fcos"))
    spread_scores_(victim, images, 2.0 if sigmoid else 6.0 if two_stages else 4.0)
    with torch.no_grad():
        outputs = victim.outputs(images)
        # two-stage models report every class of a proposal, we its best: above one half there is only one
        threshold = max(0.5 if two_stages else 0.2, float(outputs.scores.flatten().topk(400).values[-1]))
        settings = victim.model.roi_heads if two_stages else victim.model
        settings.score_thresh = threshold
        theirs = victim.model(list(images))
    for ours, expected in zip(victim.decide(outputs, threshold), theirs, strict=True):
        count = min(10, int((expected["labels"] > 0).sum()))
        assert count > 0
        same(ours, expected, count)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_random_models_pass_the_battery(name: str) -> None:
    assert check_victim(random_victim(name, **SMALL[name]))


@pytest.mark.slow
def test_random_weights_follow_the_seed_and_leave_the_global_generator_alone() -> None:
    state = torch.random.get_rng_state()
    first, again, other = (build_victim(SSDLITE, weights="random", seed=seed).digest for seed in (1, 1, 2))
    assert first == again != other
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.slow
def test_weights_from_a_file_are_the_ones_used(tmp_path: Path) -> None:
    victim = random_victim("ssdlite320_mobilenet_v3_large", seed=3)
    state = make_model("ssdlite320_mobilenet_v3_large", TorchvisionConfig(weights="random", seed=3), 90).state_dict()
    save_file(state, tmp_path / "w.safetensors")
    torch.save({"model": state}, tmp_path / "w.pth")
    for name in ("w.safetensors", "w.pth"):
        assert build_victim(SSDLITE, weights=str(tmp_path / name)).digest == victim.digest


@pytest.mark.slow
def test_folding_norms_changes_nothing_but_the_time() -> None:
    model = make_model("ssdlite320_mobilenet_v3_large", TorchvisionConfig(weights="random"), 90)
    images = sample_images(2, 320, 320)
    with torch.no_grad():
        before = model.head(list(model.backbone(images).values()))
        fold_norms_(model)
        after = model.head(list(model.backbone(images).values()))
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in model.backbone.modules())
    for kind, values in before.items():
        assert torch.allclose(values, after[kind], atol=1e-3 * float(values.abs().max()))


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this must not run",)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"x": Hostile()}, tmp_path / "hostile.pth")
    with pytest.raises(BadInput, match=r"could run code; store its state dict as \.safetensors"):
        build_victim(SSDLITE, weights=str(tmp_path / "hostile.pth"))
    assert "must not run" not in capsys.readouterr().out


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"text, not weights", pickle.dumps([1, 2]), b"\x00" * 4000])
def test_broken_weights_are_refused_in_one_line(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(BadInput, match="broken") as caught:
        build_victim(SSDLITE, weights=str(path))
    assert "\n" not in str(caught.value)


def test_missing_and_foreign_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        build_victim(SSDLITE, weights=str(tmp_path / "none.pth"))
    save_file({"a": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(BadInput, match="does not hold weights of torchvision/ssdlite320"):
        build_victim(SSDLITE, weights=str(tmp_path / "other.safetensors"))


def test_without_a_network_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_args: object, **_options: object) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", offline)
    with pytest.raises(BadInput, match=r"could not be downloaded.*victim\.weights=PATH or victim\.weights=random"):
        build_victim(SSDLITE)


@pytest.mark.slow
def test_own_labels_make_own_heads(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("stop\nyield\n")
    victim = random_victim("ssdlite320_mobilenet_v3_large", labels=str(tmp_path / "labels.txt"))
    assert victim.labels == ("stop", "yield")
    assert victim.outputs(sample_images(1)).scores.shape[2] == 2


def test_a_fixed_size_cannot_be_changed() -> None:
    with pytest.raises(BadOption, match="fixed size"):
        build_victim(SSDLITE, weights="random", size_px=200)


def test_folding_batch_norms_leaves_the_function_as_it_was() -> None:
    from torchvision.models import resnet18
    from torchvision.ops import FrozenBatchNorm2d

    from physadv.parts.victims.frozen import fold_norms_

    net = resnet18(norm_layer=FrozenBatchNorm2d).eval()
    random = torch.Generator().manual_seed(0)
    for part in net.modules():
        if isinstance(part, FrozenBatchNorm2d):
            part.running_mean.normal_(0, 0.1, generator=random)
            part.running_var.uniform_(0.5, 1.5, generator=random)
    image = torch.rand(2, 3, 64, 64, generator=random)
    before = net(image)
    fold_norms_(net)
    assert sum(isinstance(part, FrozenBatchNorm2d) for part in net.modules()) <= 1  # the stem's
    torch.testing.assert_close(net(image), before, rtol=1e-4, atol=1e-5)
