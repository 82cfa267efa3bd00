"""Runs in a local store of MLflow, read back by its client."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from tabgan.callbacks import MLflow

pytestmark = pytest.mark.skipif(find_spec("mlflow") is None, reason="mlflow is not installed")


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Iterator[None]:
    import mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    mlflow.set_experiment("tables")
    yield
    mlflow.end_run()
    mlflow.set_tracking_uri(before)


def only_run():
    import mlflow

    (run,) = mlflow.search_runs(output_format="list")
    return run


def test_a_fit_is_a_run(train):
    import mlflow

    gan = train(MLflow(name="first"))
    run = only_run()
    assert run.info.run_name == "first"
    assert run.info.status == "FINISHED"
    assert mlflow.active_run() is None
    assert run.data.params["random_state"] == "3"
    assert run.data.metrics["n_steps"] == 60
    assert run.data.tags["penalty_reason"] == gan.penalty_reason_


def test_records_are_metrics_by_step(train, recorded):
    import mlflow

    gan = train(MLflow())
    run = only_run()
    assert set(run.data.metrics) >= recorded
    for name in recorded:
        points = mlflow.MlflowClient().get_metric_history(run.info.run_id, name)
        kept = [(record["step"], pytest.approx(record[name])) for record in gan.history_]
        assert [(point.step, point.value) for point in points] == kept


def test_a_run_that_is_active_is_logged_to_and_left_open(train):
    import mlflow

    with mlflow.start_run() as run:
        train(MLflow())
        assert mlflow.active_run().info.run_id == run.info.run_id
        assert only_run().info.status == "RUNNING"
    assert only_run().data.metrics["n_steps"] == 60


def test_a_run_that_is_named_is_logged_to(train):
    import mlflow

    run = mlflow.MlflowClient().create_run(mlflow.get_experiment_by_name("tables").experiment_id)
    train(MLflow(run.info.run_id))
    assert only_run().data.metrics["n_steps"] == 60
    assert only_run().info.status == "RUNNING"


def test_a_fit_that_fails_is_a_failed_run(train, failing):
    import mlflow

    with pytest.raises(RuntimeError):
        train(MLflow(), failing)
    run = only_run()
    assert run.info.status == "FAILED"
    assert "n_steps" not in run.data.metrics
    assert mlflow.active_run() is None
