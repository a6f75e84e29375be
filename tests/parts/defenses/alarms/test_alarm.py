"""An alarm changes no answer, is set on clean pictures, and can be evaded by being silent."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption
from physadv.library.files.images import save_png
from physadv.parts.defenses.alarms.alarm import Alarm, Alarmed, peak, threshold_from
from physadv.parts.defenses.alarms.options import AlarmConfig
from physadv.parts.defenses.localisation.chroma import ChromaLocaliser
from physadv.parts.defenses.options import ChromaConfig
from physadv.testing import ToyGridDetector, one_scene

REGISTRY = Registry(discover=False)


def smooth(seed: int) -> Tensor:
    """``(1,3,64,64)`` without a patch."""
    coarse = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=(64, 64), mode="bilinear")


def patched(seed: int) -> Tensor:
    """The same with a square of noise."""
    image = smooth(seed)
    image[..., 16:48, 16:48] = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    return image


def alarmed(threshold: float = 0.2) -> Alarmed:
    made = Alarm("chroma", ChromaLocaliser(), threshold).around(ToyGridDetector())
    assert isinstance(made, Alarmed)
    return made


def test_answers_are_the_victim_s_and_the_alarm_stands_beside_them() -> None:
    victim, images = alarmed(), torch.cat([smooth(0), patched(0)])
    assert torch.equal(victim.outputs(images).scores, ToyGridDetector().outputs(images).scores)
    clean, attacked = victim.alarm(images).tolist()
    assert clean < 1 < attacked


def test_an_alarm_behind_another_is_the_louder_one() -> None:
    outer = Alarm("chroma", ChromaLocaliser(), 0.4).around(alarmed(0.2))
    assert isinstance(outer, Alarmed)
    assert torch.equal(outer.alarm(patched(1)), alarmed(0.2).alarm(patched(1)))


def test_following_the_evasion_silences_it() -> None:
    victim, image, scene = alarmed(), patched(2), one_scene(1, 64)
    evasion = victim.evasion
    assert evasion is not None
    for _ in range(200):
        leaf = image.requires_grad_()
        loss = evasion.loss(leaf, scene)
        if loss == 0:
            break
        (slope,) = torch.autograd.grad(loss.sum(), leaf)
        image = (image - 0.02 * slope.sign()).clamp(0, 1).detach()
    assert float(victim.alarm(image.detach())) < 1


def test_the_threshold_keeps_its_rate_on_the_photos_it_was_set_on(tmp_path: Path) -> None:
    for seed in range(40):
        save_png(smooth(seed)[0], tmp_path / f"{seed:02}.png")
    config = AlarmConfig(clean=str(tmp_path), rate=0.05)
    defense = REGISTRY.build("defenses", "alarm", config)
    assert isinstance(defense, Alarm)
    peaks = [float(peak(ChromaLocaliser(), smooth(seed))) for seed in range(40)]
    assert sorted(peaks)[36] < defense.threshold < sorted(peaks)[38]
    with pytest.raises(BadInput, match="1 % needs 100 clean pictures or more"):
        threshold_from(str(tmp_path), 416, ChromaLocaliser(), 0.01)


def test_other_localisers_raise_alarms_too_and_filters_do_not() -> None:
    entropy = REGISTRY.build("defenses", "alarm", AlarmConfig(of="entropy", threshold=2.6))
    assert entropy.name == "alarm-entropy-2.6"
    with pytest.raises(BadOption, match=r"must be a defense that searches for patches.*jpeg"):
        REGISTRY.build("defenses", "alarm", AlarmConfig(of="jpeg", threshold=1))
    with pytest.raises(BadOption, match="names no defense: 'chrom'"):
        REGISTRY.build("defenses", "alarm", AlarmConfig(of="chrom", threshold=1))


def test_the_alarm_of_a_localiser_is_the_one_that_paints_over() -> None:
    """In other units: that one counts from the threshold of its mask."""
    painting = REGISTRY.build("defenses", "chroma", ChromaConfig()).around(ToyGridDetector())
    own = painting.alarm(patched(3)) * ChromaConfig().high
    assert torch.allclose(own, alarmed(0.2).alarm(patched(3)) * 0.2)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (AlarmConfig(), r"no clean pictures.*defense\.clean=FOLDER.*100 or more for 1 %"),
        (AlarmConfig(threshold=-1), "must be positive"),
        (AlarmConfig(threshold=1, rate=0), "rate of alarm"),
    ],
)
def test_an_alarm_without_a_threshold_is_refused(config: AlarmConfig, told: str) -> None:
    with pytest.raises(BadOption, match=told):
        REGISTRY.build("defenses", "alarm", config)
