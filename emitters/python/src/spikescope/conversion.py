"""Conversions that time themselves: `with emitter.convert_model(…) as conversion`."""

import functools
import inspect
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, TypeVar, cast

from .clock import now_us
from .desk import Desk
from .errors import FrameError
from .frames.conversion import finished_frame, started_frame, step_frame
from .frames.frame import Frame
from .refusals import Refusals
from .tracing import trace_headers

_Function = TypeVar("_Function", bound=Callable[..., Any])


class ConversionRecorder(Desk):
    """The call that starts a conversion."""

    def convert_model(
        self,
        model_name: str,
        *,
        model_type: str,
        model_size: str,
        model_parameters: int,
        hardware_target: str,
        conversion_id: str | None = None,
        traceparent: str | None = None,
        tracestate: str | None = None,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> "Conversion":
        """One conversion of a model to a spiking network, as a context manager or a decorator.

            with emitter.convert_model("vit-tiny", model_type="vit", …) as conversion:
                with conversion.calibration(samples=512): …
                for i, layer in enumerate(layers):
                    with conversion.layer(i, "attention"): …
                with conversion.hardware_compilation(): …

        What is raised inside makes it a failed one, and is raised on. Arguments that no frame can
        hold raise for a strict emitter; else they are counted and the work is done untold.
        As a decorator every call of the function is a conversion; a parameter named `conversion`
        is given it.
        traceparent, tracestate: W3C Trace Context of the span that the conversion belongs to; by
        default OpenTelemetry's current span where there is one.
        """
        arguments = {
            "model_type": model_type,
            "model_name": model_name,
            "model_size": model_size,
            "model_parameters": model_parameters,
            "hardware_target": hardware_target,
        }
        chip = (device_type, chip_id)

        def begin() -> tuple[Callable[[Frame], None], str]:
            headers = trace_headers(traceparent, tracestate)
            return self._sender(chip, headers), conversion_id or str(uuid.uuid4())

        # Wrong arguments are found here and not in the middle of a conversion.
        try:
            started_frame(0, conversion_id or "check", **arguments)  # type: ignore[arg-type]
            self._chip(chip)
            if traceparent is not None:
                trace_headers(traceparent, tracestate)
        except FrameError as error:
            self._refusals.take(error)
            return Conversion(None, arguments, self._refusals)
        return Conversion(begin, arguments, self._refusals)

    def _sender(
        self, chip: tuple[str | None, str | None], headers: Mapping[str, str]
    ) -> Callable[[Frame], None]:
        return lambda frame: self._send([frame], chip, headers)


class Conversion:
    """A conversion; made by `convert_model`. Its events lie on one clock, so that steps nest."""

    def __init__(
        self,
        begin: Callable[[], tuple[Callable[[Frame], None], str]] | None,
        arguments: Mapping[str, object],
        refusals: Refusals,
    ) -> None:
        self._begin = begin
        self._refusals = refusals
        self._arguments = arguments
        self._send: Callable[[Frame], None] | None = None
        self._id = ""
        self._start_us = 0
        self._start_ns = 0
        self._is_over = False

    @property
    def conversion_id(self) -> str:
        """The same in all of its events; empty before it starts."""
        return self._id

    def __enter__(self) -> "Conversion":
        if self._send is not None:
            raise FrameError("conversion", "has started before: call convert_model for each one")
        self._start_us, self._start_ns = now_us(), time.perf_counter_ns()
        if self._begin is None:
            self._send = _nowhere
        else:
            self._send, self._id = self._begin()
            self._send(started_frame(self._start_us, self._id, **self._arguments))  # type: ignore[arg-type]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._send is not None:
            end_us = self._now_us()
            self._send(finished_frame(end_us, self._id, end_us - self._start_us, error))
            self._is_over = True

    def calibration(self, samples: int | None = None) -> "_Step":
        """The calibration with so many samples, as a context manager."""
        return self._step("calibration", calibration_samples=samples)

    def layer(self, index: int, layer_type: str | None = None) -> "_Step":
        """The conversion of one layer, as a context manager."""
        return self._step("convert_layer", layer_index=index, layer_type=layer_type)

    def hardware_compilation(self) -> "_Step":
        """The compilation for the hardware, as a context manager."""
        return self._step("hardware_compilation")

    def __call__(self, function: _Function) -> _Function:
        """Makes every call of the function a conversion of its own."""
        gives = "conversion" in inspect.signature(function).parameters

        @contextmanager
        def converting(kwargs: dict[str, Any]) -> Iterator[dict[str, Any]]:
            with Conversion(self._begin, self._arguments, self._refusals) as conversion:
                yield {"conversion": conversion, **kwargs} if gives else kwargs

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def convert_async(*args: Any, **kwargs: Any) -> Any:
                with converting(kwargs) as more:
                    return await function(*args, **more)

            return cast(_Function, convert_async)

        @functools.wraps(function)
        def convert(*args: Any, **kwargs: Any) -> Any:
            with converting(kwargs) as more:
                return function(*args, **more)

        return cast(_Function, convert)

    def _step(self, step: str, **details: Any) -> "_Step":
        try:
            if self._send is None:
                raise FrameError("conversion", "has not started: use it in a with statement")
            step_frame(0, "check", step, 0, **details)
        except FrameError as error:
            self._refusals.take(error)
            return _Step(self, None, details)
        return _Step(self, step, details)

    def _enter_step(self) -> int:
        if self._is_over:
            self._refusals.take(FrameError("conversion", "has finished: a step can't follow"))
        return self._now_us()

    def _exit_step(self, step: str, start_us: int, details: dict[str, Any]) -> None:
        if self._send is None or self._is_over:
            return
        end_us = self._now_us()
        self._send(step_frame(end_us, self._id, step, end_us - start_us, **details))

    def _now_us(self) -> int:
        return self._start_us + (time.perf_counter_ns() - self._start_ns) // 1000


class _Step:
    """One step; its frame goes out at its end, failed or not. None: it is not told of."""

    def __init__(self, conversion: Conversion, step: str | None, details: dict[str, Any]) -> None:
        self._conversion = conversion
        self._name = step
        self._details = details
        self._start_us = 0

    def __enter__(self) -> "_Step":
        if self._name is not None:
            self._start_us = self._conversion._enter_step()
        return self

    def __exit__(self, *_: object) -> None:
        if self._name is not None:
            self._conversion._exit_step(self._name, self._start_us, self._details)


def _nowhere(_: Frame) -> None:
    """For a conversion that no frame can tell of: its work is done all the same."""
