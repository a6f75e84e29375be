"""The network for German signs through the whole command, to the answer that is known (Goodfellow et al. 2015)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running import forked

PLUGIN = Path(__file__).resolve().parents[1]
SIGNS = {"PHYSADV_PLUGINS": "physadv_signs", "PYTHONPATH": str(PLUGIN), "PHYSADV_PLUGIN_SECONDS": "60"}


@pytest.mark.slow
def test_fgsm_on_gtsrb_leaves_as_many_signs_as_known(shared: Path, tmp_path: Path) -> None:
    """Right of 860 crops: 99.8 % clean, then 89.8, 76.2 and 56.2 % after one step of 2, 4 and 8 of 255."""
    done = forked(
        "perturb", "victim=signs/gtsrb-stn", f"victim.weights={shared / 'weights' / 'gtsrb_stn_43.safetensors'}",
        "scenes=classes", f"scenes.root={shared / 'data' / 'gtsrb' / 'val.npz'}",
        f"scenes.names={PLUGIN / 'physadv_signs' / 'gtsrb.txt'}", "attack=fgsm", "eps=[2/255,4/255,8/255]",
        "images=860", "batch=215", "shown=1", "progress=false", f"out={tmp_path / 'run'}", env=SIGNS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "run" / "perturb.json").read_text())
    robust = [next(s["value"] for s in arm["scores"] if s["name"] == "robust accuracy") for arm in told["arms"]]
    assert [told["clean"][0]["value"], *robust] == pytest.approx([0.998, 0.898, 0.762, 0.562], abs=0.003)
