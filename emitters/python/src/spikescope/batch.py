"""Small calls gathered into one frame."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from .columns import Array
from .frames.frame import Frame


class Stream(Protocol):
    """What the frames of a layer, a probe or a rail agree in, and how they are made."""

    @property
    def contiguous(self) -> bool:
        """Whether a frame may only cover time that its calls covered."""
        ...

    def follows(self, other: Any, t_us: int, t0_us: int) -> bool:
        """Whether a call at `t_us` may share a frame with `other`, which starts at `t0_us`."""
        ...

    @property
    def frames(self) -> Callable[..., Iterator[Frame]]:
        """Gives the frames of [t0, end) from (t0_us, end_us, times_us, further columns…)."""
        ...


class Batch:
    """Calls of one stream that are no frame yet. The first column is the times, µs, int64."""

    def __init__(self, stream: Stream, t0_us: int, end_us: int) -> None:
        self.stream = stream
        self.t0_us = t0_us
        self.end_us = end_us
        self.samples = 0
        self.since = time.monotonic()
        self._parts: list[tuple[Array, ...]] = []

    def takes(self, stream: Stream, t0_us: int) -> bool:
        """Whether a call may be added: it goes on where this ends, and speaks of the same."""
        if self.stream.contiguous and t0_us != self.end_us:
            return False
        return t0_us >= self.end_us and stream.follows(self.stream, t0_us, self.t0_us)

    def add(self, end_us: int, samples: int, columns: tuple[Array, ...]) -> None:
        """Adds a call that `takes` let in."""
        self.end_us = end_us
        self.samples += samples
        if columns[0].size > 0 or not self._parts:
            self._parts.append(columns)

    def frames(self) -> Iterator[Frame]:
        """All of it as frames."""
        columns = (
            self._parts[0]
            if len(self._parts) == 1
            else [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        )
        return self.stream.frames(self.t0_us, self.end_us, *columns)
