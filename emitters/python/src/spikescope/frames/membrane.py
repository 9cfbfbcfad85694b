"""`membrane`: potentials of some neurons of a layer at some times."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import checks, columns
from ..columns import Array
from ..errors import FrameError
from ..limits import COLUMN_BYTES_MAX, NEURON_COUNT_MAX, SAMPLES_MAX, SPAN_US_MAX
from .frame import Frame


@dataclass(frozen=True, slots=True)
class MembraneStream:
    """What the frames of a probe agree in; `ids` are the bytes of its u32 column."""

    layer_name: str
    ids: bytes
    unit: str
    neuron_offset: int = 0

    contiguous = False

    @classmethod
    def of(
        cls, layer_name: str, neuron_ids: object, unit: str = "mV", neuron_offset: int = 0
    ) -> "MembraneStream":
        """Checks what does not change from frame to frame."""
        ids = columns.ids(neuron_ids, "neuron_ids", NEURON_COUNT_MAX)  # type: ignore[arg-type]
        if ids.size > SAMPLES_MAX:
            raise FrameError("neuron_ids", f"{ids.size} neurons, at most {SAMPLES_MAX}")
        return cls(
            checks.name(layer_name, "layer_name"),
            ids.tobytes(),
            checks.name(unit, "unit"),
            checks.whole(neuron_offset, "neuron_offset"),
        )

    @property
    def neurons(self) -> int:
        """How many neurons are sampled."""
        return len(self.ids) // 4

    def values(self, values: object, times: int) -> Array:
        """[times, neurons] f32; a flat list of as many will do. NaN is no sample."""
        array = columns.floats(values, "values", "<f4", finite=False)  # type: ignore[arg-type]
        shape = (times, self.neurons)
        flat_is_clear = array.ndim <= 1 and array.size == times * self.neurons
        if array.shape != shape and not flat_is_clear:
            raise FrameError("values", f"has shape {array.shape}, needs (times, neurons) = {shape}")
        return array.reshape(shape)

    def follows(self, other: Any, t_us: int, t0_us: int) -> bool:
        """Whether a later call may share a frame with `other`."""
        return bool(self == other)

    def frames(self, t0_us: int, end_us: int, times_us: Array, values: Array) -> Iterator[Frame]:
        """Frames with all rows, as few as the limits allow."""
        row = max(self.neurons, 1)
        rows_max = max(min(SAMPLES_MAX // row, (COLUMN_BYTES_MAX - 4 * row) // (4 * row + 4)), 1)
        for start, end, first, last in time_cuts(times_us, t0_us, end_us, rows_max):
            dt = (times_us[first:last] - start).astype("<u4")
            fields: dict[str, object] = {
                "layer_name": self.layer_name,
                "unit": self.unit,
                "neuron_id": self.ids,
                "dt": dt.tobytes(),
                "values": values[first:last].tobytes(),
            }
            if self.neuron_offset > 0:
                fields["neuron_offset"] = self.neuron_offset
            yield Frame("membrane", start, end - start, fields, int(dt.size) * self.neurons)


def time_cuts(
    times_us: Array, t0_us: int, end_us: int, rows_max: int
) -> Iterator[tuple[int, int, int, int]]:
    """Pieces (start, end, first, last) of ordered times: at most `rows_max` rows, at most 60 s.

    A piece need not start where the one before it ended: only samples count here.
    """
    if times_us.size == 0:
        return
    if times_us.size <= rows_max and end_us - t0_us <= SPAN_US_MAX:
        yield t0_us, end_us, 0, int(times_us.size)
        return
    first = 0
    while first < times_us.size:
        start = int(times_us[first])
        in_span = int(np.searchsorted(times_us, start + SPAN_US_MAX))
        last = min(first + rows_max, in_span)
        yield start, int(times_us[last - 1]) + 1, first, last
        first = last
