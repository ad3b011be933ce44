"""Prints what MLflow's own client has of an experiment: JSON, a run each."""

import json
import math
import sys

from mlflow import MlflowClient

client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name(sys.argv[2])


def number(value):
    return value if math.isfinite(value) else "NaN" if math.isnan(value) else str(value)


def history(run_id, key):
    points = client.get_metric_history(run_id, key)
    return [[point.step, number(point.value)] for point in sorted(points, key=lambda point: point.step)]


print(
    json.dumps(
        [
            {
                "name": run.info.run_name,
                "status": run.info.status,
                "params": run.data.params,
                "metrics": {key: history(run.info.run_id, key) for key in run.data.metrics},
            }
            for run in client.search_runs([experiment.experiment_id])
        ],
        allow_nan=False,
    )
)
