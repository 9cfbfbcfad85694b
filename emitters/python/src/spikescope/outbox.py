"""Messages that wait for NATS: a queue with a bound in bytes, safe between threads."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable

from .message import Message

_log = logging.getLogger("spikescope")


class Outbox:
    """Holds messages until they are confirmed; beyond its bound the oldest unsent go."""

    def __init__(self, bytes_max: int, wake: Callable[[], None]) -> None:
        self._bytes_max = bytes_max
        self._wake = wake
        self._lock = threading.Lock()
        self._waiting: deque[Message] = deque()
        self._bytes = 0
        self._frames = 0
        self._samples = 0
        self._closed = False
        self._warned: set[str] = set()
        self.published_frames = 0
        self.published_samples = 0
        self.dropped_frames: Counter[str] = Counter()
        self.dropped_samples: Counter[str] = Counter()

    def add(self, message: Message) -> None:
        """Puts a message at the end; never blocks, never raises."""
        dropped: list[Message] = []
        with self._lock:
            reason = "closed" if self._closed else "buffer_full"
            self._count(message, 1)
            self._waiting.append(message)
            while self._waiting and (self._closed or self._bytes > self._bytes_max):
                dropped.append(self._waiting.popleft())
                self._discard(dropped[-1], reason)
        if dropped:
            self._warn(reason)
        self._wake()

    def take(self, frames_max: int, bytes_max: int) -> list[Message]:
        """The first messages, to be sent: they still count until `confirm` or `discard`."""
        taken: list[Message] = []
        size = 0
        with self._lock:
            while self._waiting and len(taken) < frames_max:
                size += self._waiting[0].size
                if taken and size > bytes_max:
                    break
                taken.append(self._waiting.popleft())
        return taken

    def confirm(self, messages: Iterable[Message]) -> None:
        """These arrived."""
        with self._lock:
            for message in messages:
                self._count(message, -1)
                self.published_frames += 1
                self.published_samples += message.samples
            if self._frames == 0:
                self._warned.discard("buffer_full")

    def put_back(self, messages: list[Message]) -> None:
        """These may not have arrived: they are sent again, first of all, in their order."""
        with self._lock:
            if self._closed:
                for message in messages:
                    self._discard(message, "closed")
            else:
                self._waiting.extendleft(reversed(messages))

    def discard(self, message: Message, reason: str) -> None:
        """This one can't be sent at all."""
        with self._lock:
            self._discard(message, reason)
        self._warn(reason)

    def refuse(self, reason: str, samples: int) -> None:
        """Counts what never became a message."""
        with self._lock:
            self.dropped_frames[reason] += 1
            self.dropped_samples[reason] += samples

    def close(self) -> None:
        """Drops what waits, and all that comes."""
        with self._lock:
            self._closed = True
            dropped = len(self._waiting)
            while self._waiting:
                self._discard(self._waiting.popleft(), "closed")
        if dropped > 0:
            self._warn("closed")

    @property
    def is_empty(self) -> bool:
        """Whether all that was added is confirmed or dropped."""
        return self._frames == 0

    @property
    def has_waiting(self) -> bool:
        """Whether there is something to send."""
        return len(self._waiting) > 0

    def buffered(self) -> tuple[int, int, int]:
        """Frames, samples and bytes that are here or on their way."""
        with self._lock:
            return self._frames, self._samples, self._bytes

    def _discard(self, message: Message, reason: str) -> None:
        self._count(message, -1)
        self.dropped_frames[reason] += 1
        self.dropped_samples[reason] += message.samples

    def _count(self, message: Message, sign: int) -> None:
        self._frames += sign
        self._samples += sign * message.samples
        self._bytes += sign * message.size

    def _warn(self, reason: str) -> None:
        """One line for each reason, when its dropping starts; anew once the buffer was empty."""
        if reason in self._warned:
            return
        self._warned.add(reason)
        _log.warning("dropping frames: %s", _WHY.get(reason, reason))


_WHY = {
    "buffer_full": "NATS is away or slow and the buffer (buffer_bytes) is full; the oldest go",
    "closed": "the emitter is closed",
    "too_large": "larger than the NATS server's max_payload",
    "refused": "the JetStream stream refuses them; its answer is logged above",
}
