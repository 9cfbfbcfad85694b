"""Answers to requests: pings of a device, benchmark runs of an executor."""

import asyncio
import inspect
import json
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgpack
from nats.aio.msg import Msg

from . import checks
from .clock import now_us
from .desk import Desk
from .frames.events import benchmark_frame, health_frame
from .frames.frame import Frame
from .message import CONTENT_TYPE, packed
from .publisher import Responder

_log = logging.getLogger("spikescope")
#: Requests that wait for a benchmark to end; more are told so.
_BENCHMARKS_WAITING_MAX = 16
_REQUEST_BYTES_MAX = 4096
_HEADERS = {"Content-Type": CONTENT_TYPE}


@dataclass(frozen=True, slots=True)
class Health:
    """A chip's word on its health: `ok`, `degraded` or `down`."""

    status: str = "ok"
    message: str | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """What one run measured; the duration is that of the call where it is not given."""

    latency_seconds: float
    throughput_per_second: float
    duration_us: float | None = None
    accuracy: float | None = None
    energy_joules: float | None = None
    synaptic_operations: float | None = None


HealthCallback = Callable[[], Health | str | Awaitable[Health | str]]
BenchmarkRun = Callable[[str, str], Any]


class ResponseRecorder(Desk):
    """The calls that make a program answer."""

    def answer_pings(
        self,
        callback: HealthCallback | None = None,
        *,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """From now on answers Spikescope's pings of this chip with a health frame.

        callback: gives a `Health`, or its status as a string; `ok` without one. It runs in a
        thread of its own, or in the loop where it is a coroutine function. Where it raises, the
        answer is `down`, with the error as its message.
        """
        device, chip = self._chip((device_type, chip_id))

        async def answer(request: Msg) -> None:
            health = await self._health(callback)
            frame = health_frame(now_us(), health.status, health.message, health.temperature_c)
            await self._reply(request, frame, device, chip)

        subject = f"{self.settings.prefix}.ping.{device}.{chip}"
        self._respond(Responder(subject, "", answer))

    def serve_benchmarks(self, hardware: str, run: BenchmarkRun) -> None:
        """From now on runs the benchmarks that Spikescope asks for, one at a time.

        run(model, hardware): gives a `BenchmarkResult`, or a map with its fields; it runs in a
        thread of its own, or in the loop where it is a coroutine function. Where it raises, the
        answer has no frame, but the error in the header `Nats-Service-Error`. Of several programs
        that serve the same hardware one gets the request.
        """
        checks.token(hardware, "hardware")
        running = asyncio.Lock()
        asked = 0

        async def answer(request: Msg) -> None:
            nonlocal asked
            if asked > _BENCHMARKS_WAITING_MAX:
                text = f"busy: {_BENCHMARKS_WAITING_MAX} runs wait already"
                await self._refuse(request, "429", text)
                return
            asked += 1
            try:
                async with running:
                    await self._run_benchmark(request, hardware, run)
            finally:
                asked -= 1

        async def answer_beside(request: Msg) -> None:
            # A subscription handles one message at a time; this leaves it free to refuse.
            self._run_beside(answer(request))

        subject = f"{self.settings.prefix}.benchmark-run.{hardware}"
        self._respond(Responder(subject, "spikescope-benchmarks", answer_beside))

    async def _health(self, callback: HealthCallback | None) -> Health:
        try:
            given = "ok" if callback is None else await _called(callback)
            health = given if isinstance(given, Health) else Health(given)
            health_frame(0, health.status, health.message, health.temperature_c)
        except Exception as error:
            self._count_error("the health callback", error)
            return Health("down", f"its health check raised {type(error).__name__}: {error}")
        return health

    async def _run_benchmark(self, request: Msg, hardware: str, run: BenchmarkRun) -> None:
        started = time.perf_counter()
        try:
            model = _model_of(request.data, hardware)
            given = await _called(run, model, hardware)
            result = given if isinstance(given, BenchmarkResult) else BenchmarkResult(**given)
            duration_us = result.duration_us
            if duration_us is None:
                duration_us = round((time.perf_counter() - started) * 1e6)
            frame = benchmark_frame(
                now_us(),
                model,
                hardware,
                result.latency_seconds,
                result.throughput_per_second,
                duration_us,
                result.accuracy,
                result.energy_joules,
                result.synaptic_operations,
            )
        except Exception as error:
            self._count_error(f"a benchmark on {hardware}", error)
            await self._refuse(request, "500", f"{type(error).__name__}: {error}")
            return
        await self._reply(request, frame, hardware, self.settings.chip_id)

    async def _reply(self, request: Msg, frame: Frame, device_type: str, chip_id: str) -> None:
        if not request.reply:
            return
        # Without a number: it is on no subject of frames, and would be a gap there.
        data = packed(frame, device_type, chip_id, {"emitter": self.emitter}, self.settings.run_id)
        await self._publisher.reply(request.reply, data, _HEADERS)

    async def _refuse(self, request: Msg, code: str, text: str) -> None:
        if request.reply:
            line = " ".join(text.split())[:512].encode("ascii", "replace").decode()
            headers = {"Nats-Service-Error-Code": code, "Nats-Service-Error": line}
            await self._publisher.reply(request.reply, b"", headers)

    def _count_error(self, what: str, error: Exception) -> None:
        self._publisher.callback_errors += 1
        _log.warning("%s raised %s: %s", what, type(error).__name__, error)


def _model_of(data: bytes, hardware: str) -> str:
    """The model that a request names: msgpack, or JSON where the first byte is a brace."""
    if len(data) > _REQUEST_BYTES_MAX:
        raise ValueError(f"a request of {len(data)} bytes, at most {_REQUEST_BYTES_MAX}")
    asked = json.loads(data) if data[:1] == b"{" else msgpack.unpackb(data)
    if not isinstance(asked, Mapping):
        raise ValueError("the request is no map with model and hardware")
    if asked.get("hardware") != hardware:
        raise ValueError(f"hardware: is {asked.get('hardware')}, this executor has {hardware}")
    return checks.name(asked.get("model"), "model")


async def _called(function: Callable[..., Any], *args: object) -> Any:
    """A callback's result; what is no coroutine runs in a daemon thread, which no exit awaits."""
    if inspect.iscoroutinefunction(function):
        return await function(*args)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    def work() -> None:
        result, error = None, None
        try:
            result = function(*args)
        except Exception as raised:
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name="spikescope-callback", daemon=True).start()
    return await done
