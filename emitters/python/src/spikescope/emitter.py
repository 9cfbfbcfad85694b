"""The emitter for programs without asyncio: a thread of its own talks to NATS."""

import asyncio
import atexit
import socket
import threading
from collections.abc import Sequence
from typing import Any, Unpack

from .conversion import ConversionRecorder
from .options import SERVER_DEFAULT, EmitterOptions
from .record_samples import SampleRecorder
from .record_states import StateRecorder
from .responses import ResponseRecorder

_CLOSE_SECONDS = 5.0
#: What stopping takes beside flushing.
_STOP_SECONDS = 3.0


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
        self._own_loop = _Loop()
        self._own_loop.call_soon(self._start_publisher)
        self._thread = threading.Thread(
            target=self._run_loop, name="spikescope-emitter", daemon=True
        )
        self._thread.start()
        # A daemon thread lives on while exit handlers run, so that they can flush.
        atexit.register(self.close)

    def flush(self, timeout: float = _CLOSE_SECONDS) -> bool:
        """Sends what is gathered; waits until all is confirmed. Whether it was, in that time."""
        self._send_gathered()
        return bool(self._in_loop(self._drain(timeout), timeout))

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
        self._in_loop(self._stop(), _STOP_SECONDS)
        self._own_loop.call_soon_threadsafe(self._own_loop.stop)
        self._thread.join(_STOP_SECONDS)
        self._outbox.close()
        return flushed

    def __enter__(self) -> "Emitter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._own_loop)
        try:
            self._own_loop.run_forever()
        finally:
            self._own_loop.close()

    def _in_loop(self, work: Any, seconds: float) -> Any:
        """The result of a coroutine that the thread runs; False where it does not come."""
        future = asyncio.run_coroutine_threadsafe(work, self._own_loop)
        try:
            return future.result(seconds + _STOP_SECONDS)
        except TimeoutError:
            future.cancel()
            return False


class _Loop(asyncio.SelectorEventLoop):
    """Looks names up in its own thread: asyncio's pool takes no work at the interpreter's exit."""

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        return socket.getaddrinfo(host, port, **options)
