"""Denser columns of `spikes`: the same, in fewer bytes, where a frame can have them."""

import msgpack
import numpy as np
import pytest
from frames_in import frames_in, messages_in, spikes_of

from spikescope import AsyncEmitter, FrameError
from spikescope.frames.dense import dense_fields, plain_columns

DENSE = {"neuron_id_u16", "dt_u16", "step_spikes"}


def fields_of(ids, dt, neuron_count=100, timestep_us=None):
    fields = {
        "neuron_count": neuron_count,
        "neuron_id": np.asarray(ids, "<u4").tobytes(),
        "dt": np.asarray(dt, "<u4").tobytes(),
    }
    return fields if timestep_us is None else {**fields, "timestep_us": timestep_us}


def columns_in(fields):
    return sorted(name for name in fields if name in {"neuron_id", "dt", *DENSE})


def plain(fields, span_us):
    frame = {**fields, "span_us": span_us}
    plain_columns(frame)
    for name in ("neuron_id", "dt"):
        if isinstance(frame[name], bytes):
            frame[name] = np.frombuffer(frame[name], "<u4")
    return frame["neuron_id"].tolist(), frame["dt"].tolist()


@pytest.mark.parametrize(
    ("dt", "span", "count", "step", "columns"),
    [
        (np.repeat([0, 1000, 3000], 8), 4000, 100, 1000, ["neuron_id_u16", "step_spikes"]),
        (np.repeat([0, 1000, 3000], 8), 3001, 100, 1000, ["neuron_id_u16", "step_spikes"]),
        (np.zeros(16), 4000, 100, None, ["neuron_id_u16", "step_spikes"]),
        (np.repeat([0, 90_000], 16), 100_000, 100, 10_000, ["neuron_id_u16", "step_spikes"]),
        (np.repeat([0, 1000, 3000], 8), 4000, 65_537, 1000, ["neuron_id", "step_spikes"]),
        (np.tile([0, 1000, 3000], 8), 4000, 100, 1000, ["dt_u16", "neuron_id_u16"]),
        (np.append(np.zeros(15), 1), 4000, 100, 1000, ["dt_u16", "neuron_id_u16"]),
        (np.append(np.zeros(15), 1), 4000, 100, 100, ["dt_u16", "neuron_id_u16"]),
        (np.zeros(65_536), 4000, 100, 1000, ["dt_u16", "neuron_id_u16"]),
        (np.arange(16)[::-1], 4000, 65_537, None, ["dt_u16", "neuron_id"]),
        (np.append(np.zeros(15), 65_536), 70_000, 100, None, ["dt", "neuron_id_u16"]),
        (np.append([65_536], np.zeros(15)), 70_000, 100, None, ["dt", "neuron_id_u16"]),
        (np.append(np.zeros(15), 65_536), 70_000, 65_537, None, ["dt", "neuron_id"]),
        (np.zeros(15), 4000, 100, 1000, ["dt", "neuron_id"]),
        (np.zeros(0), 4000, 100, 1000, ["dt", "neuron_id"]),
    ],
)
def test_the_form_is_the_shortest_that_is_exact(dt, span, count, step, columns):
    ids = np.arange(dt.size) % count
    fields = dense_fields(fields_of(ids, dt, count, step), span)
    assert columns_in(fields) == columns
    assert plain(fields, span) == (ids.tolist(), dt.astype(int).tolist())


def test_any_frame_comes_back_as_it_was():
    rng = np.random.default_rng(4)
    seen = set()
    for _ in range(400):
        n, step = int(rng.integers(0, 200)), int(rng.choice([1, 7, 1000, 50_000]))
        span = int(rng.integers(1, 200_000))
        dt = rng.integers(0, span, n)
        if rng.random() < 0.7:
            dt = np.sort(dt // step * step)
        count = int(rng.choice([1, 65_536, 65_537]))
        ids = rng.integers(0, count, n)
        original = fields_of(ids, dt, count, step if rng.random() < 0.8 else None)
        fields = dense_fields(original, span)
        assert plain(fields, span) == (ids.tolist(), dt.tolist())
        assert len(msgpack.packb(fields)) <= len(msgpack.packb(original))
        seen.add(tuple(columns_in(fields)))
    assert len(seen) >= 5


def test_an_emitter_makes_them_when_it_is_asked_to():
    frames = {}
    for dense in (False, True):
        emitter = AsyncEmitter(dense=dense)
        with emitter.layer("l", 300, start_us=0, timestep_us=1000) as layer:
            for step in range(100):
                layer.add(np.arange(50) * 6, np.full(50, step * 1000))
            layer.advance(100_000)
        emitter.record_power([1.0], [0])
        frames[dense] = frames_in(emitter)
    plain_frame, dense_frame = (frames[dense][0] for dense in (False, True))
    assert not DENSE & plain_frame.keys()
    assert {"neuron_id_u16", "step_spikes"} == DENSE & dense_frame.keys()
    plain_columns(dense_frame)
    back = {name: dense_frame[name].astype("<u4").tobytes() for name in ("neuron_id", "dt")}
    assert spikes_of([{**dense_frame, **back}]) == spikes_of([plain_frame])


def test_a_megabyte_holds_more_than_twice_as_many_bytes_of_it():
    sizes = {}
    for dense in (False, True):
        emitter = AsyncEmitter(dense=dense, buffer_bytes=1 << 30)
        emitter.record_spikes("l", np.zeros(10_000, int), np.zeros(10_000, int), 0, 1000, 1)
        sizes[dense] = sum(len(message.data) for message in messages_in(emitter))
    assert sizes[True] * 3 < sizes[False]


def test_the_option_is_checked():
    with pytest.raises(FrameError, match=r"^dense: needs True or False, got 1"):
        AsyncEmitter(dense=1)
