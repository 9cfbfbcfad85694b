"""`power`: watts of one rail of a chip."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .. import checks, columns
from ..columns import Array
from ..limits import COLUMN_BYTES_MAX, SAMPLES_MAX
from .frame import Frame
from .membrane import time_cuts

COMPONENTS = ("total", "static", "dynamic")
ORIGINS = ("measured", "estimated", "simulated")
#: dt, watts, joules and step_us of one sample.
_SAMPLE_BYTES = 4 + 4 + 8 + 8


@dataclass(frozen=True, slots=True)
class PowerStream:
    """What the frames of a rail agree in."""

    rail: str
    component: str
    origin: str
    has_joules: bool = False
    has_steps: bool = False

    contiguous = False

    @classmethod
    def of(
        cls, rail: str, component: str, origin: str, has_joules: bool, has_steps: bool
    ) -> "PowerStream":
        """Checks what does not change from frame to frame."""
        return cls(
            checks.name(rail, "rail"),
            checks.word(component, "component", COMPONENTS),
            checks.word(origin, "origin", ORIGINS),
            has_joules,
            has_steps,
        )

    def columns(self, times: int, watts: object, joules: object, step_us: object) -> list[Array]:
        """The columns beside the times, each [times]; joules and step_us where they are given."""
        asked: list[tuple[str, object, str, float | None]] = [("watts", watts, "<f4", None)]
        if self.has_joules:
            asked.append(("joules", joules, "<f8", None))
        if self.has_steps:
            asked.append(("step_us", step_us, "<f8", 0.0))
        checked = []
        for field, values, dtype, low in asked:
            array = columns.floats(values, field, dtype, low=low)  # type: ignore[arg-type]
            array = array.reshape(1) if array.ndim == 0 else array
            columns.require_length(array, times, field)
            checked.append(array)
        return checked

    def follows(self, other: Any, t_us: int, t0_us: int) -> bool:
        """Whether a later call may share a frame with `other`."""
        return bool(self == other)

    def frames(self, t0_us: int, end_us: int, times_us: Array, *rest: Array) -> Iterator[Frame]:
        """Frames with all samples, as few as the limits allow."""
        names = ["watts", *["joules"] * self.has_joules, *["step_us"] * self.has_steps]
        rows_max = min(SAMPLES_MAX, COLUMN_BYTES_MAX // _SAMPLE_BYTES)
        for start, end, first, last in time_cuts(times_us, t0_us, end_us, rows_max):
            fields: dict[str, object] = {
                "rail": self.rail,
                "component": self.component,
                "origin": self.origin,
                "dt": (times_us[first:last] - start).astype("<u4").tobytes(),
            }
            for name, column in zip(names, rest, strict=True):
                fields[name] = column[first:last].tobytes()
            yield Frame("power", start, end - start, fields, last - first)
