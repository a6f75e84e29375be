"""Curves for MLflow: one of its runs for each of ours."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physadv_tracking.followed import Place, curves, run_facts

if TYPE_CHECKING:
    from physadv.api import Step

EXPERIMENT = "physadv"
FOLDER = "runs/mlflow"  # where MLFLOW_TRACKING_URI says nothing
AT_ONCE = 500  # numbers in one message; MLflow takes 1000
LONGEST = 500  # letters of an option that are kept; MLflow takes 6000


class MlflowCurves:
    """Logs to ``runs/mlflow``, or to the server that ``MLFLOW_TRACKING_URI`` names. Tells nobody else anything."""

    def __init__(self) -> None:
        self._client: Any = None  # made once a run has begun
        self._run = ""
        self._place = Place()
        self._waiting: list[Any] = []

    def started(self, total: int, first: int) -> None:
        """Begin MLflow's run with the options as its parameters; at a second loop, go on with it."""
        if self._client is None:
            self._client = _client()
            facts = run_facts()
            known = self._client.get_experiment_by_name(os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT)
            experiment = known.experiment_id if known else self._client.create_experiment(
                os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
            )  # fmt: skip
            self._run = self._client.create_run(experiment, run_name=facts.name).info.run_id
            for key, value in facts.chosen.items():
                self._client.log_param(self._run, _named(key), value[:LONGEST])
        else:
            self._client.update_run(self._run, status="RUNNING")

    def stepped(self, step: Step) -> None:
        """A point on every curve whose number is finite."""
        from mlflow.entities import Metric

        place, now_ms = self._place.of(step), int(time.time() * 1000)
        self._waiting += [
            Metric(_named(name), value, now_ms, place) for name, value in curves(step).items() if math.isfinite(value)
        ]
        if len(self._waiting) >= AT_ONCE:
            self._send()

    def ended(self) -> None:
        """Send what waits, and end MLflow's run; also when the loop was stopped."""
        self._place.over()
        self._send()
        self._client.set_terminated(self._run)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._client.log_batch(self._run, metrics=waiting)


def _client() -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read at import: it would report its use to its makers
    address = os.environ.get("MLFLOW_TRACKING_URI")
    if not address:  # a folder needs no database beside it; MLflow wants to hear that it is meant
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        address = Path(FOLDER).absolute().as_uri()
    else:  # a server that does not answer is not waited for through MLflow's seven tries, which are minutes
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=address)


def _named(name: str) -> str:
    """As MLflow takes it: letters, digits, and ``_-. /``."""
    return "".join(letter if letter.isalnum() or letter in "_-. /" else "_" for letter in name)
