"""Layers that cut their own frames."""

from itertools import pairwise

import numpy as np
import pytest
from frames_in import frames_in, spans_of, spikes_of

from spikescope import AsyncEmitter, FrameError


def covered(frames):
    """The time that frames cover, as few intervals."""
    merged: list[list[int]] = []
    for start, end in sorted(spans_of(frames)):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return [tuple(each) for each in merged]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("advances", [True, False])
def test_time_is_covered_whole_and_no_spike_lost(seed, advances):
    rng = np.random.default_rng(seed)
    start, end = 12_345, 12_345 + 2_000_000
    times = np.sort(rng.integers(start, end, 5_000))
    ids = rng.integers(0, 50, times.size)
    emitter = AsyncEmitter()
    layer = emitter.layer("l", 50, start_us=start, frame_us=int(rng.integers(500, 200_000)))
    if advances:
        layer.advance(start)
    at = start
    while at < end:
        to = min(at + int(rng.integers(1, 150_000)), end)
        first, last = np.searchsorted(times, [at, to])
        order = rng.permutation(last - first)
        for half in np.array_split(order, 2):
            layer.add(ids[first:last][half], times[first:last][half])
        if advances:
            layer.advance(to)
        at = to
    layer.close()
    frames = frames_in(emitter)
    assert spikes_of(frames) == sorted(zip(times.tolist(), ids.tolist(), strict=True))
    last = end if advances else int(times[-1]) + 1
    assert covered(frames) == [(start, last)]
    if advances:
        # Nothing came late, so nothing overlaps.
        spans = spans_of(frames)
        assert all(a[1] == b[0] for a, b in pairwise(spans))


def test_silence_is_covered_too_in_few_frames():
    emitter = AsyncEmitter()
    layer = emitter.layer("l", 5, start_us=0)
    layer.advance(3_600_000_000)
    frames = frames_in(emitter)
    assert covered(frames) == [(0, 3_600_000_000)]
    assert len(frames) == 3600
    assert all(frame["neuron_id"] == b"" for frame in frames)


def test_a_jump_of_time_is_no_silence():
    emitter = AsyncEmitter()
    layer = emitter.layer("l", 4, start_us=0)
    layer.add([1], [500])
    layer.advance(1_700_000_000_000_000)
    layer.add([2], [1_700_000_000_000_700])
    layer.close()
    frames = frames_in(emitter)
    assert spikes_of(frames) == [(500, 1), (1_700_000_000_000_700, 2)]
    assert covered(frames) == [(0, 501), (1_700_000_000_000_000, 1_700_000_000_000_701)]


def test_stragglers_are_sent_in_frames_of_their_own():
    emitter = AsyncEmitter()
    layer = emitter.layer("l", 5, start_us=0, frame_us=10_000)
    layer.advance(50_000)
    layer.add([1, 2, 3], [42_000, 60_000, 48_000])
    layer.advance(70_000)
    layer.close()
    frames = frames_in(emitter)
    assert spikes_of(frames) == [(42_000, 1), (48_000, 3), (60_000, 2)]
    assert covered(frames) == [(0, 70_000)]


def test_spikes_at_the_very_end_stand_in_a_last_frame():
    emitter = AsyncEmitter()
    with emitter.layer("l", 5, start_us=0, frame_us=10_000) as layer:
        layer.advance(10_000)
        layer.add([4, 3], [20_000, 15_000])
        layer.advance(20_000)
    frames = frames_in(emitter)
    assert spans_of(frames) == [(0, 10_000), (10_000, 20_000), (20_000, 20_001)]
    assert spikes_of(frames) == [(15_000, 3), (20_000, 4)]


def test_steps_keep_their_numbers_wherever_frames_are_cut():
    emitter = AsyncEmitter()
    layer = emitter.layer("l", 5, start_us=500, frame_us=2_500, timestep0=7, timestep_us=1000)
    for step in range(20):
        layer.add([1], [500 + step * 1000 + 999])
        layer.advance(500 + step * 1000 + 700)
        layer.flush()
    layer.advance(20_500)
    layer.close()
    seen = []
    for frame in frames_in(emitter):
        assert (frame["t0"] - 500) % 1000 == 0
        dt = np.frombuffer(frame["dt"], "<u4")
        seen.extend((frame["timestep0"] + dt // frame["timestep_us"]).tolist())
    assert sorted(seen) == list(range(7, 27))


def test_memory_stays_bounded_when_nobody_advances():
    emitter = AsyncEmitter(buffer_bytes=1 << 30)
    layer = emitter.layer("l", 10, start_us=0, frame_us=60_000_000)
    layer.advance(1)
    total = 0
    for k in range(30):
        layer.add(np.zeros(20_000, int), np.arange(20_000) + k)
        total += 20_000
        assert layer.gathered_samples <= 131_072 + 20_000
    layer.close()
    frames = frames_in(emitter)
    assert len(spikes_of(frames)) == total


def test_a_layer_starts_when_it_first_hears_of_time():
    emitter = AsyncEmitter(strict=True)
    layer = emitter.layer("l", 5)
    layer.flush()
    layer.add([0], [1_000_000])
    layer.advance(1_200_000)
    with pytest.raises(FrameError, match="times_us: 999999 is before the layer's start"):
        layer.add([0], [999_999])
    layer.close()
    assert covered(frames_in(emitter)) == [(1_000_000, 1_200_000)]
    with pytest.raises(FrameError, match="closed"):
        layer.add([0], [1_300_000])


def test_closing_the_emitter_closes_its_layers():
    emitter = AsyncEmitter()
    layer = emitter.layer("l", 5, start_us=0)
    layer.add([0], [5])
    assert emitter.stats.gathered_samples == 1
    emitter._close_holders()
    assert layer.is_closed
    assert spikes_of(frames_in(emitter)) == [(5, 0)]
