"""Samples in time: spikes, membrane potentials, power. Small calls share a frame."""

from collections.abc import Iterable

from numpy.typing import ArrayLike

from . import checks, columns
from .clock import now_us
from .columns import Array
from .desk import Desk
from .frames.frame import Frame
from .frames.membrane import MembraneStream
from .frames.power import PowerStream
from .frames.spikes import SpikesStream
from .layer import Layer
from .limits import WHOLE_MAX
from .refusals import recording


class SampleRecorder(Desk):
    """The `record_*` calls for what has columns in time."""

    @recording
    def record_spikes(
        self,
        layer_name: str,
        neuron_ids: ArrayLike,
        times_us: ArrayLike,
        t0_us: int,
        span_us: int,
        neuron_count: int,
        neuron_type: str = "lif",
        *,
        timestep0: int | None = None,
        timestep_us: int | None = None,
        neuron_offset: int = 0,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """Spikes of one layer on one chip, in any order.

        neuron_ids: [n] whole numbers from 0, below neuron_count.
        times_us: [n] µs on the axis of t0_us, each within [t0_us, t0_us + span_us).
        neuron_count: neurons of the layer on this chip, silent ones too.
        timestep0, timestep_us: the step at t0_us, and µs a step; timestep0 alone is the step of
        the whole call.

        The call says that [t0_us, t0_us + span_us) is known: call it for time without spikes too,
        with empty arrays, for time that no call covers has no rates. Calls that follow one another
        without a gap share frames.
        What no frame can hold is dropped whole and counted; it raises for a strict emitter only.
        """
        stream = SpikesStream.of(
            layer_name, neuron_count, neuron_type, neuron_offset, timestep0, timestep_us
        )
        t0_us = checks.whole(t0_us, "t0_us")
        end_us = t0_us + checks.whole(span_us, "span_us", 1, WHOLE_MAX - t0_us)
        ids = stream.neuron_ids(neuron_ids)
        times = columns.times(times_us, "times_us", t0_us, end_us)
        columns.require_length(times, ids.size, "times_us")
        arrays = (times, ids)
        chip = (device_type, chip_id)
        self._gather("spikes", stream.layer_name, stream, t0_us, end_us, ids.size, arrays, chip)

    def layer(
        self,
        name: str,
        neuron_count: int,
        *,
        start_us: int | None = None,
        frame_us: int = 100_000,
        neuron_type: str = "lif",
        timestep0: int = 0,
        timestep_us: int | None = None,
        neuron_offset: int = 0,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> Layer:
        """A layer that cuts its own frames, so that time is covered whole; see `Layer`.

        start_us: from when on the layer is observed; by default the first time it hears of.
        frame_us: µs of a frame, rounded up to whole steps.
        timestep0, timestep_us: with a timestep_us, the step at start_us and µs a step.
        """
        stream = SpikesStream.of(
            name,
            neuron_count,
            neuron_type,
            neuron_offset,
            None if timestep_us is None else timestep0,
            timestep_us,
        )
        chip = self._chip((device_type, chip_id))

        def send(frames: Iterable[Frame]) -> None:
            self._send(frames, chip)

        layer = Layer(stream, send, start_us, frame_us, self._lock, self._refusals)
        with self._lock:
            self._holders.append(layer)
        return layer

    @recording
    def record_membrane(
        self,
        layer_name: str,
        neuron_ids: ArrayLike,
        times_us: ArrayLike,
        values: ArrayLike,
        *,
        t0_us: int | None = None,
        span_us: int | None = None,
        unit: str = "mV",
        neuron_offset: int = 0,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """Membrane potentials of n neurons at m times.

        neuron_ids: [n]. times_us: [m] µs, not decreasing. values: [m, n] in `unit`, a row for each
        time; NaN is no sample. t0_us and span_us are by default the first time and up to the last.
        """
        stream = MembraneStream.of(layer_name, neuron_ids, unit, neuron_offset)
        times, start, end = _ordered(times_us, t0_us, span_us)
        rows = stream.values(values, times.size)
        if times.size == 0:
            return
        label = f"{stream.layer_name}\0{stream.unit}"
        chip = (device_type, chip_id)
        self._gather("membrane", label, stream, start, end, rows.size, (times, rows), chip)

    @recording
    def record_power(
        self,
        watts: ArrayLike,
        times_us: ArrayLike | None = None,
        *,
        t0_us: int | None = None,
        span_us: int | None = None,
        joules: ArrayLike | None = None,
        step_us: ArrayLike | None = None,
        rail: str = "total",
        component: str = "total",
        origin: str = "measured",
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """Power of one rail of a chip.

        watts: [m] W, or one number. times_us: [m] µs, not decreasing; by default now.
        joules: [m] J since the previous sample, where the chip states energy itself.
        step_us: [m] µs that each sample took. component: `total`, `static`, `dynamic`.
        origin: `measured`, `estimated`, `simulated`.
        """
        stream = PowerStream.of(rail, component, origin, joules is not None, step_us is not None)
        times, start, end = _ordered(now_us() if times_us is None else times_us, t0_us, span_us)
        arrays = (times, *stream.columns(times.size, watts, joules, step_us))
        if times.size == 0:
            return
        label = f"{stream.rail}\0{stream.component}\0{stream.origin}"
        chip = (device_type, chip_id)
        self._gather("power", label, stream, start, end, times.size, arrays, chip)


def _ordered(times_us: ArrayLike, t0_us: int | None, span_us: int | None) -> tuple[Array, int, int]:
    """Ordered times, and the span around them."""
    times = columns.times(times_us, "times_us")
    columns.require_ordered(times, "times_us")
    first, last = (int(times[0]), int(times[-1])) if times.size > 0 else (0, 0)
    start = first if t0_us is None else checks.whole(t0_us, "t0_us")
    end = last + 1 if span_us is None else start + checks.whole(span_us, "span_us", 1)
    return columns.times(times, "times_us", start, end), start, end
