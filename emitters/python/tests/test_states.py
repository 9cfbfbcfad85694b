"""Cores, activity, synapses, health, inferences, logs."""

import numpy as np
import pytest
from frames_in import frames_in

from spikescope import AsyncEmitter, FrameError


def only(emitter):
    (frame,) = frames_in(emitter)
    return frame


def test_cores():
    emitter = AsyncEmitter()
    emitter.record_cores([0, 5], [12.5, 100], ["l1", None], t0_us=9, span_us=1000)
    frame = only(emitter)
    assert frame["core_id"] == b"\0\0\0\0\5\0\0\0"
    assert np.frombuffer(frame["utilization_percent"], "<f4").tolist() == [12.5, 100.0]
    assert (frame["layer_name"], frame["t0"], frame["span_us"]) == (["l1", ""], 9, 1000)


def test_activity_of_cores_and_of_a_chip():
    emitter = AsyncEmitter()
    emitter.record_activity({"syn_ops": [5, 2**40]}, [3, 4], cumulative=True, step_us=2.5)
    emitter.record_activity({"packets": 7})
    emitter.record_activity({"dropped_packets": [1]}, [0], scope="router")
    cores, chip, router = frames_in(emitter)
    assert (cores["scope"], cores["cumulative"], cores["step_us"]) == ("core", True, 2.5)
    assert np.frombuffer(cores["counters"]["syn_ops"], "<f8").tolist() == [5, 2**40]
    assert (chip["scope"], "core_id" in chip) == ("chip", False)
    assert np.frombuffer(chip["counters"]["packets"], "<f8").tolist() == [7]
    assert router["scope"] == "router"


def test_many_cores_and_many_updates_are_cut():
    emitter = AsyncEmitter(buffer_bytes=1 << 30)
    n = 300_000
    emitter.record_cores(np.arange(n), np.ones(n))
    frames = frames_in(emitter)
    assert np.concatenate([np.frombuffer(f["core_id"], "<u4") for f in frames]).tolist() == list(
        range(n)
    )
    emitter.record_cores(np.arange(5000), np.ones(5000), ["層" * 128] * 5000)
    assert sum(len(frame["layer_name"]) for frame in frames_in(emitter)) == 5000
    emitter.record_synapses([("plastic", "stdp", 1)] * 10_000)
    assert [len(frame["updates"]) for frame in frames_in(emitter)] == [4096, 4096, 1808]


def test_events():
    emitter = AsyncEmitter()
    emitter.record_health("degraded", "fan 2", -3.5)
    emitter.record_inference(
        "vit", "loihi2", [10, 20.5], 0.5, synaptic_operations=1e9, baseline_name="gpu"
    )
    emitter.record_synapses([{"synapse_type": "a", "learning_rule": "b", "count": np.int64(3)}])
    health, inference, synapses = frames_in(emitter)
    assert (health["status"], health["message"], health["temperature_c"]) == (
        "degraded",
        "fan 2",
        -3.5,
    )
    assert (inference["count"], inference["energy_joules"]) == (2, 0.5)
    assert "baseline_energy_joules" not in inference
    assert synapses["updates"] == [{"synapse_type": "a", "learning_rule": "b", "count": 3}]


def test_logs():
    emitter = AsyncEmitter()
    emitter.log("INFO", "x" * 9000, logger="spikeformer", line=3, spike_rate=0.5)
    emitter.log_hardware_error("loihi2", "core 5 is stuck")
    long, error = frames_in(emitter)
    assert len(long["message"]) == 8192 and long["message"].endswith("…")
    assert {key: error[key] for key in ("level", "event_type", "requires_attention", "logger")} == {
        "level": "ERROR",
        "event_type": "hardware_error",
        "requires_attention": True,
        "logger": "spikeformer.neuromorphic",
    }
    assert (error["hardware_type"], error["error_message"]) == ("loihi2", "core 5 is stuck")


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("utilization_percent", lambda e: e.record_cores([0], [101])),
        ("utilization_percent", lambda e: e.record_cores([0, 1], [5])),
        ("layer_names", lambda e: e.record_cores([0], [5], ["a", "b"])),
        ("core_ids", lambda e: e.record_activity({"a": 1}, [0], scope="chip")),
        ("core_ids", lambda e: e.record_activity({"a": [1]}, scope="core")),
        ("counters.a", lambda e: e.record_activity({"a": [-1]}, [0])),
        ("counters.a", lambda e: e.record_activity({"a": [1, 2]}, [0])),
        ("counters", lambda e: e.record_activity({str(k): 1 for k in range(65)})),
        ("updates", lambda e: e.record_synapses([("a", "b")])),
        ("updates.count", lambda e: e.record_synapses([("a", "b", -1)])),
        ("status", lambda e: e.record_health("fine")),
        ("temperature_c", lambda e: e.record_health(temperature_c=float("nan"))),
        ("energy_joules", lambda e: e.record_inference("m", "h", [1.0], -1.0)),
        ("level", lambda e: e.log("info", "x")),
        ("colour", lambda e: e.log("INFO", "x", colour="red")),
        ("span_us", lambda e: e.record_cores([0], [1], span_us=60_000_001)),
    ],
)
def test_a_wrong_argument_is_named(field, call):
    emitter = AsyncEmitter(strict=True)
    with pytest.raises(FrameError) as caught:
        call(emitter)
    assert caught.value.field == field
    assert frames_in(emitter) == []
