"""Records as structured arrays and data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..columns import Array

if TYPE_CHECKING:
    import pandas as pd

Record = Mapping[str, Any]

_TIME = {"t0": "i8", "span_us": "i8"}
_CHIP = {"device_type": "U64", "chip_id": "U64"}
#: Columns whose type does not depend on the values that happen to come: 20.0 comes as 20.
KNOWN: Mapping[str, Mapping[str, Any]] = {
    "spike-rate": {
        **_TIME,
        **_CHIP,
        "layer_name": "U128",
        "neuron_type": "U128",
        "neuron_count": "i8",
        "spikes": "i8",
        "mean_rate_hz": "f8",
        "rate_histogram": ("i8", (12,)),
        "timestep": "i8",
    },
    "power": {
        **_TIME,
        **_CHIP,
        "rail": "U128",
        "component": "U16",
        "watts": "f8",
        "energy_joules": "f8",
    },
    "chip-health": {**_TIME, **_CHIP, "connected": "?", "status": "U16", "reason": "U1024"},
}
#: What the bins of `rate_histogram` reach up to, Hz; the last has no end. Counts, not cumulative.
RATE_BOUNDS_HZ = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, float("inf"))
_SKIPPED = ("v", "record")


def to_array(records: Sequence[Record], record: str | None = None) -> Array:
    """Records of one kind as a structured array, a row each.

    Columns are the records' fields but `v` and `record`. Where one is absent: NaN, -1, False or
    an empty string; NaN in whole numbers of kinds that this package does not know. Lists of equal
    length are sub-arrays; what fits nowhere is an object.
    """
    known = KNOWN.get(record or _kind_of(records), {})
    names = list(known)
    for each in records:
        names.extend(name for name in each if name not in names and name not in _SKIPPED)
    columns = {
        name: _column([each.get(name) for each in records], known.get(name)) for name in names
    }
    dtype = [(name, column.dtype, column.shape[1:]) for name, column in columns.items()]
    array = np.empty(len(records), dtype=dtype)
    for name, column in columns.items():
        array[name] = column
    return array


def to_dataframe(records: Sequence[Record], record: str | None = None) -> pd.DataFrame:
    """The same as a pandas DataFrame, with `time` (UTC) as its index."""
    import pandas as pd

    array = to_array(records, record)
    columns = {}
    for name in array.dtype.names or ():
        column = array[name]
        columns[name] = list(column) if column.ndim > 1 else column
    frame = pd.DataFrame(columns)
    starts = array["t0"] if "t0" in columns else np.empty(0, "i8")
    frame.index = pd.DatetimeIndex(pd.to_datetime(starts, unit="us", utc=True), name="time")
    return frame


def _kind_of(records: Sequence[Record]) -> str:
    kinds = {each.get("record") for each in records}
    if len(kinds) > 1:
        raise ValueError(f"records of {len(kinds)} kinds make no table: choose one of {kinds}")
    return str(next(iter(kinds), ""))


def _column(values: list[Any], dtype: Any) -> Array:
    return _inferred(values) if dtype is None else _typed(values, dtype)


def _typed(values: list[Any], dtype: Any) -> Array:
    base, shape = dtype if isinstance(dtype, tuple) else (dtype, ())
    absent = {"i8": -1, "f8": np.nan, "?": False}.get(base, "")
    column = np.full((len(values), *shape), absent, dtype=base)
    for row, value in enumerate(values):
        # A list of another length than the document says is as good as none.
        if value is not None and np.shape(value) == shape:
            column[row] = value
    return column


def _inferred(values: list[Any]) -> Array:
    present = [value for value in values if value is not None]
    whole = len(present) == len(values)
    if all(isinstance(value, bool) for value in present) and whole:
        return np.array(values, dtype="?")
    if all(_is_number(value) for value in present):
        if whole and all(isinstance(value, int) for value in present):
            return np.array(values, dtype="i8")
        return np.array([np.nan if value is None else value for value in values], dtype="f8")
    if all(isinstance(value, str) for value in present):
        return np.array(["" if value is None else value for value in values], dtype="U")
    if whole and _are_rows(present):
        return np.array(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_rows(values: list[Any]) -> bool:
    return all(
        isinstance(value, list) and len(value) == len(values[0]) and all(map(_is_number, value))
        for value in values
    )
