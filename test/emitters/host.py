"""A program that uses the Python package, driven by a test: a line of JSON in, a line of JSON out.

Each function below is a command; what it returns is the answer.
"""

import asyncio
import base64
import dataclasses
import json
import sys
import time

import nats
import numpy as np
from spikescope import AsyncEmitter, BenchmarkResult, Emitter, Health
from spikescope.derived import DerivedReader
from spikescope.spk import SpkFile

state = {}


def start(servers, **options):
    state["emitter"] = Emitter(servers, **options)
    return state["emitter"].emitter


def stats():
    return dataclasses.asdict(state["emitter"].stats)


def flush(timeout=100.0):
    return state["emitter"].flush(timeout)


def close(timeout=30.0):
    state["emitter"].close(timeout)
    return stats()


def spikes(frames, spikes_each, first=0, pause=0.0):
    """Frames of a layer that follow one another from time `first`; gives the longest call, in s."""
    emitter, longest = state["emitter"], 0.0
    ids = np.arange(spikes_each) % 64
    for k in range(first, first + frames):
        t0 = k * 100_000
        started = time.perf_counter()
        emitter.record_spikes("l", ids, t0 + np.arange(spikes_each), t0, 100_000, 64)
        longest = max(longest, time.perf_counter() - started)
        if pause > 0:
            time.sleep(pause)
    return longest


