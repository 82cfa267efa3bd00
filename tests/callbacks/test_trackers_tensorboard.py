"""Event files of TensorBoard, read back by TensorBoard."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tabgan.callbacks import TensorBoard


def read(folder) -> EventAccumulator:
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def text(events: EventAccumulator, name: str) -> str:
    (event,) = events.Tensors(f"{name}/text_summary")
    return event.tensor_proto.string_val[0].decode()


def test_records_are_scalars_by_step(train, tmp_path, recorded):
    gan = train(TensorBoard(tmp_path / "run"))
    events = read(tmp_path / "run")
    assert set(events.Tags()["scalars"]) == recorded
    for name in recorded:
        points = events.Scalars(name)
        assert [point.step for point in points] == [50, 60]
        kept = [record[name] for record in gan.history_]
        assert [point.value for point in points] == pytest.approx(kept)


def test_options_and_facts_are_texts(train, tmp_path):
    gan = train(TensorBoard(tmp_path))
    events = read(tmp_path)
    assert text(events, "options/random_state") == "3"
    assert text(events, "options/penalty") == "r1"
    assert text(events, "facts/n_steps") == "60.0"
    assert text(events, "facts/penalty_reason") == gan.penalty_reason_


def test_what_was_recorded_before_a_failure_is_there(train, tmp_path, failing):
    tracker = TensorBoard(tmp_path)
    with pytest.raises(RuntimeError):
        train(tracker, failing)
    events = read(tmp_path)
    assert [point.step for point in events.Scalars("epoch")] == [50]
    assert not [name for name in events.Tags()["tensors"] if name.startswith("facts")]
