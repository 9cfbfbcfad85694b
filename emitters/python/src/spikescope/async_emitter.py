"""The emitter for programs that run on asyncio."""

from .conversion import ConversionRecorder
from .record_samples import SampleRecorder
from .record_states import StateRecorder
from .responses import ResponseRecorder

_CLOSE_SECONDS = 5.0


class AsyncEmitter(SampleRecorder, StateRecorder, ConversionRecorder, ResponseRecorder):
    """Publishes frames from a program that runs on asyncio.

        async with AsyncEmitter("nats://127.0.0.1:4222", device_type="loihi2") as emitter:
            emitter.record_spikes(…)

    The `record_*` calls are plain ones: they put frames into a bounded buffer and neither wait nor
    raise for NATS. What is recorded before `start` waits there. The options are those of
    `spikescope.EmitterOptions`.
    """

    async def start(self) -> None:
        """Begins to connect and to send, in the running loop."""
        if self._loop is None:
            self._start_publisher()

    async def flush(self, timeout: float = _CLOSE_SECONDS) -> bool:
        """Sends what is gathered; waits until all is confirmed. Whether it was, in that time."""
        self._send_gathered()
        return await self._drain(timeout)

    async def close(self, timeout: float = _CLOSE_SECONDS) -> bool:
        """Flushes, for `timeout` seconds at most; what is left is dropped, counted as `closed`.

        Gives whether all was confirmed. A second call does nothing.
        """
        if self._closed:
            return self._outbox.is_empty
        self._close_holders()
        self._closed = True
        flushed = self._loop is not None and await self.flush(timeout)
        await self._stop()
        return flushed

    async def __aenter__(self) -> "AsyncEmitter":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
