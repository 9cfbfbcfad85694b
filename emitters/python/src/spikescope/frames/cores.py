"""`cores` and `activity`: what a chip's cores do, and what they count."""

from collections.abc import Iterator, Mapping, Sequence

from numpy.typing import ArrayLike

from .. import checks, columns
from ..columns import Array
from ..errors import FrameError
from ..limits import COLUMN_BYTES_MAX, COUNTERS_MAX, NAME_CHARS_MAX, SAMPLES_MAX
from .frame import Frame

SCOPES = ("core", "router", "chip")
#: A name of 128 characters in UTF-8, with its length before it.
_NAME_BYTES_MAX = 4 * NAME_CHARS_MAX + 3


def cores_frames(
    t0_us: int,
    span_us: int,
    core_ids: ArrayLike,
    utilization_percent: ArrayLike,
    layer_names: Sequence[str | None] | None,
) -> Iterator[Frame]:
    """A snapshot of a chip's cores."""
    ids = columns.ids(core_ids, "core_ids")
    percent = columns.floats(utilization_percent, "utilization_percent", "<f4", low=0.0, high=100.0)
    columns.require_length(percent, ids.size, "utilization_percent")
    names = None if layer_names is None else [_layer_of(name) for name in layer_names]
    if names is not None and len(names) != ids.size:
        raise FrameError("layer_names", f"has {len(names)} names, needs {ids.size}")
    for first, last in _rows(int(ids.size), 8 + (_NAME_BYTES_MAX if names is not None else 0)):
        fields: dict[str, object] = {
            "core_id": ids[first:last].tobytes(),
            "utilization_percent": percent[first:last].tobytes(),
        }
        if names is not None:
            fields["layer_name"] = names[first:last]
        yield Frame("cores", t0_us, span_us, fields, last - first)


def activity_frames(
    t0_us: int,
    span_us: int,
    counters: Mapping[str, ArrayLike],
    core_ids: ArrayLike | None,
    scope: str,
    cumulative: bool,
    step_us: float | None,
) -> Iterator[Frame]:
    """Counters of a chip, its cores or its routers."""
    checks.word(scope, "scope", SCOPES)
    if scope == "chip" and core_ids is not None:
        raise FrameError("core_ids", "a chip has none: leave it out, or set scope to core")
    if scope != "chip" and core_ids is None:
        raise FrameError("core_ids", f"is needed for scope {scope}")
    ids = None if core_ids is None else columns.ids(core_ids, "core_ids")
    length = 1 if ids is None else int(ids.size)
    checked = _counters(counters, length)
    for first, last in _rows(length, 4 + 8 * len(checked)):
        fields: dict[str, object] = {
            "scope": scope,
            "counters": {name: column[first:last].tobytes() for name, column in checked.items()},
            "cumulative": bool(cumulative),
        }
        if ids is not None:
            fields["core_id"] = ids[first:last].tobytes()
        if step_us is not None:
            fields["step_us"] = checks.number(step_us, "step_us")
        yield Frame("activity", t0_us, span_us, fields, (last - first) * len(checked))


def _counters(counters: Mapping[str, ArrayLike], length: int) -> dict[str, Array]:
    if not isinstance(counters, Mapping):
        raise FrameError("counters", f"needs a map of arrays, got {checks.shown(counters)}")
    if len(counters) > COUNTERS_MAX:
        raise FrameError("counters", f"{len(counters)} counters, at most {COUNTERS_MAX}")
    checked: dict[str, Array] = {}
    for name, values in counters.items():
        field = f"counters.{checks.name(name, 'counters')}"
        column = columns.floats(values, field, "<f8", low=0.0)
        column = column.reshape(1) if column.ndim == 0 else column
        columns.require_length(column, length, field)
        checked[name] = column
    return checked


def _layer_of(name: str | None) -> str:
    return "" if name is None or name == "" else checks.name(name, "layer_names")


def _rows(length: int, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Cuts [0, length) by the limits; nothing at all is one piece too."""
    rows_max = max(min(SAMPLES_MAX, COLUMN_BYTES_MAX // row_bytes), 1)
    for first in range(0, max(length, 1), rows_max):
        yield first, min(first + rows_max, length)
