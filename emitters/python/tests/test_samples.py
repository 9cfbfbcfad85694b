"""Membrane potentials and power."""

import numpy as np
import pytest
from frames_in import frames_in

from spikescope import AsyncEmitter, FrameError


def columns(frame, **dtypes):
    return [np.frombuffer(frame[name], dtype) for name, dtype in dtypes.items()]


def test_membrane_rows_are_times():
    emitter = AsyncEmitter()
    emitter.record_membrane("l", [4, 7], [10, 20], [[-65, np.nan], [-64.5, 3]], neuron_offset=8)
    emitter.record_membrane("l", [4, 7], [30], [1, 2], neuron_offset=8)
    (frame,) = frames_in(emitter)
    ids, dt, values = columns(frame, neuron_id="<u4", dt="<u4", values="<f4")
    assert (frame["t0"], frame["span_us"], frame["unit"]) == (10, 21, "mV")
    assert ids.tolist() == [4, 7] and dt.tolist() == [0, 10, 20]
    np.testing.assert_array_equal(values, np.array([-65, np.nan, -64.5, 3, 1, 2], "f4"))
    assert frame["neuron_offset"] == 8


def test_other_neurons_or_another_unit_make_another_frame():
    emitter = AsyncEmitter()
    emitter.record_membrane("l", [1], [0], [[1.0]])
    emitter.record_membrane("l", [2], [5], [[2.0]])
    emitter.record_membrane("l", [2], [6], [[2.0]], unit="1")
    emitter.record_membrane("l", [2], [7], [[2.0]])
    frames = frames_in(emitter)
    assert [(frame["t0"], frame["unit"]) for frame in frames] == [(0, "mV"), (5, "mV"), (6, "1")]
    assert frames[1]["span_us"] == 3


def test_a_large_matrix_is_cut_by_the_limits():
    emitter = AsyncEmitter(buffer_bytes=1 << 30)
    times, neurons = 5_000, 300
    values = np.arange(times * neurons, dtype="f4").reshape(times, neurons)
    emitter.record_membrane("l", np.arange(neurons), np.arange(times) * 20_000, values)
    frames = frames_in(emitter)
    assert all(frame["span_us"] <= 60_000_000 for frame in frames)
    assert all(len(frame["values"]) // 4 <= 131_072 for frame in frames)
    rows = np.concatenate([np.frombuffer(frame["values"], "<f4") for frame in frames])
    np.testing.assert_array_equal(rows, values.ravel())
    at = [t + frame["t0"] for frame in frames for t in np.frombuffer(frame["dt"], "<u4")]
    assert at == (np.arange(times) * 20_000).tolist()


def test_power_samples_share_a_frame_by_rail():
    emitter = AsyncEmitter()
    for k in range(3):
        emitter.record_power([1.5 + k], [k * 1000], joules=[1e-6], step_us=[2.5], rail="vdd")
        emitter.record_power(0.25, k * 1000, component="static", origin="estimated")
    vdd, total = frames_in(emitter)
    dt, watts, joules, steps = columns(vdd, dt="<u4", watts="<f4", joules="<f8", step_us="<f8")
    assert (vdd["rail"], vdd["component"], vdd["origin"]) == ("vdd", "total", "measured")
    assert dt.tolist() == [0, 1000, 2000] and watts.tolist() == [1.5, 2.5, 3.5]
    assert joules.tolist() == [1e-6] * 3 and steps.tolist() == [2.5] * 3
    assert (total["component"], total["origin"], len(total["watts"])) == ("static", "estimated", 12)
    assert "joules" not in total


def test_power_of_a_long_time_is_cut():
    emitter = AsyncEmitter()
    emitter.record_power(np.ones(100), np.arange(100) * 10_000_000)
    frames = frames_in(emitter)
    assert sum(len(frame["dt"]) // 4 for frame in frames) == 100
    assert all(frame["span_us"] <= 60_000_000 for frame in frames)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("values", lambda e: e.record_membrane("l", [1, 2], [0], [[1.0, 2.0, 3.0]])),
        ("values", lambda e: e.record_membrane("l", [1, 2], [0, 1], np.ones((4, 1)))),
        ("values", lambda e: e.record_membrane("l", [1], [0], [["x"]])),
        ("times_us", lambda e: e.record_membrane("l", [1], [5, 4], [[1.0], [2.0]])),
        ("times_us", lambda e: e.record_membrane("l", [1], [5], [[1.0]], t0_us=6)),
        ("neuron_ids", lambda e: e.record_membrane("l", [2**24], [5], [[1.0]])),
        ("unit", lambda e: e.record_membrane("l", [1], [5], [[1.0]], unit="")),
        ("watts", lambda e: e.record_power([np.inf], [0])),
        ("watts", lambda e: e.record_power([1e39], [0])),
        ("watts", lambda e: e.record_power([1.0, 2.0], [0])),
        ("joules", lambda e: e.record_power([1.0], [0], joules=[1.0, 2.0])),
        ("step_us", lambda e: e.record_power([1.0], [0], step_us=[-1.0])),
        ("component", lambda e: e.record_power(1.0, component="leakage")),
        ("origin", lambda e: e.record_power(1.0, origin="guessed")),
        ("span_us", lambda e: e.record_power(1.0, 5, span_us=0)),
    ],
)
def test_a_wrong_argument_is_named(field, call):
    with pytest.raises(FrameError) as caught:
        call(AsyncEmitter(strict=True))
    assert caught.value.field == field


def test_no_samples_are_no_frame():
    emitter = AsyncEmitter()
    emitter.record_power([], [])
    emitter.record_membrane("l", [1], [], np.empty((0, 1)))
    assert frames_in(emitter) == []
