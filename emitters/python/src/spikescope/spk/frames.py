"""The frames of a block: maps with NumPy columns."""

import struct
from collections.abc import Iterator
from typing import Any

import msgpack
import numpy as np

from ..frames.dense import plain_columns

_PREFIX = struct.Struct("<IId")
#: Columns of each kind, by their type on the wire.
_COLUMNS: dict[str, dict[str, str]] = {
    "spikes": {"neuron_id": "<u4", "dt": "<u4"},
    "membrane": {"neuron_id": "<u4", "dt": "<u4", "values": "<f4"},
    "power": {"dt": "<u4", "watts": "<f4", "joules": "<f8", "step_us": "<f8"},
    "cores": {"core_id": "<u4", "utilization_percent": "<f4"},
    "activity": {"core_id": "<u4", "step_us": "<f4"},
    "inference": {"latency_us": "<f4"},
}


def frames_of(data: bytes) -> Iterator[dict[str, Any] | None]:
    """Every frame of a payload, None for one that is none."""
    at = 0
    while at + _PREFIX.size <= len(data):
        size, _, arrived_us = _PREFIX.unpack_from(data, at)
        start = at + _PREFIX.size
        if start + size > len(data):
            yield None
            return
        yield _frame(data[start : start + size], arrived_us)
        at = start + size + -size % 8


def _frame(message: bytes, arrived_us: float) -> dict[str, Any] | None:
    try:
        frame = msgpack.unpackb(message)
        kind = frame["kind"]
        frame["t0"], frame["span_us"] = int(frame["t0"]), int(frame["span_us"])
        if kind == "spikes":
            plain_columns(frame)
        for name, dtype in _COLUMNS.get(kind, {}).items():
            if isinstance(frame.get(name), bytes):
                frame[name] = np.frombuffer(frame[name], dtype)
        if kind == "membrane":
            frame["values"] = frame["values"].reshape(len(frame["dt"]), len(frame["neuron_id"]))
        if kind == "activity":
            counters = frame["counters"].items()
            frame["counters"] = {name: np.frombuffer(column, "<f8") for name, column in counters}
        if kind == "spikes" and len(frame["dt"]) != len(frame["neuron_id"]):
            return None
    except Exception:
        # Damaged bytes never come here; a writer that put something else in does.
        return None
    frame["arrived_us"] = arrived_us
    return dict(frame)
