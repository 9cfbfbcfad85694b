"""record_spikes: columns, batches, limits."""

from itertools import pairwise

import msgpack
import numpy as np
import pytest
from frames_in import frames_in, messages_in, spans_of, spikes_of

from spikescope import AsyncEmitter, FrameError


def record(emitter, ids, times, t0=0, span=1000, count=100, **more):
    emitter.record_spikes("l", ids, times, t0, span, count, **more)


def test_a_frame_on_the_wire_is_what_the_document_says():
    emitter = AsyncEmitter(device_type="loihi2", chip_id="c-1", run_id="run 7", name="lab")
    emitter.record_spikes(
        "enc.0", [3, 1], [1_005, 1_000], 1_000, 10, 4, "alif",
        timestep0=7, timestep_us=5, neuron_offset=128,
    )  # fmt: skip
    (message,) = messages_in(emitter)
    frame = msgpack.unpackb(message.data)
    assert message.subject == "spikeformer.spikes.loihi2.c-1"
    assert frame.pop("emitter") == emitter.emitter
    assert emitter.emitter.startswith("lab-")
    assert message.headers == {
        "Content-Type": "application/msgpack",
        "Nats-Msg-Id": f"{emitter.emitter}:spikeformer.spikes.loihi2.c-1:0",
    }
    assert frame == {
        "v": 1, "kind": "spikes", "device_type": "loihi2", "chip_id": "c-1", "t0": 1_000,
        "span_us": 10, "seq": 0, "run_id": "run 7", "layer_name": "enc.0", "neuron_type": "alif",
        "neuron_count": 4, "neuron_id": b"\3\0\0\0\1\0\0\0", "dt": b"\5\0\0\0\0\0\0\0",
        "timestep0": 7, "timestep_us": 5, "neuron_offset": 128,
    }  # fmt: skip


def test_two_starts_have_two_names_and_each_subject_its_own_numbers():
    emitter = AsyncEmitter()
    assert emitter.emitter != AsyncEmitter().emitter
    for chip in ("a", "b", "a"):
        emitter.record_health(chip_id=chip)
    numbers = [(frame["chip_id"], frame["seq"]) for frame in frames_in(emitter)]
    assert numbers == [("a", 0), ("b", 0), ("a", 1)]


def test_calls_that_follow_one_another_share_a_frame():
    emitter = AsyncEmitter(batch_span_us=10_000)
    for k in range(20):
        record(emitter, [k], [k * 1000 + 5], k * 1000)
    frames = frames_in(emitter)
    assert spans_of(frames) == [(0, 10_000), (10_000, 20_000)]
    assert spikes_of(frames) == [(k * 1000 + 5, k) for k in range(20)]


def test_a_gap_an_overlap_or_another_population_starts_a_new_frame():
    emitter = AsyncEmitter()
    record(emitter, [1], [0])
    record(emitter, [2], [2_000], 2_000)
    record(emitter, [3], [2_500], 2_500)
    record(emitter, [4], [3_500], 3_500, neuron_type="alif")
    record(emitter, [5], [4_500], 4_500, neuron_type="alif", count=200)
    frames = frames_in(emitter)
    # No frame says of [1000, 2000) that it was silent.
    assert spans_of(frames) == [(k, k + 1000) for k in (0, 2000, 2500, 3500, 4500)]
    assert [frame["seq"] for frame in frames] == list(range(5))


