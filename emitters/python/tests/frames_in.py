"""What an emitter that was never started holds: the messages that it would send."""

from typing import Any

import msgpack
import numpy as np

from spikescope import AsyncEmitter
from spikescope.message import Message


def messages_in(emitter: AsyncEmitter) -> list[Message]:
    """All messages, gathered calls included; they stay in no buffer."""
    emitter._send_gathered()
    return emitter._outbox.take(1_000_000, 1 << 40)


def frames_in(emitter: AsyncEmitter, kind: str | None = None) -> list[dict[str, Any]]:
    """The frames in them as plain maps."""
    frames = [msgpack.unpackb(message.data) for message in messages_in(emitter)]
    return [frame for frame in frames if kind is None or frame["kind"] == kind]


def spikes_of(frames: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """(time, neuron) of all spikes, sorted."""
    found: list[tuple[int, int]] = []
    for frame in frames:
        ids = np.frombuffer(frame["neuron_id"], "<u4")
        dt = np.frombuffer(frame["dt"], "<u4")
        assert ids.size == dt.size
        assert dt.max(initial=0) < frame["span_us"]
        found.extend(zip((frame["t0"] + dt.astype(np.int64)).tolist(), ids.tolist(), strict=True))
    return sorted(found)


def spans_of(frames: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """[t0, end) of each frame."""
    return [(frame["t0"], frame["t0"] + frame["span_us"]) for frame in frames]
