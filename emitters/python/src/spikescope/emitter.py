"""The emitter for programs without asyncio: a thread of its own talks to NATS."""

import atexit
from collections.abc import Sequence
from typing import Unpack

from .conversion import ConversionRecorder
from .loop import EmitterLoop
from .options import SERVER_DEFAULT, EmitterOptions
from .record_samples import SampleRecorder
from .record_states import StateRecorder
from .responses import ResponseRecorder

_CLOSE_SECONDS = 5.0
#: What the thread may take beside what is waited for.
_SLACK_SECONDS = 3.0


class Emitter(SampleRecorder, StateRecorder, ConversionRecorder, ResponseRecorder):
    """Publishes frames from any program, whatever its threads.

        with Emitter("nats://127.0.0.1:4222", device_type="loihi2", chip_id="a") as emitter:
            emitter.record_spikes(…)

    The calls put frames into a bounded buffer and neither wait nor raise for NATS; a daemon thread
    sends them. `close` flushes; it runs at the interpreter's exit too, where nobody called it.
    The options are those of `spikescope.EmitterOptions`.
    """

    def __init__(
        self, servers: str | Sequence[str] = SERVER_DEFAULT, **options: Unpack[EmitterOptions]
    ) -> None:
        super().__init__(servers, **options)
        self._thread = EmitterLoop("spikescope-emitter")
        self._thread.loop.call_soon_threadsafe(self._start_publisher)
        atexit.register(self.close)

    def flush(self, timeout: float = _CLOSE_SECONDS) -> bool:
        """Sends what is gathered; waits until all is confirmed. Whether it was, in that time."""
        self._send_gathered()
        try:
            return self._thread.run(self._drain(timeout), timeout + _SLACK_SECONDS)
        except TimeoutError:
            return False

    def close(self, timeout: float = _CLOSE_SECONDS) -> bool:
        """Flushes, for `timeout` seconds at most; what is left is dropped, counted as `closed`.

        Gives whether all was confirmed. A second call does nothing.
        """
        with self._lock:
            if self._closed:
                return self._outbox.is_empty
            self._close_holders()
            self._closed = True
        atexit.unregister(self.close)
        flushed = self.flush(timeout)
        try:
            self._thread.run(self._stop(), _SLACK_SECONDS)
        except TimeoutError:
            flushed = False
        self._thread.stop()
        self._outbox.close()
        return flushed

    def __enter__(self) -> "Emitter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
