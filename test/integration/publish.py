"""A publisher written against the wire document alone: nats-py, msgpack, numpy, nothing of Spikescope.

Usage: publish.py NATS_URL SPIKES
Sends SPIKES spikes in frames of mixed sizes and layers, empty ones among them, power samples, and small streams
with each fault that the wire document names; prints as JSON what a correct receiver must count.
"""
import asyncio
import json
import sys

import msgpack
import nats
import numpy as np

SECOND = 1_000_000
BASE = 1_700_000_000 * SECOND
RATE_LE = [0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]


def frame(kind, chip, t0, span, **fields):
    return {"v": 1, "kind": kind, "device_type": "cpu", "chip_id": chip, "t0": int(t0), "span_us": int(span), **fields}


def spikes(chip, layer, count, t0, span, ids, times, **fields):
    columns = {"neuron_id": np.asarray(ids, "<u4").tobytes(), "dt": np.asarray(times - t0, "<u4").tobytes()}
    return frame("spikes", chip, t0, span, layer_name=layer, neuron_count=count, **columns, **fields)


def part(rng, chip, layer, neurons, total, start, end):
    """Frames of one layer on one chip, and what its closed windows hold."""
    times = np.sort(rng.integers(start, end, total, dtype=np.int64))
    # A second in which nothing fires: its frames are empty, and say so.
    times = times[(times < start + 5 * SECOND) | (times >= start + 6 * SECOND)]
    extra = rng.integers(start, start + 5 * SECOND, total - len(times), dtype=np.int64)
    times = np.sort(np.concatenate([times, extra]))
    ids = rng.integers(0, neurons, total, dtype=np.uint32)
    frames, t0 = [], start
    while t0 < end:
        span = int(min(rng.choice([300, 5_000, 40_000, 130_000]), end - t0))
        a, b = np.searchsorted(times, [t0, t0 + span])
        while b - a > 100_000:
            span //= 2
            a, b = np.searchsorted(times, [t0, t0 + span])
        frames.append(spikes(chip, layer, neurons, t0, span, ids[a:b], times[a:b]))
        t0 += span
    first, last = -(-start // SECOND), (end - 200_000) // SECOND
    inside = (times >= first * SECOND) & (times < last * SECOND)
    window = times[inside] // SECOND - first
    rates = np.zeros((last - first, neurons))
    np.add.at(rates, (window, ids[inside]), 1)
    # The first window is covered in part; one more is open at the end and counts nothing yet.
    return frames, rates.ravel(), int(start % SECOND != 0)


def edge(chip, steps, base=BASE, **fields):
    """Empty frames of 100 ms at the given steps; a pair is (step, seq)."""
    out = []
    for step in steps:
        step, seq = step if isinstance(step, tuple) else (step, None)
        more = dict(fields) if seq is None else dict(fields, seq=seq)
        at = base + step * 100_000
        out.append(spikes(chip, "edge", 2, at, 100_000, [], np.zeros(0), **more))
    return out


def faults():
    """Small streams, one fault each, and how far each must move which counter."""
    numbered = lambda order: [(k, k) for k in order]
    late_at = BASE + 500_000
    late = spikes("late", "edge", 2, late_at, 100_000, [0, 1, 0, 1, 1], late_at + np.arange(5))
    frames = [
        *edge("lost", numbered(k for k in range(30) if k not in (10, 11, 12)), emitter="p"),
        *edge("repeat", numbered([0, 1, 2, 3, 4, 5, 5, 6, 5, 7, 8, 9, 10, 11, 12]), emitter="p"),
        *edge("reorder", numbered([0, 1, 3, 2, *range(4, 13)]), emitter="p"),
        *edge("late", range(13)),
        late,
        *edge("restart", numbered(range(5)), emitter="first"),
        *edge("restart", [(k + 5, k) for k in range(18)], emitter="second"),
        *edge("anew", numbered(range(5))),
        *edge("anew", [(k + 5, k) for k in range(18)]),
        *edge("jump", range(5)),
        *edge("jump", range(13), base=BASE + 7200 * SECOND),
    ]
    moved = {
        "spikescope_frames_missing_total": 3 + 1,
        "spikescope_frames_repeated_total": 2,
        "spikescope_frames_recovered_total": 1,
        "spikescope_samples_late_total": 5,
        "spikescope_time_jumps_total": 1,
    }
    incomplete = 1 + 2 + 2 + 1
    observed_neurons = 2 * (1 + 1 + 1 + 1 + 1 + 1 + 1)
    return frames, moved, incomplete, observed_neurons, 5


def power(rng):
    """Power samples each millisecond with a gap of 12 s, in frames of 1 to 400 samples."""
    watts = rng.normal(1.0, 0.2, 5_000).astype("<f4")
    at = BASE + np.arange(5_000, dtype=np.int64) * 1000
    at[2_500:] += 12 * SECOND
    frames, i = [], 0
    while i < len(watts):
        n = int(min(rng.integers(1, 400), len(watts) - i, 2_500 - i if i < 2_500 else 10_000))
        dt = (at[i : i + n] - at[i]).astype("<u4").tobytes()
        frames.append(frame("power", "p", at[i], int(at[i + n - 1] - at[i]) + 1, dt=dt, watts=watts[i : i + n].tobytes()))
        i += n
    halves = [slice(0, 2_500), slice(2_500, 5_000)]
    joules = sum(np.trapezoid(watts[h].astype(float), (at[h] - BASE) / 1e6) for h in halves)
    return frames, float(joules), float(watts[-1])


async def main(url, total):
    rng = np.random.default_rng(20261124)
    odd, moved, incomplete, observations, late = faults()
    shape = [("a", "l0", 1000), ("a", "l1", 4096), ("b", "l1", 4096), ("b", "l2", 17), ("c", "l3", 300)]
    share = (total - late) // len(shape)
    bulk, rates = [], {}
    for i, (chip, layer, neurons) in enumerate(shape):
        n = share if i else total - late - share * (len(shape) - 1)
        start = BASE + i * 137_000
        frames, observed, cut = part(rng, chip, layer, neurons, n, start, start + 12 * SECOND)
        bulk += frames
        incomplete += cut
        rates.setdefault(layer, []).append(observed)
    bulk.sort(key=lambda f: f["t0"])
    powers, joules, watts = power(rng)

    # A busy machine answers late; that is no failure.
    connection = await nats.connect(url, connect_timeout=60, drain_timeout=120)
    for i, each in enumerate([*bulk, *odd, *powers]):
        subject = f"spikeformer.{each['kind']}.{each['device_type']}.{each['chip_id']}"
        await connection.publish(subject, msgpack.packb(each))
        if i % 50 == 0:
            await connection.flush(timeout=120)
    await connection.drain()

    layers = {}
    for layer, each in rates.items():
        flat = np.concatenate(each)
        layers[layer] = {
            "count": int(flat.size),
            "sum": float(flat.sum()),
            "buckets": [int((flat <= le).sum()) for le in RATE_LE] + [int(flat.size)],
        }
    print(json.dumps({
        "spikes": total,
        "frames": len(bulk) + len(odd) + len(powers),
        "counters": {**moved, "spikescope_windows_incomplete_total": incomplete},
        "layers": layers,
        "edge_observations": observations,
        "joules": joules,
        "watts": watts,
    }))


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
