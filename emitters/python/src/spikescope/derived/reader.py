"""Subscriptions to derived streams, for asyncio and without."""

import asyncio
import re
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from .. import checks
from ..loop import EmitterLoop
from ..options import SERVER_DEFAULT
from .records import DerivedRecords

_RECORDS_MAX = 100_000
_CONNECT_SECONDS = 10.0
_NOT_TOKEN = re.compile(r"[^A-Za-z0-9_-]")


def key_token(name: str) -> str:
    """A name as a token of a derived subject: other characters become `_`, 64 are kept."""
    return _NOT_TOKEN.sub("_", name)[:64]


def subjects(prefix: str, record: str | None, key: Sequence[str]) -> list[str]:
    """Subjects to listen on; a key may be given in part, and `*` stands for any token."""
    if record is None:
        if key:
            raise ValueError("a key needs a record to belong to")
        return [f"{checks.prefix(prefix)}.derived.>"]
    tokens = [token if token == "*" else key_token(token) for token in key]
    base = ".".join([checks.prefix(prefix), "derived", checks.token(record, "record"), *tokens])
    return [base, f"{base}.>"]


class AsyncDerivedReader(DerivedRecords):
    """Collects derived records, in the running loop.

        async with AsyncDerivedReader(url, record="spike-rate") as reader:
            async for record in reader: …

    servers: NATS URL, or several. record: `spike-rate`, `chip-health`, `conversion`, …; all of
    them where it is None. key: names that the subject has behind the record, from the first on.
    records_max: how many are kept. connection: further arguments of `nats.connect`.
    """

    def __init__(
        self,
        servers: str | Sequence[str] = SERVER_DEFAULT,
        *,
        record: str | None = None,
        key: Sequence[str] = (),
        prefix: str = "spikeformer",
        records_max: int = _RECORDS_MAX,
        connection: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(records_max)
        self._servers = [servers] if isinstance(servers, str) else list(servers)
        self._subjects = subjects(prefix, record, key)
        self._connection = dict(connection or {})
        self._client = Client()
        self._came = asyncio.Event()

    async def start(self) -> None:
        """Connects and subscribes; raises where no server answers in time."""
        said: list[Exception] = []

        async def on_error(error: Exception) -> None:
            # nats-py would print it; here it is tried again, or raised below.
            said[:] = [error]

        options = {"max_reconnect_attempts": -1, "reconnect_time_wait": 1, "error_cb": on_error}
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await self._client.connect(self._servers, **{**options, **self._connection})
                for subject in self._subjects:
                    await self._client.subscribe(subject, cb=self._heard)
                await self._client.flush()
        except TimeoutError:
            await self._client.close()
            last = f": {said[0]}" if said else ""
            text = f"no NATS server let the reader in within {_CONNECT_SECONDS:.0f} s{last}"
            raise ConnectionError(text) from None

    async def close(self) -> None:
        """Ends the subscription; the records stay."""
        await self._client.close()
        self._came.set()

    async def wait(self, count: int = 1, timeout: float = 10.0) -> bool:
        """Waits until `count` records are here, at most so many seconds. Whether they are."""
        deadline = time.monotonic() + timeout
        while len(self._records) < min(count, self._records.maxlen or count):
            left = deadline - time.monotonic()
            if left <= 0 or self._client.is_closed:
                return False
            self._came.clear()
            try:
                await asyncio.wait_for(self._came.wait(), left)
            except TimeoutError:
                return False
        return True

    def __aiter__(self) -> "AsyncDerivedReader":
        return self

    async def __anext__(self) -> dict[str, Any]:
        """The next record, which is then here no more; ends when the reader is closed."""
        while True:
            self._came.clear()
            record = self.take()
            if record is not None:
                return record
            if self._client.is_closed:
                raise StopAsyncIteration
            await self._came.wait()

    async def __aenter__(self) -> "AsyncDerivedReader":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _heard(self, message: Msg) -> None:
        self.put(message.data)
        self._came.set()


class DerivedReader(DerivedRecords):
    """Collects derived records on a thread of its own; arguments as of `AsyncDerivedReader`."""

    def __init__(
        self,
        servers: str | Sequence[str] = SERVER_DEFAULT,
        *,
        record: str | None = None,
        key: Sequence[str] = (),
        prefix: str = "spikeformer",
        records_max: int = _RECORDS_MAX,
        connection: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(records_max)
        self._thread = EmitterLoop("spikescope-derived")
        self._changed = threading.Condition()
        self._reader = _Forwarding(
            self._put_and_tell,
            servers,
            record=record,
            key=key,
            prefix=prefix,
            records_max=1,
            connection=connection,
        )

    def start(self) -> None:
        """Connects and subscribes; raises where no server answers in time."""
        try:
            self._thread.run(self._reader.start(), 2 * _CONNECT_SECONDS)
        except Exception:
            self._thread.stop()
            raise

    def close(self) -> None:
        """Ends the subscription; the records stay."""
        self._thread.run(self._reader.close(), _CONNECT_SECONDS)
        self._thread.stop()

    def wait(self, count: int = 1, timeout: float = 10.0) -> bool:
        """Waits until `count` records are here, at most so many seconds. Whether they are."""
        needed = min(count, self._records.maxlen or count)
        with self._changed:
            return self._changed.wait_for(lambda: len(self._records) >= needed, timeout)

    def __enter__(self) -> "DerivedReader":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put_and_tell(self, data: bytes) -> None:
        with self._changed:
            self.put(data)
            self._changed.notify_all()


class _Forwarding(AsyncDerivedReader):
    """Hands each message on instead of keeping it."""

    def __init__(self, forward: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._forward = forward

    async def _heard(self, message: Msg) -> None:
        self._forward(message.data)
