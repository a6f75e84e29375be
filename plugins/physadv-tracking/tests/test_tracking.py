"""TensorBoard and MLflow get every step once, on an axis that goes on, in local folders; nonsense is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import physadv_tracking
import pytest
from physadv_tracking import physadv_observers, wanted
from physadv_tracking.followed import Place, curves
from physadv_tracking.mlflow_curves import MlflowCurves
from physadv_tracking.tensorboard_curves import TensorboardCurves

from physadv.api import BadOption, Step
from physadv.testing import check_observer


def loop(observer: Any, first: int, last: int, loss: float) -> None:
    observer.started(4, first)
    for index in range(first, last):
        step = Step(index, 4, loss + index, 0.5, 0.1, {"goal": loss}, held_out=9.0 if index == 3 else None)
        observer.stepped(step)
    observer.ended()


def test_tensorboard_reads_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "tensorboard is not installed: pip install './plugins/physadv-tracking[tensorboard]'"
    pytest.importorskip("tensorboard", reason=reason)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.chdir(tmp_path)
    observer = TensorboardCurves()
    loop(observer, 0, 4, loss=10)
    loop(observer, 0, 2, loss=20)
    (folder,) = (tmp_path / "runs" / "tensorboard").iterdir()
    points = []
    for file in sorted(folder.iterdir()):
        told = EventAccumulator(str(file)).Reload()
        points += [(point.step, point.value) for point in told.Scalars("loss")]
    assert points == [(0, 10), (1, 11), (2, 12), (3, 13), (4, 20), (5, 21)]


def test_mlflow_reads_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "mlflow is not installed: pip install './plugins/physadv-tracking[mlflow]'"
    pytest.importorskip("mlflow", reason=reason)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("MLFLOW_DISABLE_TELEMETRY", "MLFLOW_ALLOW_FILE_STORE"):
        monkeypatch.setenv(name, "true")  # and is taken back afterwards
    monkeypatch.chdir(tmp_path)
    observer = MlflowCurves()
    loop(observer, 0, 4, loss=10)
    loop(observer, 0, 2, loss=20)

    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=(tmp_path / "runs" / "mlflow").as_uri())
    (run,) = client.search_runs([client.get_experiment_by_name("physadv").experiment_id])
    told = client.get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in told] == [(0, 10), (1, 11), (2, 12), (3, 13), (4, 20), (5, 21)]
    assert run.info.status == "FINISHED"
    assert run.data.metrics["held-out loss"] == 9


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_it_passes_the_battery(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(name, reason=f"{name} is not installed: pip install './plugins/physadv-tracking[{name}]'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("PHYSADV_TRACK", name)
    (observer,) = physadv_observers()
    check_observer(observer)


def test_a_resumed_run_goes_on_where_it_stopped() -> None:
    place = Place()
    assert [place.of(Step(index, 9, 1.0, 0.0, 0.1)) for index in (5, 6)] == [5, 6]


def test_every_number_of_a_step_has_a_curve() -> None:
    step = Step(0, 1, 1.0, 0.5, 0.1, {"goal": 0.75, "tv": 0.25}, held_out=2.0, successes={"yolo": 0.5})
    names = ["loss", "success", "seconds", "loss of goal", "loss of tv", "success against yolo", "held-out loss"]
    assert list(curves(step)) == names


def test_which_neighbours_are_told_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(physadv_tracking, "find_spec", lambda name: name if name == "tensorboard" else None)
    assert wanted(None) == ["tensorboard"]
    assert wanted("none") == wanted("") == []
    assert wanted("tensorboard, tensorboard") == ["tensorboard"]
    with pytest.raises(BadOption, match=r"pip install 'physadv-tracking\[mlflow\]'"):
        wanted("mlflow")
    with pytest.raises(BadOption, match=r"names 'wandb'\. It takes tensorboard, mlflow"):
        wanted("wandb")
