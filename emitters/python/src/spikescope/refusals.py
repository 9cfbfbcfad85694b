"""What becomes of a call that no frame can hold: a host that records is never stopped by it."""

import functools
import inspect
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

import numpy as np

from .errors import ClosedError, FrameError
from .outbox import Outbox

_log = logging.getLogger("spikescope")
_SAID_EVERY_SECONDS = 1.0


class Refusals:
    """Counts such calls and says what was wrong; where `strict`, errors go through."""

    def __init__(self, strict: bool, outbox: Outbox) -> None:
        self.strict = strict
        self._outbox = outbox
        self._lock = threading.Lock()
        self._unsaid = 0
        self._said_at = float("-inf")

    def take(self, error: FrameError) -> None:
        """Raises it where the emitter is strict; else it is counted."""
        if self.strict:
            raise error
        self.count(error)

    def count(self, error: Exception, arguments: Iterable[object] = ()) -> None:
        """One call is dropped, with as many samples as its longest argument has."""
        reason = "closed" if isinstance(error, ClosedError) else "invalid"
        self._outbox.refuse(reason, max((_size(each) for each in arguments), default=1))
        with self._lock:
            self._unsaid += 1
            now = time.monotonic()
            if now - self._said_at < _SAID_EVERY_SECONDS:
                return
            calls, self._unsaid, self._said_at = self._unsaid, 0, now
        more = f" (and {calls - 1} calls before it)" if calls > 1 else ""
        _log.warning("dropped a call that no frame can hold: %s%s", error, more)


class Recording(Protocol):
    """Something with calls of a running host."""

    _refusals: Refusals


_Self = TypeVar("_Self", bound=Recording)
_Args = ParamSpec("_Args")


def recording(
    method: Callable[Concatenate[_Self, _Args], None],
) -> Callable[Concatenate[_Self, _Args], None]:
    """A call that a host makes while it works: what it is given raises for a strict emitter only.

    Arguments that are missing or too many raise always: that is known at the first call.
    """

    @functools.wraps(method)
    def call(self: _Self, /, *args: _Args.args, **kwargs: _Args.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            if self._refusals.strict:
                raise
            if isinstance(error, TypeError):
                inspect.signature(method).bind(self, *args, **kwargs)
            self._refusals.count(error, (*args, *kwargs.values()))

    return call


def _size(value: object) -> int:
    """Samples in an argument."""
    if not isinstance(value, np.ndarray | list | tuple):
        return 1
    try:
        return max(int(np.size(value)), 1)
    except ValueError:
        return len(value)
