"""`spikes`: what one layer fires on one chip."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from .. import checks, columns
from ..columns import Array
from ..limits import COLUMN_BYTES_MAX, NEURON_COUNT_MAX, SAMPLES_MAX, SPAN_US_MAX
from .frame import Frame

#: Two u32 columns.
SPIKES_MAX = min(SAMPLES_MAX, COLUMN_BYTES_MAX // 8)


@dataclass(frozen=True, slots=True)
class SpikesStream:
    """What the frames of a layer agree in."""

    layer_name: str
    neuron_type: str
    neuron_count: int
    neuron_offset: int = 0
    #: Step at which a frame starts, and the length of a step in µs.
    timestep0: int | None = None
    timestep_us: int | None = None

    #: Frames may cover no time that nobody spoke of: unknown is not silent.
    contiguous = True

    @classmethod
    def of(
        cls,
        layer_name: str,
        neuron_count: int,
        neuron_type: str = "lif",
        neuron_offset: int = 0,
        timestep0: int | None = None,
        timestep_us: int | None = None,
    ) -> "SpikesStream":
        """Checks what does not change from frame to frame."""
        arguments = (layer_name, neuron_count, neuron_type, neuron_offset, timestep0, timestep_us)
        try:
            return _checked(*arguments)
        except TypeError:
            # A list, say, can't be remembered: the check says what is wrong with it.
            return _checked.__wrapped__(*arguments)

    def neuron_ids(self, values: object) -> Array:
        """[n] u32, each below neuron_count."""
        remedy = ": ids run from 0 in each layer and chip; subtract the first global id"
        return columns.ids(values, "neuron_ids", self.neuron_count, remedy)  # type: ignore[arg-type]

    def at(self, t_us: int, t0_us: int) -> "SpikesStream":
        """The same stream for a frame that starts at `t_us`, where one at `t0_us` is known."""
        if self.timestep0 is None or self.timestep_us is None or t_us == t0_us:
            return self
        steps = (t_us - t0_us) // self.timestep_us
        return replace(self, timestep0=self.timestep0 + steps)

    def follows(self, other: Any, t_us: int, t0_us: int) -> bool:
        """Whether a call at `t_us` may share a frame with `other`, which starts at `t0_us`."""
        if self == other and (self.timestep0 is None or self.timestep_us is None):
            return True
        if self.timestep_us is None or (t_us - t0_us) % self.timestep_us != 0:
            return False
        return bool(self == other.at(t_us, t0_us))

    def frames(self, t0_us: int, end_us: int, times_us: Array, ids: Array) -> Iterator[Frame]:
        """Frames that together cover [t0, end), as few as the limits allow."""
        times = times_us - t0_us
        if times.size <= SPIKES_MAX and end_us - t0_us <= SPAN_US_MAX:
            yield self._frame(t0_us, end_us, times, ids)
            return
        order = np.argsort(times, kind="stable")
        times, ids = times[order], ids[order]
        for start, end, first, last in _cuts(times, end_us - t0_us, self.timestep_us or 1):
            t_us = t0_us + start
            part = self.at(t_us, t0_us)
            yield part._frame(t_us, t0_us + end, times[first:last] - start, ids[first:last])

    def _frame(self, t0_us: int, end_us: int, dt: Array, ids: Array) -> Frame:
        fields: dict[str, object] = {
            "layer_name": self.layer_name,
            "neuron_type": self.neuron_type,
            "neuron_count": self.neuron_count,
            "neuron_id": ids.tobytes(),
            "dt": dt.astype("<u4").tobytes(),
        }
        if self.timestep0 is not None:
            fields["timestep0"] = self.timestep0
        if self.timestep_us is not None:
            fields["timestep_us"] = self.timestep_us
        if self.neuron_offset > 0:
            fields["neuron_offset"] = self.neuron_offset
        return Frame("spikes", t0_us, end_us - t0_us, fields, int(ids.size))


@lru_cache(maxsize=1024, typed=True)
def _checked(
    layer_name: str,
    neuron_count: int,
    neuron_type: str,
    neuron_offset: int,
    timestep0: int | None,
    timestep_us: int | None,
) -> SpikesStream:
    """Remembered, for a hot loop asks for the same ones at every call."""
    return SpikesStream(
        checks.name(layer_name, "layer_name"),
        checks.name(neuron_type, "neuron_type"),
        checks.whole(neuron_count, "neuron_count", 1, NEURON_COUNT_MAX),
        checks.whole(neuron_offset, "neuron_offset"),
        checks.optional_whole(timestep0, "timestep0"),
        checks.optional_whole(timestep_us, "timestep_us", 1, SPAN_US_MAX),
    )


def _cuts(times: Array, span: int, unit: int) -> Iterator[tuple[int, int, int, int]]:
    """Pieces (start, end, first, last) of sorted times; cut between two steps of `unit` µs.

    A step with more spikes than a frame holds gives several pieces of the same time.
    """
    longest = SPAN_US_MAX // unit * unit
    start = first = 0
    while start < span:
        end = min(start + longest, span)
        last = int(np.searchsorted(times, end))
        if last - first > SPIKES_MAX:
            end = int(times[first + SPIKES_MAX]) // unit * unit
            if end <= start:
                end = min(start + unit, span)
                last = int(np.searchsorted(times, end))
                for at in range(first, last, SPIKES_MAX):
                    yield start, end, at, min(at + SPIKES_MAX, last)
                start, first = end, last
                continue
            last = int(np.searchsorted(times, end))
        yield start, end, first, last
        start, first = end, last