def test_batches_are_cut_by_samples():
    emitter = AsyncEmitter(batch_samples=10, batch_span_us=60_000_000)
    for k in range(7):
        record(emitter, [1, 2, 3, 4], [k * 1000] * 4, k * 1000)
    assert [len(frame["dt"]) // 4 for frame in frames_in(emitter)] == [12, 12, 4]


def test_steps_go_on_within_a_batch_and_differ_between_frames():
    emitter = AsyncEmitter()
    for k in range(3):
        record(emitter, [k], [k * 1000], k * 1000, timestep0=10 + k, timestep_us=1000)
    record(emitter, [3], [3000], 3000, timestep0=99, timestep_us=1000)
    record(emitter, [3], [4000], 4000, timestep0=5)
    record(emitter, [3], [5000], 5000, timestep0=5)
    record(emitter, [3], [6000], 6000, timestep0=6)
    frames = frames_in(emitter)
    steps = [(frame["t0"], frame["span_us"], frame["timestep0"]) for frame in frames]
    assert steps == [(0, 3000, 10), (3000, 1000, 99), (4000, 2000, 5), (6000, 1000, 6)]


@pytest.mark.parametrize("timestep_us", [None, 7, 1000])
def test_too_many_spikes_are_cut_in_time_and_none_is_lost(timestep_us):
    rng = np.random.default_rng(5)
    n, span = 290_000, 50_000
    ids = rng.integers(0, 1000, n)
    times = 100 + np.concatenate([rng.integers(0, span, n - 150_000), np.full(150_000, 777)])
    emitter = AsyncEmitter(buffer_bytes=1 << 30)
    timestep0 = None if timestep_us is None else 3
    record(emitter, ids, times, 100, span, 1000, timestep0=timestep0, timestep_us=timestep_us)
    frames = frames_in(emitter)
    assert all(len(frame["dt"]) // 4 <= 131_072 for frame in frames)
    expected = sorted(zip(times.tolist(), ids.tolist(), strict=True))
    assert spikes_of(frames) == expected
    # Together they cover the span without a gap, and overlap at most within a step.
    spans = spans_of(frames)
    assert spans[0][0] == 100 and spans[-1][1] == 100 + span
    step = timestep_us or 1
    for (_, end), (start, _) in pairwise(spans):
        assert start == end or (start < end and end - start <= step)
    if timestep_us is not None:
        assert all((start - 100) % step == 0 for start, _ in spans)
        steps = [frame["timestep0"] for frame in frames]
        assert steps == [3 + (start - 100) // step for start, _ in spans]


def test_a_long_silence_is_cut_by_the_limit_of_a_span():
    emitter = AsyncEmitter()
    record(emitter, [], [], 5, 150_000_000)
    frames = frames_in(emitter)
    assert spans_of(frames) == [
        (5, 60_000_005),
        (60_000_005, 120_000_005),
        (120_000_005, 150_000_005),
    ]


def test_a_frame_at_every_limit_stays_below_a_megabyte():
    emitter = AsyncEmitter(run_id="µ" * 128, buffer_bytes=1 << 30)
    n = 200_000
    emitter.record_spikes("層" * 128, np.zeros(n, int), np.arange(n), 0, n, 1, "型" * 128)
    sizes = [
        len(message.data) + sum(len(k) + len(v) + 4 for k, v in message.headers.items())
        for message in messages_in(emitter)
    ]
    assert len(sizes) == 2
    assert max(sizes) < 1_048_576


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("layer_name", {"layer_name": ""}),
        ("layer_name", {"layer_name": ["l"]}),
        ("layer_name", {"layer_name": "x" * 129}),
        ("layer_name", {"layer_name": "\ud800"}),
        ("neuron_ids", {"neuron_ids": [0.5, 1.0]}),
        ("neuron_ids", {"neuron_ids": [0, 10]}),
        ("neuron_ids", {"neuron_ids": [-1, 0]}),
        ("neuron_ids", {"neuron_ids": np.zeros((1, 2), int)}),
        ("times_us", {"times_us": [0]}),
        ("times_us", {"times_us": [0, 100]}),
        ("times_us", {"times_us": [-1, 0]}),
        ("times_us", {"times_us": [0, np.nan]}),
        ("times_us", {"times_us": ["a", "b"]}),
        ("t0_us", {"t0_us": -1}),
        ("t0_us", {"t0_us": 0.5}),
        ("t0_us", {"t0_us": True}),
        ("span_us", {"span_us": 0}),
        ("span_us", {"span_us": 2**53}),
        ("neuron_count", {"neuron_count": 0}),
        ("neuron_count", {"neuron_count": 2**24 + 1}),
        ("neuron_count", {"neuron_count": None}),
        ("timestep_us", {"timestep_us": 0}),
        ("neuron_offset", {"neuron_offset": -1}),
        ("chip_id", {"chip_id": "a.b"}),
        ("device_type", {"device_type": ""}),
    ],
)
def test_a_wrong_argument_is_named(field, arguments):
    emitter = AsyncEmitter(strict=True)
    good = {
        "layer_name": "l", "neuron_ids": [0, 1], "times_us": [0, 1], "t0_us": 0, "span_us": 100,
        "neuron_count": 10,
    }  # fmt: skip
    with pytest.raises(FrameError) as caught:
        emitter.record_spikes(**{**good, **arguments})
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")
    # And what was wrong left nothing behind.
    assert frames_in(emitter) == []
    emitter.record_spikes(**good)
    assert len(frames_in(emitter)) == 1


@pytest.mark.parametrize("dtype", ["u1", "i2", "u4", "i8", "u8", ">i4", "f4", "f8"])
def test_columns_of_any_number_type_are_taken(dtype):
    emitter = AsyncEmitter()
    ids = np.array([5, 0, 9], dtype="i4" if dtype[-2] == "f" else dtype)
    record(emitter, ids, np.array([7, 6, 5], dtype=dtype))
    assert spikes_of(frames_in(emitter)) == [(5, 9), (6, 0), (7, 5)]


def test_the_callers_arrays_may_be_used_again():
    emitter = AsyncEmitter()
    ids, times = np.array([1, 2], dtype="<u4"), np.array([3, 4], dtype=np.int64)
    record(emitter, ids, times)
    ids[:], times[:] = 0, 0
    assert spikes_of(frames_in(emitter)) == [(3, 1), (4, 2)]
