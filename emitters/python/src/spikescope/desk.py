"""Where calls become messages: batches, numbers, the buffer. Both faces of an emitter are desks."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol, Unpack

from . import checks
from .batch import Batch, Stream
from .columns import Array
from .frames.frame import Frame
from .message import MessageMaker
from .options import SERVER_DEFAULT, EmitterOptions, settings_of
from .outbox import Outbox
from .publisher import Publisher, Responder
from .refusals import Refusals
from .stats import EmitterStats

#: More layers, probes and rails than one program has; beyond it the oldest batch is sent early.
_BATCHES_MAX = 4096
_NO_HEADERS: Mapping[str, str] = {}
_POLL_SECONDS = 0.002
_CANCELS_MAX = 10
_CANCEL_SECONDS = 0.2


class Holder(Protocol):
    """What holds samples back until it is told to give them."""

    def flush(self) -> None:
        """Hands over what is complete."""
        ...

    def close(self) -> None:
        """Hands over everything."""
        ...

    @property
    def is_closed(self) -> bool:
        """Whether it takes nothing any more."""
        ...

    @property
    def gathered_samples(self) -> int:
        """How many it holds."""
        ...


class Desk:
    """Takes frames from any thread; gives them to its publisher, which has a loop."""

    def __init__(
        self, servers: str | Sequence[str] = SERVER_DEFAULT, **options: Unpack[EmitterOptions]
    ) -> None:
        self.settings = settings_of(servers, options)
        settings = self.settings
        self._lock = threading.RLock()
        self._maker = MessageMaker(
            settings.prefix, settings.name, settings.run_id, settings.dense
        )
        self._chips: set[tuple[str, str]] = set()
        self._batches: dict[tuple[str, ...], Batch] = {}
        self._holders: list[Holder] = []
        self._outbox = Outbox(settings.buffer_bytes, self._wake)
        self._refusals = Refusals(settings.strict, self._outbox)
        self._publisher = Publisher(settings, self._outbox, self._send_aged)
        #: Where the publisher runs, once it does.
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake_asked = False
        self._closed = False

    @property
    def emitter(self) -> str:
        """The name in every frame of this start."""
        return self._maker.emitter

    @property
    def stats(self) -> EmitterStats:
        """What was published, dropped and is waiting, as of now."""
        outbox, link = self._outbox, self._publisher
        with self._lock:
            gathered = sum(batch.samples for batch in self._batches.values())
            gathered += sum(holder.gathered_samples for holder in self._holders)
        frames, samples, size = outbox.buffered()
        return EmitterStats(
            published_frames=outbox.published_frames,
            published_samples=outbox.published_samples,
            dropped_frames=dict(outbox.dropped_frames),
            dropped_samples=dict(outbox.dropped_samples),
            buffered_frames=frames,
            buffered_samples=samples,
            buffered_bytes=size,
            gathered_samples=gathered,
            connected=link.connected,
            reconnects=max(link.connections - 1, 0),
            callback_errors=link.callback_errors,
        )

    def _gather(
        self,
        kind: str,
        label: str,
        stream: Stream,
        t0_us: int,
        end_us: int,
        samples: int,
        columns: tuple[Array, ...],
        chip: tuple[str | None, str | None],
    ) -> None:
        """Adds a call to its batch; sends the batch when it is large or long enough."""
        device_type, chip_id = self._chip(chip)
        key = (kind, device_type, chip_id, label)
        settings = self.settings
        with self._lock:
            batch = self._batches.get(key)
            if batch is not None and not batch.takes(stream, t0_us):
                self._send_batch(key)
                batch = None
            if batch is None:
                if len(self._batches) >= _BATCHES_MAX:
                    self._send_batch(next(iter(self._batches)))
                batch = self._batches[key] = Batch(stream, t0_us, end_us)
            batch.add(end_us, samples, columns)
            if (
                self._closed
                or batch.samples >= settings.batch_samples
                or batch.end_us - batch.t0_us >= settings.batch_span_us
            ):
                self._send_batch(key)

    def _send(
        self,
        frames: Iterable[Frame],
        chip: tuple[str | None, str | None] = (None, None),
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> None:
        """Numbers and packs frames and puts them into the buffer."""
        device_type, chip_id = self._chip(chip)
        with self._lock:
            for frame in frames:
                message = self._maker.message(frame, device_type, chip_id, headers)
                self._outbox.add(message)

    def _chip(self, chip: tuple[str | None, str | None]) -> tuple[str, str]:
        device_type, chip_id = chip
        device_type = self.settings.device_type if device_type is None else device_type
        chip_id = self.settings.chip_id if chip_id is None else chip_id
        if (device_type, chip_id) not in self._chips:
            checks.token(device_type, "device_type")
            checks.token(chip_id, "chip_id")
            self._maker.require_room()
            self._chips.add((device_type, chip_id))
        return device_type, chip_id

    def _send_batch(self, key: tuple[str, ...]) -> None:
        batch = self._batches.pop(key)
        self._send(batch.frames(), (key[1], key[2]))

    def _send_aged(self) -> None:
        """Sends batches whose first call is long enough ago; the publisher calls it."""
        before = time.monotonic() - self.settings.batch_wait_seconds
        with self._lock:
            aged = [key for key, batch in self._batches.items() if batch.since <= before]
            for key in aged:
                self._send_batch(key)

    def _send_gathered(self) -> None:
        """Sends all batches, and what layers have complete."""
        with self._lock:
            self._holders = [holder for holder in self._holders if not holder.is_closed]
            for holder in self._holders:
                holder.flush()
            for key in list(self._batches):
                self._send_batch(key)

    def _close_holders(self) -> None:
        with self._lock:
            for holder in self._holders:
                holder.close()
            self._holders.clear()

    def _start_publisher(self) -> None:
        """Begins to connect and to send, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._run_beside(self._publisher.run())

    def _run_beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something in the loop until it ends or the emitter closes; called in the loop."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, timeout: float) -> bool:
        """Waits until all is confirmed, at most so many seconds. Whether it was."""
        deadline = time.monotonic() + timeout
        while not self._outbox.is_empty:
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(_POLL_SECONDS)
        return True

    async def _stop(self) -> None:
        """Ends all that runs in the loop; what was not sent is dropped."""
        self._publisher.stop()
        for _ in range(_CANCELS_MAX):
            tasks = [task for task in self._tasks if not task.done()]
            if not tasks:
                break
            # nats-py swallows a cancellation here and there: one is not always enough.
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
        self._outbox.close()

    def _wake(self) -> None:
        """There is something to send; called from any thread."""
        if self._wake_asked or self._loop is None:
            return
        self._wake_asked = True
        self._call_in_loop(self._woken)

    def _woken(self) -> None:
        self._wake_asked = False
        self._publisher.wake()

    def _respond(self, responder: Responder) -> None:
        """From now on answers requests; called from any thread."""
        if self._loop is None:
            self._publisher.add(responder)
        else:
            self._call_in_loop(self._publisher.add, responder)

    def _call_in_loop(self, function: Callable[..., None], *args: object) -> None:
        # A loop that was closed has nothing left to wake.
        with contextlib.suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(function, *args)