def rates(seconds):
    """Spikes at random for whole seconds of event time; gives what NumPy counts in each."""
    rng = np.random.default_rng(11)
    start_us, neurons = 1_700_000_000_000_000, 50
    times = np.sort(rng.integers(0, seconds * 1_000_000, 4_000))
    ids = (neurons * rng.random(times.size) ** 3).astype(int)
    with state["emitter"].layer("enc.0", neurons, start_us=start_us) as layer:
        for now in range(0, seconds * 1_000_000, 37_000):
            inside = (times >= now) & (times < now + 37_000)
            layer.add(ids[inside], start_us + times[inside])
            layer.advance(start_us + now + 37_000)
    bounds = [0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]
    windows = []
    for second in range(seconds):
        counts = np.bincount(ids[times // 1_000_000 == second], minlength=neurons)
        histogram = np.bincount(np.searchsorted(bounds, counts), minlength=12)
        t0 = start_us + second * 1_000_000
        windows.append([t0, int(counts.sum()), float(counts.mean()), histogram.tolist()])
    return windows


def every():
    """Every call that makes frames; gives frames by kind, and totals."""
    emitter = state["emitter"]
    t0 = 1_700_000_000_000_000
    emitter.record_spikes("l1", [0, 5, 5], [t0, t0 + 9, t0 + 3], t0, 10, 6, "alif", timestep0=2)
    with emitter.layer("l2", 3, start_us=t0, timestep_us=1000, timestep0=1) as layer:
        layer.add([2], [t0 + 1500])
        layer.advance(t0 + 2000)
    emitter.record_membrane("l1", [1, 2], [t0, t0 + 5], [[-65, -60], [np.nan, -55]])
    emitter.record_membrane("l1", [1], [t0], [[12]], unit="1")
    emitter.record_power([2.0, 4.0], [t0, t0 + 1_000_000])
    emitter.record_power([0.5], [t0], joules=[0.25], step_us=[10], rail="vdd", component="static")
    emitter.record_cores([0, 1], [50, 75.5], ["l1", None])
    emitter.record_activity({"syn_ops": [10, 20], "spikes_in": [1, 2]}, [0, 1])
    emitter.record_activity({"packets": 7}, step_us=3.5)
    emitter.record_synapses([("plastic", "stdp", 4), ("static", "none", 3)])
    emitter.record_health("degraded", "fan 2 stopped", 71.5)
    emitter.record_inference(
        "vit-tiny", "loihi2", [10, 20, 30], 0.5, synaptic_operations=100,
        baseline_energy_joules=5.0, baseline_name="gpu",
    )  # fmt: skip
    emitter.log("INFO", "hello", logger="spikeformer", line=7)
    emitter.log_hardware_error("loihi2", "core 5 is stuck")
    model = {"model_type": "vit", "model_size": "tiny", "model_parameters": 5_717_416}
    with emitter.convert_model("good", **model, hardware_target="loihi2") as conversion:
        with conversion.calibration(samples=16):
            pass
        with conversion.layer(0, "attention"):
            pass
        with conversion.hardware_compilation():
            pass
    try:
        with emitter.convert_model("bad", **model, hardware_target="loihi2"):
            raise MemoryError("no room")
    except MemoryError:
        pass
    emitter.flush(100)
    return stats()


def answer():
    """Answers pings as three chips, and benchmarks of two kinds of hardware."""
    emitter = state["emitter"]
    emitter.answer_pings(lambda: Health("degraded", "warm", 60.5))
    emitter.answer_pings(lambda: 1 / 0, chip_id="broken")
    emitter.answer_pings(lambda: "fine", chip_id="odd")

    def run(model, hardware):
        if model == "bert-base":
            raise MemoryError("too large")
        return BenchmarkResult(0.25, 4.0, accuracy=0.5, synaptic_operations=1e6)

    emitter.serve_benchmarks("cpu", run)


def stream(servers):
    """Makes the stream that holds the frames."""

    async def run():
        client = await nats.connect(servers)
        await client.jetstream().add_stream(name="SPIKEFORMER", subjects=["spikeformer.spikes.>"])
        await client.close()

    asyncio.run(run())


def stream_messages(servers):
    """How many messages the stream holds."""

    async def run():
        client = await nats.connect(servers)
        info = await client.jetstream().stream_info("SPIKEFORMER")
        await client.close()
        return info.state.messages

    return asyncio.run(run())


def read_derived(servers, **options):
    state["reader"] = DerivedReader(servers, **options)
    state["reader"].start()


def derived(count):
    """Waits for so many records; gives them as the columns of an array."""
    reader = state["reader"]
    came = reader.wait(count, timeout=100)
    table = reader.dataframe()
    reader.close()
    array = reader.array()
    columns = {name: array[name].tolist() for name in array.dtype.names}
    return {"came": came, "rows": len(table), "columns": columns}


def dense(cases):
    """Frames of spikes in denser columns, as they go to NATS; in base64."""
    messages = []
    for case in cases:
        emitter = AsyncEmitter(dense=True, name="test", strict=True)
        emitter.record_spikes(
            "l", case["ids"], np.asarray(case["dt"], np.int64), 0, case["span_us"],
            case["neuron_count"], timestep_us=case.get("timestep_us"),
        )  # fmt: skip
        emitter._send_gathered()
        messages += [message.data for message in emitter._outbox.take(1, 1 << 30)]
    return [base64.b64encode(data).decode() for data in messages]


def recording(path):
    """What a .spk file holds: spikes by layer, frames by kind, notes."""
    with SpkFile(path) as spk:
        layers = {name: spk.spikes(name) for name in spk.layers()}
        kinds = [frame["kind"] for frame in spk.frames()]
        return {
            "spikes": {name: int(times.size) for name, (times, _) in layers.items()},
            "active": {name: len(set(ids.tolist())) for name, (_, ids) in layers.items()},
            "kinds": {kind: kinds.count(kind) for kind in set(kinds)},
            "notes": spk.notes.texts,
        }


COMMANDS = {
    each.__name__: each
    for each in (
        start, stats, flush, close, spikes, rates, every, answer, stream, stream_messages,
        read_derived, derived, dense, recording,
    )
}  # fmt: skip

for line in sys.stdin:
    request = json.loads(line)
    try:
        response = {"value": COMMANDS[request["command"]](**request["arguments"])}
    except Exception as error:
        response = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(response), flush=True)
