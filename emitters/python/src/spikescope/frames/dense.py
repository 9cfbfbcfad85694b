"""`spikes` in denser columns, both ways: u16 ids, and u16 times or a count for each step."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..columns import Array

U16_END = 2**16
#: Below this many the longer names take what shorter columns save.
_SPIKES_MIN = 16


def dense_fields(fields: Mapping[str, Any], span_us: int) -> Mapping[str, Any]:
    """The fields of a `spikes` frame in fewer bytes, where they say exactly the same, in order.

    fields: those of the frame, with `neuron_id` and `dt` as bytes. Given back as they are where
    nothing is won. The emitter for TypeScript chooses alike.
    """
    ids, dt = np.frombuffer(fields["neuron_id"], "<u4"), np.frombuffer(fields["dt"], "<u4")
    if ids.size < _SPIKES_MIN:
        return fields
    found: dict[str, bytes] = {}
    if fields["neuron_count"] <= U16_END:
        found["neuron_id_u16"] = ids.astype("<u2").tobytes()
    else:
        found["neuron_id"] = fields["neuron_id"]
    counts = _step_counts(dt, span_us, fields.get("timestep_us"))
    if counts is not None:
        found["step_spikes"] = counts.astype("<u2").tobytes()
    elif int(dt[-1]) < U16_END and int(dt.max()) < U16_END:
        found["dt_u16"] = dt.astype("<u2").tobytes()
    else:
        found["dt"] = fields["dt"]
    rest = {name: value for name, value in fields.items() if name not in ("neuron_id", "dt")}
    return {**rest, **found}


def _step_counts(dt: Array, span_us: int, timestep_us: int | None) -> Array | None:
    """Spikes of each step, where all lie at the starts of steps, in order; a step has 2 bytes."""
    step_us = timestep_us or span_us
    steps = -(-span_us // step_us)
    if steps >= (dt.size if int(dt[-1]) < U16_END else 2 * dt.size):
        return None
    # Most frames that are not on steps show it here, before anything is made.
    if any(int(dt[at]) % step_us != 0 for at in (-1, 0, dt.size // 2)):
        return None
    starts = np.arange(0, steps * step_us, step_us, dtype="<u4")
    counts = np.diff(np.searchsorted(dt, starts), append=dt.size)
    # Where times go back the search finds nonsense: what it found is held against them.
    if int(counts.min()) < 0 or int(counts.max()) >= U16_END or int(counts.sum()) != dt.size:
        return None
    return counts if bool((np.repeat(starts, counts) == dt).all()) else None


def plain_columns(frame: dict[str, Any]) -> None:
    """Puts `neuron_id` and `dt` in the place of denser columns of a frame from the wire.

    Raises ValueError where they don't fit together.
    """
    ids16, dt16 = frame.pop("neuron_id_u16", None), frame.pop("dt_u16", None)
    counts = frame.pop("step_spikes", None)
    if frame.get("neuron_id") is None and ids16 is not None:
        frame["neuron_id"] = _read_only(np.frombuffer(ids16, "<u2").astype("<u4"))
    if frame.get("dt") is not None:
        return
    if dt16 is not None:
        frame["dt"] = _read_only(np.frombuffer(dt16, "<u2").astype("<u4"))
    elif counts is not None:
        step_us = frame.get("timestep_us") or frame["span_us"]
        starts = np.arange(-(-frame["span_us"] // step_us), dtype=np.int64) * step_us
        frame["dt"] = _read_only(np.repeat(starts, np.frombuffer(counts, "<u2")).astype("<u4"))


def _read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array
