"""The published weights give their published answers, and both victims do what every victim must."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from physadv_signs import SignsConfig, names_of, physadv_victims
from physadv_signs.networks import GtsrbStn, LisaCnn
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from physadv.api import BadInput, BadOption, Classifier
from physadv.testing import check_victim

FILES = {"signs/gtsrb-stn": "gtsrb_stn_43", "signs/lisa-cnn": "lisa_cnn_rp2_18"}


def build(name: str, weights: Path | str = "") -> Classifier:
    row = next(row for row in physadv_victims() if row.name == name)
    victim = row.build(row.config(weights=str(weights)))
    assert isinstance(victim, Classifier)
    return victim


def pictures(path: Path) -> Tensor:
    return torch.from_numpy(np.load(path)["x"]).permute(0, 3, 1, 2).float() / 255


@pytest.mark.parametrize(("name", "network"), [("signs/gtsrb-stn", GtsrbStn), ("signs/lisa-cnn", LisaCnn)])
def test_untrained_networks_pass_the_battery(name: str, network: type, tmp_path: Path) -> None:
    torch.manual_seed(0)
    save_file(network().state_dict(), tmp_path / "w.safetensors")
    check_victim(build(name, tmp_path / "w.safetensors"))


@pytest.mark.parametrize("name", FILES)
def test_the_published_weights_pass_the_battery(name: str, shared: Path) -> None:
    check_victim(build(name, shared / "weights" / f"{FILES[name]}.safetensors"))


def test_rp2_turns_every_stop_sign_into_a_speed_limit(shared: Path) -> None:
    """The authors' noise under their mask on their own pictures (Eykholt et al. 2018, arXiv:1707.08945)."""
    victim = build("signs/lisa-cnn", shared / "weights" / "lisa_cnn_rp2_18.safetensors")
    place = shared / "data" / "rp2_stop"
    clean = pictures(place / "lisa_victims_32.npz")
    noise = load_file(place / "rp2_noise_octagon.safetensors")["noise_hwc_rgb"].permute(2, 0, 1)
    mask = torch.from_numpy(np.array(Image.open(place / "lisa_octagon.png").convert("RGB"))).permute(2, 0, 1) / 255
    for images, label in ((clean, "stop"), ((clean + noise * mask).clamp(0, 1), "speedLimit45")):
        found = victim.decide(victim.outputs(images))
        assert {victim.labels[label] for label in found.labels.tolist()} == {label}


def test_classes_have_their_published_numbers() -> None:
    gtsrb, lisa = names_of("gtsrb"), names_of("lisa")
    assert (len(gtsrb), gtsrb[14], gtsrb[38], gtsrb[40]) == (43, "stop", "keep right", "roundabout")
    assert (len(lisa), lisa[14], lisa[12], lisa[17]) == (18, "stop", "speedLimit45", "yield")


def test_weights_that_do_not_fit_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "junk.safetensors").write_bytes(b"no tensors here")
    save_file(LisaCnn().state_dict(), tmp_path / "lisa.safetensors")
    broken = {name: torch.full_like(value, torch.nan) for name, value in LisaCnn().state_dict().items()}
    save_file(broken, tmp_path / "nan.safetensors")
    for name, weights, error, match in (
        ("signs/gtsrb-stn", "", BadOption, "comes without weights"),
        ("signs/gtsrb-stn", tmp_path / "missing.safetensors", BadInput, "cannot be read"),
        ("signs/gtsrb-stn", tmp_path / "junk.safetensors", BadInput, "cannot be read"),
        ("signs/gtsrb-stn", tmp_path / "lisa.safetensors", BadInput, "is of another network"),
        ("signs/lisa-cnn", tmp_path / "nan.safetensors", BadInput, "not finite"),
    ):
        with pytest.raises(error, match=match) as caught:
            build(name, weights)
        assert "\n" not in str(caught.value)
    with pytest.raises(BadOption, match="confidence"):
        next(iter(physadv_victims())).build(SignsConfig(weights="x", confidence=2))
