"""NumPy arrays as columns of the wire: checked whole, copied once, little-endian."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import shown
from .errors import FrameError
from .limits import WHOLE_MAX

Array = NDArray[Any]
U32_END = 2**32
#: Looked up once: every call of a hot loop needs them.
_HIGHEST = np.maximum.reduce
_U32, _I64, _U64 = np.dtype("<u4"), np.dtype(np.int64), np.dtype(np.uint64)


def ids(values: ArrayLike, field: str, below: int = U32_END, remedy: str = "") -> Array:
    """[n] whole numbers from 0, below `below`, as a new u32 array."""
    array = _flat(values, field)
    if array.dtype.kind not in "iu":
        if array.size > 0:
            raise FrameError(field, f"needs whole numbers, got dtype {array.dtype}")
        return array.astype(_U32)
    if not within(array, 0, below):
        if int(array.min()) < 0:
            raise FrameError(field, f"{array.min()} is negative{remedy}")
        raise FrameError(field, f"{array.max()} is not below {below}{remedy}")
    return array.astype(_U32)


def times(values: ArrayLike, field: str, t0_us: int = 0, end_us: int = WHOLE_MAX + 1) -> Array:
    """[n] times in µs, each within [t0, end), as a new int64 array; floats are rounded."""
    array = _flat(values, field)
    if array.dtype is _I64:
        array = array.copy()
    elif array.dtype.kind == "f":
        if array.size > 0 and not np.isfinite(array).all():
            raise FrameError(field, "has NaN or an infinity")
        array = np.rint(array)
        if array.size > 0 and abs(array).max() > WHOLE_MAX:
            raise FrameError(field, f"{abs(array).max()} is above 2^53 - 1 µs")
        array = array.astype(_I64)
    elif array.dtype.kind not in "iu":
        raise FrameError(field, f"needs times in µs as numbers, got dtype {array.dtype}")
    else:
        array = array.astype(_I64)
    if not within(array, t0_us, end_us):
        low, high = int(array.min()), int(array.max())
        culprit = low if low < t0_us else high
        detail = f"{culprit} is outside [{t0_us}, {end_us}): times are µs on the axis of t0_us"
        raise FrameError(field, detail)
    return array


def within(array: Array, low: int, end: int) -> bool:
    """Whether all whole numbers are in [low, end), in one pass: below `low` they wrap around."""
    if array.size == 0:
        return True
    if array.dtype is not _I64:
        return bool(array.min() >= low and array.max() < end)
    offsets = array - low if low != 0 else array
    # The plain reduction: the method `max` takes twice as long for a small array.
    return bool(_HIGHEST(offsets.view(_U64)) < end - low)


def require_ordered(array: Array, field: str) -> None:
    """Refuses times that decrease."""
    if array.size > 1 and bool((array[1:] < array[:-1]).any()):
        raise FrameError(field, "decreases: sort the samples by time")


def floats(
    values: ArrayLike,
    field: str,
    dtype: str,
    *,
    finite: bool = True,
    low: float | None = None,
    high: float | None = None,
) -> Array:
    """Numbers of any shape as a new array of `dtype` (`<f4`, `<f8`), within low … high."""
    array = _array(values, field)
    if array.dtype.kind not in "iuf" and array.size > 0:
        raise FrameError(field, f"needs numbers, got dtype {array.dtype}: {shown(values)}")
    with np.errstate(over="ignore"):
        array = array.astype(dtype)
    if finite and array.size > 0 and not np.isfinite(array).all():
        raise FrameError(field, f"has NaN, an infinity or a number too large for {dtype[1:]}")
    if low is not None and array.size > 0 and float(array.min()) < low:
        raise FrameError(field, f"{float(array.min())} is below {low}")
    if high is not None and array.size > 0 and float(array.max()) > high:
        raise FrameError(field, f"{float(array.max())} is above {high}")
    return array


def require_length(array: Array, length: int, field: str) -> None:
    """Refuses a column of another length than the one beside it."""
    if array.shape != (length,):
        raise FrameError(field, f"has shape {array.shape}, needs ({length},)")


def _array(values: ArrayLike, field: str) -> Array:
    try:
        return np.asarray(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise FrameError(field, f"is no array: {error}") from None


def _flat(values: ArrayLike, field: str) -> Array:
    array = values if type(values) is np.ndarray else _array(values, field)
    if array.ndim == 1:
        return array
    if array.ndim == 0 and array.dtype.kind in "iuf":
        return array.reshape(1)
    raise FrameError(field, f"needs a list or an array of one dimension, got {shown(values)}")
