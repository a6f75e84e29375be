"""Files of what localisers have learned."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save
from torch import nn

from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption
from physadv.parts.defenses.localisation.learned import KEY, fill_, read_learned, written
from physadv.parts.defenses.localisation.masks import Thresholds
from physadv.parts.defenses.localisation.reconstruct import BlockAutoencoder
from physadv.parts.defenses.options import ReconstructConfig

REGISTRY = Registry(discover=False)


def test_weights_and_thresholds_come_back(tmp_path: Path) -> None:
    net = BlockAutoencoder()
    file = tmp_path / "own.safetensors"
    file.write_bytes(written("reconstruct", net, Thresholds(0.1, 0.25)))
    learned, again = read_learned("reconstruct", str(file)), BlockAutoencoder()
    fill_(again, learned, "reconstruct")
    assert learned.thresholds == Thresholds(0.1, 0.25)
    for before, after in zip(net.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(before, after, rtol=1e-3, atol=1e-4)  # half precision


def test_own_weights_and_thresholds_are_in_the_name(tmp_path: Path) -> None:
    file = tmp_path / "own.safetensors"
    file.write_bytes(written("reconstruct", BlockAutoencoder(), Thresholds(0.1, 0.25)))
    own = REGISTRY.build("defenses", "reconstruct", ReconstructConfig(weights=str(file)))
    assert own.name == f"reconstruct-{read_learned('reconstruct', str(file)).digest[:8]}"
    assert REGISTRY.build("defenses", "reconstruct", ReconstructConfig()).name == "reconstruct"
    higher = REGISTRY.build("defenses", "reconstruct", ReconstructConfig(weights=str(file), high=0.5))
    assert higher.name == f"{own.name}-0.1-0.5"
    with pytest.raises(BadOption, match="0 < low <= high"):
        REGISTRY.build("defenses", "reconstruct", ReconstructConfig(low=0.9, high=0.1))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nothing", "no file of `physadv train defense`"),
        (save({"a": torch.zeros(1)}), "no file of `physadv train defense`"),
        (save({"a": torch.zeros(1)}, {KEY: "3"}), "no file of `physadv train defense`"),
        (written("segment", BlockAutoencoder(), Thresholds(1.0, 2.0)), "defense=segment"),
        (written("reconstruct", BlockAutoencoder(), Thresholds(2.0, 1.0)), "thresholds that are none"),
        (written("reconstruct", nn.Linear(2, 2), Thresholds(1.0, 2.0)), "of another network"),
    ],
)
def test_other_files_are_refused_in_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "w.safetensors"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=said) as raised:
        REGISTRY.build("defenses", "reconstruct", ReconstructConfig(weights=str(file)))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_missing_or_too_large_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no file"):
        read_learned("reconstruct", str(tmp_path / "nowhere"))
    large = tmp_path / "large"
    with large.open("wb") as stream:
        stream.truncate(9 * 2**20)
    with pytest.raises(BadInput, match="less than a megabyte"):
        read_learned("reconstruct", str(large))
