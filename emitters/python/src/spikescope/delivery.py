"""Two ways to send a chunk of messages and learn which of them arrived.

What is not confirmed goes back into the outbox and is sent again with its number, so that it
counts once.
"""

import asyncio
import json
import logging
from collections.abc import Coroutine
from typing import Any, Protocol

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from .message import Message
from .outbox import Outbox

_log = logging.getLogger("spikescope")
#: A stream that takes no frame is asked again after so many seconds,
_STREAM_WAIT_SECONDS = 1.0
#: and so often for one frame, before that is dropped.
_REFUSALS_MAX = 10


class ConnectionLost(Exception):
    """The connection is of no use any more."""


class Delivery(Protocol):
    """Of one connection."""

    async def start(self) -> None:
        """Prepares the connection."""
        ...

    async def send(self, chunk: list[Message]) -> float:
        """Sends; gives how many seconds to leave the server alone. Raises ConnectionLost."""
        ...


class CoreDelivery:
    """Publishes, then pings: the PONG comes after the server took all that was before."""

    def __init__(
        self, client: Client, lost: asyncio.Event, outbox: Outbox, confirm_seconds: float
    ) -> None:
        self._client = client
        self._lost = lost
        self._outbox = outbox
        self._confirm_seconds = confirm_seconds

    async def start(self) -> None:
        """Nothing to prepare."""

    async def send(self, chunk: list[Message]) -> float:
        """Confirms the whole chunk, or none of it."""
        unsure = _that_fit(self._client, chunk, self._outbox)
        try:
            await _unless(self._lost, self._publish(unsure), self._confirm_seconds)
            self._outbox.confirm(unsure)
            unsure = []
        finally:
            self._outbox.put_back(unsure)
        return 0.0

    async def _publish(self, messages: list[Message]) -> None:
        for message in messages:
            await self._client.publish(message.subject, message.data, headers=message.headers)
        # Its own limit is only a second net: the one around this is shorter.
        await self._client.flush(10 * int(self._confirm_seconds + 1))


class JetStreamDelivery:
    """Publishes with a reply subject of its own for each frame, on which the stream answers."""

    def __init__(
        self, client: Client, lost: asyncio.Event, outbox: Outbox, confirm_seconds: float
    ) -> None:
        self._client = client
        self._lost = lost
        self._outbox = outbox
        self._confirm_seconds = confirm_seconds
        self._inbox = client.new_inbox()
        self._count = 0
        self._waiting: dict[str, Message] = {}
        self._heard_all = asyncio.Event()
        self._refused: set[int] = set()
        self._said = ""

    async def start(self) -> None:
        """Listens for acknowledgements."""
        await self._client.subscribe(f"{self._inbox}.*", cb=self._heard)

    async def send(self, chunk: list[Message]) -> float:
        """Confirms each frame that the stream acknowledged."""
        fitting = _that_fit(self._client, chunk, self._outbox)
        self._waiting = {f"{self._count + i}": message for i, message in enumerate(fitting)}
        self._count += len(fitting)
        self._refused.clear()
        self._heard_all.clear()
        try:
            await _unless(self._lost, self._publish(dict(self._waiting)), self._confirm_seconds)
        except AcknowledgementsMissing:
            self._say("no acknowledgement from the stream in time")
            # Is it the stream or the connection? A PONG tells.
            await _unless(self._lost, self._client.flush(10), self._confirm_seconds)
        finally:
            unsure = {id(message) for message in self._waiting.values()} | self._refused
            self._outbox.put_back([each for each in fitting if id(each) in unsure])
            self._waiting = {}
        return _STREAM_WAIT_SECONDS if unsure else 0.0

    async def _publish(self, messages: dict[str, Message]) -> None:
        for token, message in messages.items():
            reply = f"{self._inbox}.{token}"
            await self._client.publish(message.subject, message.data, reply, message.headers)
        if not messages:
            return
        try:
            # A little less than the limit around this, which is about the connection.
            await asyncio.wait_for(self._heard_all.wait(), 0.8 * self._confirm_seconds)
        except TimeoutError:
            raise AcknowledgementsMissing from None

    async def _heard(self, reply: Msg) -> None:
        message = self._waiting.pop(reply.subject.rpartition(".")[2], None)
        if message is None:
            return
        problem, final = _problem_of(reply)
        if problem is None:
            self._outbox.confirm([message])
        else:
            self._say(f"{message.subject}: {problem}")
            message.refusals += final
            if message.refusals < _REFUSALS_MAX:
                self._refused.add(id(message))
            else:
                self._outbox.discard(message, "refused")
        if not self._waiting:
            self._heard_all.set()

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            _log.warning("%s", text)


class AcknowledgementsMissing(Exception):
    """The stream was silent for too long."""


def _problem_of(reply: Msg) -> tuple[str | None, bool]:
    """What a stream's answer says against a frame, and whether that counts as a refusal."""
    if (reply.headers or {}).get("Status") == "503":
        return "no JetStream stream takes this subject: Spikescope makes it when it starts", False
    try:
        error = json.loads(reply.data).get("error")
    except (ValueError, AttributeError):
        return "the answer is no acknowledgement: does something else listen here?", True
    return (None, False) if error is None else (str(error.get("description", error)), True)


def _that_fit(client: Client, chunk: list[Message], outbox: Outbox) -> list[Message]:
    """Those that the server takes; it would end the connection over the others."""
    fitting = []
    for message in chunk:
        header = sum(len(name) + len(value) + 4 for name, value in message.headers.items()) + 12
        if len(message.data) + header <= client.max_payload:
            fitting.append(message)
        else:
            outbox.discard(message, "too_large")
    return fitting


async def _unless(lost: asyncio.Event, work: Coroutine[Any, Any, None], seconds: float) -> None:
    """Waits for the work; raises ConnectionLost when the connection goes first, or the time."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(lost.wait())
    try:
        await asyncio.wait({task, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ConnectionLost
        task.result()
    except (OSError, nats.errors.Error) as error:
        raise ConnectionLost from error
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
