"""The way to NATS: connects for ever, sends what waits, and answers requests."""

import asyncio
import contextlib
import itertools
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from .delivery import ConnectionLost, CoreDelivery, Delivery, JetStreamDelivery
from .options import Settings
from .outbox import Outbox

_log = logging.getLogger("spikescope")
#: What is sent before a confirmation is waited for: a slow line must manage it in that time.
_CHUNK_BYTES = 1024 * 1024
_CONNECT_SECONDS = 5.0
#: How often batches are looked at; a fraction of what they wait at most.
_TICK_SECONDS_MAX = 0.05

Answer = Callable[[Msg], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Responder:
    """Who answers the requests on a subject; of several with a `queue` one does."""

    subject: str
    queue: str
    answer: Answer


class Publisher:
    """Runs in one event loop until it is stopped. A session is the life of one connection."""

    def __init__(self, settings: Settings, outbox: Outbox, tick: Callable[[], None]) -> None:
        self._settings = settings
        self._outbox = outbox
        self._tick = tick
        self._responders: list[Responder] = []
        #: Something changed: messages, responders, the connection, or a stop.
        self._changed = asyncio.Event()
        self._client: Client | None = None
        self._stopping = False
        self._said: set[str] = set()
        self.connections = 0
        self.callback_errors = 0

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        client = self._client
        return client is not None and client.is_connected

    def wake(self) -> None:
        """Something is to be done; called in the loop."""
        self._changed.set()

    def stop(self) -> None:
        """Ends `run` at the next occasion; called in the loop, before its task is cancelled."""
        self._stopping = True
        self._changed.set()

    def add(self, responder: Responder) -> None:
        """From now on, and after every reconnection, answers these requests; called in the loop."""
        self._responders.append(responder)
        self._changed.set()

    async def reply(self, subject: str, data: bytes, headers: dict[str, str]) -> None:
        """Answers a request, over whatever connection there is now."""
        try:
            if self._client is None:
                raise ConnectionError("there is no connection any more")
            await self._client.publish(subject, data, headers=headers)
        except (OSError, nats.errors.Error, ValueError) as error:
            _log.warning("an answer could not be sent: %s", error)

    async def run(self) -> None:
        """Connects and sends until it is stopped."""
        ticking = asyncio.create_task(self._tick_on())
        try:
            for server in itertools.cycle(self._settings.servers):
                if self._stopping:
                    return
                lost = asyncio.Event()
                client = await self._connect(server, lost)
                if client is None:
                    await asyncio.sleep(self._settings.reconnect_wait_seconds)
                    continue
                try:
                    await self._session(client, lost)
                finally:
                    self._client = None
                    await _close(client)
                self._said.clear()
                if not self._stopping:
                    self._say(logging.WARNING, f"lost NATS at {_named(server)}; frames wait for it")
        finally:
            ticking.cancel()

    async def _connect(self, server: str, lost: asyncio.Event) -> Client | None:
        """One attempt; None where it failed. NATS's own reconnection is not used: what it would
        send again is not known to it, but to the outbox."""

        problems: list[Exception] = []

        async def on_error(error: Exception) -> None:
            if self._client is None:
                problems.append(error)
            else:
                self._say(logging.WARNING, f"NATS at {_named(server)} says: {error}")

        async def on_closed() -> None:
            lost.set()
            self._changed.set()

        client = Client()
        options = {
            "name": self._settings.name,
            "allow_reconnect": False,
            "max_reconnect_attempts": 1,
            "reconnect_time_wait": 0,
            "connect_timeout": _CONNECT_SECONDS,
            "ping_interval": 20,
            "max_outstanding_pings": 2,
            "error_cb": on_error,
            "closed_cb": on_closed,
            **self._settings.connection,
        }
        try:
            async with asyncio.timeout(2 * _CONNECT_SECONDS):
                await client.connect(server, **options)
        except (OSError, nats.errors.Error, TimeoutError, ssl.SSLError, ValueError) as error:
            # The first problem is the cause; what comes after says only that it failed.
            why = [*problems, error][0]
            text = f"NATS at {_named(server)} can't be reached: {why or type(why).__name__}"
            self._say(logging.WARNING, f"{text}; frames wait for it")
            await _close(client)
            return None
        self.connections += 1
        self._client = client
        self._said.clear()
        self._say(logging.INFO, f"connected to NATS at {_named(server)}")
        return client

    async def _session(self, client: Client, lost: asyncio.Event) -> None:
        """Sends until the connection is gone."""
        delivery = self._delivery(client, lost)
        subscribed = 0
        try:
            await delivery.start()
            while not (lost.is_set() or self._stopping) and client.is_connected:
                self._changed.clear()
                for responder in self._responders[subscribed:]:
                    subject, queue = responder.subject, responder.queue
                    await client.subscribe(subject, queue, cb=responder.answer)
                    subscribed += 1
                chunk = self._outbox.take(self._settings.in_flight_frames, _CHUNK_BYTES)
                if not chunk:
                    await self._changed.wait()
                    continue
                pause = await delivery.send(chunk)
                if pause > 0:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(lost.wait(), pause)
        except (ConnectionLost, OSError, nats.errors.Error):
            return

    def _delivery(self, client: Client, lost: asyncio.Event) -> Delivery:
        kind = JetStreamDelivery if self._settings.delivery == "jetstream" else CoreDelivery
        return kind(client, lost, self._outbox, self._settings.confirm_seconds)

    async def _tick_on(self) -> None:
        period = min(self._settings.batch_wait_seconds / 2, _TICK_SECONDS_MAX)
        while True:
            await asyncio.sleep(period)
            try:
                self._tick()
            except Exception:
                _log.exception("a batch could not be sent")

    def _say(self, level: int, text: str) -> None:
        """A line in the log, once for each connection or the time without one."""
        if text not in self._said:
            self._said.add(text)
            _log.log(level, "%s", text)


async def _close(client: Client) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(1.0):
            await client.close()


def _named(server: str) -> str:
    """A server without what is secret in its URL."""
    try:
        parts = urlsplit(server if "://" in server else f"nats://{server}")
        return f"{parts.hostname}:{parts.port or 4222}"
    except ValueError:
        return "the server"
