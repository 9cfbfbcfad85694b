"""Checks of single arguments; each gives the value as the wire takes it, or names the field."""

import math
import operator
import re
from collections.abc import Mapping, Sequence

from .errors import FrameError
from .limits import NAME_CHARS_MAX, TEXT_CHARS_MAX, WHOLE_MAX

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,3}")


def token(value: object, field: str) -> str:
    """A part of a subject: 1 to 64 of `A-Z a-z 0-9 _ -`."""
    if isinstance(value, str) and _TOKEN.fullmatch(value):
        return value
    raise FrameError(field, f"needs 1 to 64 characters of A-Z a-z 0-9 _ -, got {shown(value)}")


def prefix(value: object) -> str:
    """The first tokens of a subject: one to four."""
    if isinstance(value, str) and _PREFIX.fullmatch(value):
        return value
    raise FrameError("prefix", f"needs one to four tokens with dots between, got {shown(value)}")


def name(value: object, field: str) -> str:
    """A string of 1 to 128 characters, which may become a label."""
    if not isinstance(value, str):
        raise FrameError(field, f"needs a string, got {shown(value)}")
    if not 1 <= len(value) <= NAME_CHARS_MAX:
        raise FrameError(field, f"needs 1 to {NAME_CHARS_MAX} characters, has {len(value)}")
    if not value.isascii():
        _require_unicode(value, field)
    return value


def optional_name(value: object, field: str) -> str | None:
    """A name, or None."""
    return None if value is None else name(value, field)


def text(value: object, field: str) -> str:
    """Prose. What is too long is cut, what is no Unicode replaced: a log line never raises."""
    if not isinstance(value, str):
        raise FrameError(field, f"needs a string, got {shown(value)}")
    if len(value) > TEXT_CHARS_MAX:
        value = value[: TEXT_CHARS_MAX - 1] + "…"
    return value.encode("utf-8", "replace").decode("utf-8")


def whole(value: object, field: str, low: int = 0, high: int = WHOLE_MAX) -> int:
    """A whole number within low … high; NumPy's integers and whole floats pass."""
    if type(value) is int and low <= value <= high:
        return value
    if isinstance(value, bool):
        raise FrameError(field, f"needs a whole number, got {value}")
    if isinstance(value, float) and value.is_integer():
        number = int(value)
    else:
        try:
            number = operator.index(value)  # type: ignore[arg-type]
        except TypeError:
            raise FrameError(field, f"needs a whole number, got {shown(value)}") from None
    if not low <= number <= high:
        raise FrameError(field, f"{number} is not within {low} … {high}")
    return number


def optional_whole(value: object, field: str, low: int = 0, high: int = WHOLE_MAX) -> int | None:
    """A whole number, or None."""
    return None if value is None else whole(value, field, low, high)


def number(value: object, field: str, low: float = 0.0, high: float = math.inf) -> float:
    """A finite number within low … high."""
    if isinstance(value, bool | str | bytes):
        raise FrameError(field, f"needs a number, got {shown(value)}")
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise FrameError(field, f"needs a number, got {shown(value)}") from None
    if not math.isfinite(result):
        raise FrameError(field, f"is {result}")
    if not low <= result <= high:
        raise FrameError(field, f"{result} is not within {low} … {high}")
    return result


def optional_number(
    value: object, field: str, low: float = 0.0, high: float = math.inf
) -> float | None:
    """A finite number, or None."""
    return None if value is None else number(value, field, low, high)


def word(value: object, field: str, words: Sequence[str]) -> str:
    """One of a fixed set of words."""
    if isinstance(value, str) and value in words:
        return value
    raise FrameError(field, f"{shown(value)} is none of {', '.join(words)}")


def present(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields that have a value: None is absence."""
    return {field: value for field, value in fields.items() if value is not None}


def shown(value: object) -> str:
    """A value for an error message, cut short."""
    try:
        printed = repr(value)
    except Exception:
        printed = f"<{type(value).__name__}>"
    return printed if len(printed) <= 80 else printed[:77] + "..."


def _require_unicode(value: str, field: str) -> None:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise FrameError(field, f"is no Unicode: {shown(value)}") from None
