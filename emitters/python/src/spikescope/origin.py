"""Where in the host's code a call stands."""

import sys
from pathlib import PurePath

from .limits import NAME_CHARS_MAX

_PACKAGE = __name__.partition(".")[0]


def caller_place() -> dict[str, object]:
    """Module, function and line of the nearest caller outside of this package."""
    frame = sys._getframe(1)
    while _is_own(frame.f_globals.get("__name__")) and frame.f_back is not None:
        frame = frame.f_back
    code = frame.f_code
    return {
        "module": PurePath(code.co_filename).stem[:NAME_CHARS_MAX] or "unknown",
        "function": code.co_name[:NAME_CHARS_MAX],
        "line": frame.f_lineno,
    }


def _is_own(module: object) -> bool:
    return isinstance(module, str) and module.partition(".")[0] == _PACKAGE
