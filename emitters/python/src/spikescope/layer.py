"""A layer that cuts its own frames."""

import threading
import time
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import ArrayLike

from . import checks, columns
from .columns import Array
from .errors import ClosedError, FrameError
from .frames.frame import Frame
from .frames.spikes import SPIKES_MAX, SpikesStream
from .limits import SPAN_US_MAX, WHOLE_MAX
from .refusals import Refusals, recording

#: A frame of time in which nothing happened is not longer than this.
_SILENCE_US_MAX = 1_000_000
#: Time that is further ahead than this was no silence: a clock was set, or a chip came back.
_JUMP_US = 3_600_000_000
#: What is known for so long is sent, though no frame is full: a simulation may be slow.
_HOLD_SECONDS_MAX = 1.0


class Layer:
    """Spikes of one layer on one chip as contiguous frames: no time is left uncovered.

        layer = emitter.layer("encoder.0", neuron_count=4096, start_us=t)
        layer.add(ids, times_us)      # whenever there are some, in any order
        layer.advance(t_us)           # all spikes before t_us were added

    `advance` is what makes silence known: call it at every step, or chunk. Without it frames are
    cut when a later spike comes. Spikes added for time that is covered already are sent in frames
    of their own, which overlap; Spikescope counts them in their windows for 200 ms.
    """

    def __init__(
        self,
        stream: SpikesStream,
        send: Callable[[Iterable[Frame]], None],
        start_us: int | None,
        frame_us: int,
        lock: threading.RLock,
        refusals: Refusals,
    ) -> None:
        step = stream.timestep_us or 1
        frame_us = checks.whole(frame_us, "frame_us", 1, SPAN_US_MAX)
        self._stream = stream
        self._send = send
        self._lock = lock
        self._refusals = refusals
        self._step_us = step
        self._frame_us = min(-(-frame_us // step), SPAN_US_MAX // step) * step
        self._start_us = None if start_us is None else checks.whole(start_us, "start_us")
        #: Covered by frames up to here, known up to there.
        self._covered_us = self._start_us
        self._known_us = self._start_us
        self._cut_at = time.monotonic()
        self._parts: list[tuple[Array, Array]] = []
        self._held = 0
        self._advances = False
        self._closed = False

    @property
    def name(self) -> str:
        """The layer's name."""
        return self._stream.layer_name

    @property
    def gathered_samples(self) -> int:
        """Spikes that are in no frame yet."""
        return self._held

    @recording
    def add(self, neuron_ids: ArrayLike, times_us: ArrayLike) -> None:
        """Spikes, in any order. neuron_ids: [n] from 0; times_us: [n] µs."""
        ids = self._stream.neuron_ids(neuron_ids)
        times = columns.times(times_us, "times_us")
        columns.require_length(times, ids.size, "times_us")
        if ids.size == 0:
            return
        with self._lock:
            self._require_open()
            self._restart_after_jump(int(times.min()))
            covered = self._begin(int(times.min()) if self._start_us is None else 0)
            if columns.within(times, covered, WHOLE_MAX + 1):
                self._hold(ids, times)
            else:
                self._add_late(ids, times, covered)
            if not self._advances:
                # A later spike says that time went on: whole frames before it are cut.
                ahead = int(times.max()) - covered
                self._cut(covered + ahead // self._frame_us * self._frame_us)
            if self._held > SPIKES_MAX:
                # Nobody says what is complete, and memory has a bound: stragglers overlap.
                self._cut(self._latest_us() + self._step_us)

    @recording
    def advance(self, t_us: int) -> None:
        """All spikes before `t_us` were added: that time is known, silent where none were."""
        t_us = checks.whole(t_us, "t_us")
        with self._lock:
            self._require_open()
            self._restart_after_jump(t_us)
            covered = self._begin(t_us)
            self._advances = True
            self._known_us = known = max(self._known_us or 0, t_us)
            held_long = time.monotonic() - self._cut_at > _HOLD_SECONDS_MAX
            whole = covered + (known - covered) // self._frame_us * self._frame_us
            self._cut(known if held_long else whole)

    def flush(self) -> None:
        """Sends what is known, though no frame is full."""
        with self._lock:
            if self._known_us is not None and not self._closed:
                self._cut(self._known_us)

    def close(self) -> None:
        """Sends everything; spikes at the very end lie in a last frame that ends behind them."""
        with self._lock:
            if self._known_us is not None and not self._closed:
                behind = self._latest_us() + 1 if self._held > 0 else 0
                self._cut(max(self._known_us, behind), whole_steps=False)
            self._closed = True

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be added any more."""
        return self._closed

    def __enter__(self) -> "Layer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, t_us: int) -> int:
        """Where frames have to start; the first call says it where nobody did before."""
        if self._covered_us is None or self._start_us is None:
            self._start_us = self._covered_us = self._known_us = t_us
        return self._covered_us

    def _restart_after_jump(self, t_us: int) -> None:
        """More than an hour ahead: the time between is unknown, not silent; no frames cover it."""
        if self._covered_us is None or t_us - self._covered_us <= _JUMP_US:
            return
        if self._held > 0:
            self._cut(self._latest_us() + 1, whole_steps=False)
        self._start_us = self._covered_us = self._known_us = t_us

    def _hold(self, ids: Array, times: Array) -> None:
        self._parts.append((times, ids))
        self._held += int(ids.size)

    def _latest_us(self) -> int:
        return max(int(times.max()) for times, _ in self._parts)

    def _add_late(self, ids: Array, times: Array, covered: int) -> None:
        late = times < covered
        start = self._start_us or 0
        if int(times.min()) < start:
            raise FrameError("times_us", f"{int(times.min())} is before the layer's start, {start}")
        first = start + (int(times[late].min()) - start) // self._step_us * self._step_us
        stream = self._stream.at(first, start)
        self._send(stream.frames(first, covered, times[late], ids[late]))
        if not late.all():
            self._hold(ids[~late], times[~late])

    def _cut(self, to_us: int, whole_steps: bool = True) -> None:
        """Sends [covered, to) as frames; whole steps only, so that steps keep their numbers."""
        start, covered = self._start_us or 0, self._covered_us or 0
        if whole_steps:
            to_us = start + (to_us - start) // self._step_us * self._step_us
        if to_us <= covered:
            return
        times, ids = self._take(to_us)
        for begin, end, first, last in self._spans(covered, to_us, times):
            stream = self._stream.at(begin, start)
            self._send(stream.frames(begin, end, times[first:last], ids[first:last]))
        self._covered_us = to_us
        self._known_us = max(self._known_us or 0, to_us)
        self._cut_at = time.monotonic()

    def _take(self, to_us: int) -> tuple[Array, Array]:
        """Held spikes before `to_us`, sorted where they may need several frames."""
        if not self._parts:
            return np.empty(0, np.int64), np.empty(0, "<u4")
        times = np.concatenate([part[0] for part in self._parts])
        ids = np.concatenate([part[1] for part in self._parts])
        inside = times < to_us
        if not inside.all():
            self._parts = [(times[~inside], ids[~inside])]
            self._held = int(self._parts[0][0].size)
            times, ids = times[inside], ids[inside]
        else:
            self._parts, self._held = [], 0
        if to_us - (self._covered_us or 0) > self._frame_us:
            order = np.argsort(times, kind="stable")
            times, ids = times[order], ids[order]
        return times, ids

    def _spans(self, covered: int, to_us: int, times: Array) -> Iterable[tuple[int, int, int, int]]:
        """Pieces (begin, end, first, last): a frame's length each, longer where nothing fired."""
        if to_us - covered <= self._frame_us:
            yield covered, to_us, 0, int(times.size)
            return
        silence = max(_SILENCE_US_MAX // self._frame_us, 1) * self._frame_us
        begin, first = covered, 0
        while begin < to_us:
            end = min(begin + self._frame_us, to_us)
            next_us = int(times[first]) if first < times.size else to_us
            if next_us >= end:
                frames = min((next_us - begin) // self._frame_us * self._frame_us, silence)
                end = min(begin + max(frames, self._frame_us), to_us)
            last = int(np.searchsorted(times, end))
            yield begin, end, first, last
            begin, first = end, last

    def _require_open(self) -> None:
        if self._closed:
            raise ClosedError("layer", f"{self.name} is closed")
