"""A host is never stopped by what it records: what no frame can hold is counted, and said."""

import logging

import numpy as np
import pytest
from frames_in import frames_in

from spikescope import AsyncEmitter, FrameError

MODEL = {
    "model_type": "vit",
    "model_size": "tiny",
    "model_parameters": 5_717_416,
    "hardware_target": "loihi2",
}


@pytest.mark.parametrize(
    ("call", "samples"),
    [
        (lambda e: e.record_spikes("l", [0, 1, 9], [1, 2, 3], 0, 10, 5), 3),
        (lambda e: e.record_spikes("l", np.arange(4), np.zeros(4), 0, 10, 2), 4),
        (lambda e: e.record_membrane("l", [1, 2], [0, 1, 2], np.full((3, 2), "x")), 6),
        (lambda e: e.record_membrane("l", [1], [0, 1], [[1.0], [2.0, 3.0]]), 2),
        (lambda e: e.record_power(float("nan")), 1),
        (lambda e: e.record_power([1.0, np.inf], [0, 1]), 2),
        (lambda e: e.record_cores([0], [101.0]), 1),
        (lambda e: e.record_activity(None), 1),
        (lambda e: e.record_synapses(5), 1),
        (lambda e: e.record_health("fine"), 1),
        (lambda e: e.record_inference("m", "h", [1.0, 2.0], -1.0), 2),
        (lambda e: e.log("info", "x"), 1),
        (lambda e: e.record_health(chip_id="a.b"), 1),
    ],
)
def test_what_no_frame_can_hold_is_dropped_and_counted(call, samples):
    emitter = AsyncEmitter()
    call(emitter)
    assert emitter.stats.dropped_frames == {"invalid": 1}
    assert emitter.stats.dropped_samples == {"invalid": samples}
    emitter.record_health()
    assert [frame["kind"] for frame in frames_in(emitter)] == ["health"]
    with pytest.raises(Exception):  # noqa: B017 - whichever it is
        call(AsyncEmitter(strict=True))


def test_the_log_says_what_was_wrong_and_not_for_each_call(caplog):
    emitter = AsyncEmitter()
    with caplog.at_level(logging.WARNING, "spikescope"):
        for _ in range(1000):
            emitter.record_spikes("l", [7], [1], 0, 10, 5)
    lines = [record.getMessage() for record in caplog.records]
    assert "neuron_ids: 7 is not below 5" in lines[0]
    assert len(lines) < 100
    assert emitter.stats.dropped_frames == {"invalid": 1000}


def test_a_call_with_the_wrong_arguments_raises_at_once():
    emitter = AsyncEmitter()
    with pytest.raises(TypeError, match="times_us"):
        emitter.record_spikes("l", [1])
    with pytest.raises(TypeError, match="colour"):
        emitter.record_health(colour="red")


def test_a_layer_goes_on_after_what_it_can_not_take():
    emitter = AsyncEmitter()
    layer = emitter.layer("l", 5, start_us=1000)
    layer.add([1, 7], [1001, 1002])
    layer.add([1], [999])
    layer.add([1], ["soon"])
    layer.advance(None)
    layer.add([2], [1500])
    layer.close()
    layer.add([2, 3], [1600, 1601])
    assert emitter.stats.dropped_samples == {"invalid": 5, "closed": 2}
    frames = frames_in(emitter)
    assert [np.frombuffer(frame["neuron_id"], "<u4").tolist() for frame in frames] == [[2]]


def test_a_declaration_that_is_none_raises():
    emitter = AsyncEmitter()
    with pytest.raises(FrameError, match="neuron_count"):
        emitter.layer("l", 0)
    with pytest.raises(FrameError, match="chip_id"):
        emitter.answer_pings(chip_id="a.b")


def test_a_conversion_that_can_not_be_told_of_is_done_all_the_same():
    emitter = AsyncEmitter()
    done = []
    with emitter.convert_model("m" * 200, **MODEL) as conversion:
        with conversion.calibration(samples=3):
            done.append("calibrated")
        with conversion.layer(0, "attention"):
            done.append("converted")

    @emitter.convert_model("m", **{**MODEL, "model_parameters": -1})
    def convert(conversion):
        with conversion.hardware_compilation():
            done.append("compiled")

    convert()
    with pytest.raises(KeyError, match="gone"):
        with emitter.convert_model("m", **MODEL, traceparent="00-x"):
            raise KeyError("gone")
    assert done == ["calibrated", "converted", "compiled"]
    assert emitter.stats.dropped_frames == {"invalid": 3}
    assert frames_in(emitter) == []


def test_a_step_that_can_not_be_told_of_is_done_all_the_same():
    emitter = AsyncEmitter()
    done = []
    conversion = emitter.convert_model("m", **MODEL)
    with conversion.calibration():
        done.append("before the start")
    with conversion:
        with conversion.layer(-1):
            done.append("no layer")
        step = conversion.calibration()
    with step:
        done.append("after the end")
    assert len(done) == 3
    assert emitter.stats.dropped_frames == {"invalid": 3}
    assert [frame["event"] for frame in frames_in(emitter)] == ["started", "finished"]


def here(emitter):
    emitter.log("INFO", "a line")
    emitter.log_hardware_error("loihi2", "too hot")


def test_a_log_line_says_where_it_was_written():
    emitter = AsyncEmitter()
    here(emitter)
    emitter.log("INFO", "told", module="train", line=3)
    line, error, told = frames_in(emitter)
    first = here.__code__.co_firstlineno
    assert (line["module"], line["function"], line["line"]) == ("test_refusals", "here", first + 1)
    assert (error["function"], error["line"]) == ("here", first + 2)
    assert (told["module"], told["line"]) == ("train", 3)
    assert "function" not in told
