"""Conversions that time themselves, and the trace that they belong to."""

import asyncio
import time

import msgpack
import pytest
from frames_in import frames_in, messages_in
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

from spikescope import AsyncEmitter, FrameError

VIT = {
    "model_type": "vit", "model_size": "tiny", "model_parameters": 5_717_416,
    "hardware_target": "loihi2",
}  # fmt: skip
PARENT = f"00-{'a' * 32}-{'b' * 16}-01"


def test_the_events_of_a_conversion_nest():
    emitter = AsyncEmitter()
    with emitter.convert_model("ViT-T", **VIT) as conversion:
        with conversion.calibration(samples=512):
            time.sleep(0.002)
        for index in range(2):
            with conversion.layer(index, "attention"):
                pass
        with conversion.hardware_compilation():
            pass
    started, calibration, first, second, compilation, finished = frames_in(emitter)
    assert {key: started[key] for key in ("event", "model_name", *VIT)} == {
        "event": "started",
        "model_name": "ViT-T",
        **VIT,
    }
    assert (calibration["step"], calibration["calibration_samples"]) == ("calibration", 512)
    assert calibration["duration_us"] >= 2000
    assert (second["step"], second["layer_index"]) == ("convert_layer", 1)
    assert second["layer_type"] == "attention"
    assert compilation["step"] == "hardware_compilation"
    assert finished["success"] is True and "error_type" not in finished
    assert finished["t0"] - finished["duration_us"] == started["t0"]
    assert len({frame["conversion_id"] for frame in (started, first, finished)}) == 1
    # t0 is the end: each step starts where the one before it ended, or later.
    at = started["t0"]
    for step in (calibration, first, second, compilation):
        assert step["t0"] - step["duration_us"] >= at
        at = step["t0"]
    assert finished["t0"] >= at


def test_what_is_raised_makes_it_a_failed_one_and_is_raised_on():
    emitter = AsyncEmitter()
    with (
        pytest.raises(KeyError),
        emitter.convert_model("m", **VIT, conversion_id="c1") as conversion,
    ):
        with conversion.layer(3):
            raise KeyError("weight \ud800" + "x" * 9000)
    started, layer, finished = frames_in(emitter)
    assert (layer["layer_index"], "layer_type" in layer) == (3, False)
    assert (finished["success"], finished["error_type"]) == (False, "KeyError")
    assert len(finished["error_message"]) == 8192
    assert started["conversion_id"] == finished["conversion_id"] == "c1"


def test_a_decorated_function_is_a_conversion_at_every_call():
    emitter = AsyncEmitter()

    @emitter.convert_model("m", **VIT)
    def convert(model, conversion):
        """Converts."""
        with conversion.hardware_compilation():
            return model * 2

    @emitter.convert_model("n", **VIT)
    async def convert_slowly(fail):
        await asyncio.sleep(0)
        if fail:
            raise OSError("no board")
        return "done"

    assert (convert(4), convert(model=5)) == (8, 10)
    assert convert.__doc__ == "Converts."
    assert asyncio.run(convert_slowly(False)) == "done"
    with pytest.raises(OSError):
        asyncio.run(convert_slowly(True))
    frames = frames_in(emitter)
    assert [frame["event"] for frame in frames] == [
        *["started", "step", "finished"] * 2,
        *["started", "finished"] * 2,
    ]
    assert len({frame["conversion_id"] for frame in frames}) == 4
    assert frames[-1]["error_type"] == "OSError"


def test_conversions_may_run_at_the_same_time():
    emitter = AsyncEmitter()
    every = [emitter.convert_model("m", **VIT) for _ in range(1000)]
    for conversion in every:
        conversion.__enter__()
    for conversion in reversed(every):
        conversion.__exit__(None, None, None)
    frames = frames_in(emitter)
    assert [frame["event"] for frame in frames] == ["started"] * 1000 + ["finished"] * 1000
    assert len({frame["conversion_id"] for frame in frames}) == 1000


def test_wrong_use_is_named_before_anything_is_sent():
    emitter = AsyncEmitter(strict=True)
    with pytest.raises(FrameError, match="model_parameters"):
        emitter.convert_model("m", **{**VIT, "model_parameters": -1})
    with pytest.raises(FrameError, match="traceparent"):
        emitter.convert_model("m", **VIT, traceparent="00-x")
    conversion = emitter.convert_model("m", **VIT)
    with pytest.raises(FrameError, match="not started"):
        conversion.calibration()
    assert frames_in(emitter) == []
    with conversion:
        with pytest.raises(FrameError, match="layer_index"):
            conversion.layer(-1)
        step = conversion.calibration()
    with pytest.raises(FrameError, match="has finished"), step:
        pass
    with pytest.raises(FrameError, match="has started before"):
        conversion.__enter__()


def trace_of(emitter):
    return {
        (message.headers.get("traceparent"), message.headers.get("tracestate"))
        for message in messages_in(emitter)
    }


def test_the_trace_is_that_of_the_argument():
    emitter = AsyncEmitter()
    with emitter.convert_model("m", **VIT, traceparent=PARENT, tracestate="a=b") as conversion:
        with conversion.calibration():
            pass
    assert trace_of(emitter) == {(PARENT, "a=b")}


def test_the_trace_is_that_of_the_current_span_and_only_of_conversions():
    emitter = AsyncEmitter()
    state = TraceState([("vendor", "x")])
    context = SpanContext(int("a" * 32, 16), int("b" * 16, 16), False, TraceFlags(1), state)
    with trace.use_span(NonRecordingSpan(context)):
        with emitter.convert_model("m", **VIT):
            pass
    assert trace_of(emitter) == {(PARENT, "vendor=x")}
    with emitter.convert_model("m", **VIT):
        pass
    assert trace_of(emitter) == {(None, None)}
    with trace.use_span(NonRecordingSpan(context)):
        emitter.record_health()
    assert trace_of(emitter) == {(None, None)}


def test_the_payload_of_a_conversion_is_plain():
    emitter = AsyncEmitter()
    with emitter.convert_model("m", **VIT):
        pass
    for message in messages_in(emitter):
        frame = msgpack.unpackb(message.data)
        assert all(isinstance(value, str | int | bool) for value in frame.values())
