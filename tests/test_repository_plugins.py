"""The plugins beside the package load as they lie: at once, without torch, with tests of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib

from tests.running import ROOT

PLUGINS = {path.parent: tomllib.loads(path.read_text())["project"] for path in ROOT.glob("plugins/*/pyproject.toml")}
MODULES = [
    module for project in PLUGINS.values() for module in project.get("entry-points", {}).get("physadv", {}).values()
]
ASKS = """
import importlib, json, sys, time
import physadv.app.registry, physadv.app.plugins  # not theirs to pay for
import omegaconf
told = {}
for name in sys.argv[1:]:
    begun = time.process_time()
    module = importlib.import_module(name)
    told[name] = [time.process_time() - begun, module.physadv_api, list(module.physadv_permissions)]
registry = physadv.app.registry.Registry(strict=True, discover=False)
print(json.dumps({"told": told, "torch": "torch" in sys.modules, "status": [r.status for r in registry.records]}))
"""


def test_they_load_at_once_and_without_torch() -> None:
    paths = [str(ROOT), *(str(folder) for folder in PLUGINS), *filter(None, sys.path)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PHYSADV_PLUGINS": ",".join(MODULES)}
    done = subprocess.run([sys.executable, "-c", ASKS, *MODULES], env=env, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said["torch"] is False
    assert said["status"] == ["loaded"] * len(MODULES)
    slow = {name: row[0] for name, row in said["told"].items() if row[0] > 0.1}
    assert not slow


def test_each_has_tests_of_its_own_that_run_with_ours() -> None:
    untested = [folder.name for folder in PLUGINS if not list(folder.glob("tests/test_*.py"))]
    assert untested == []
