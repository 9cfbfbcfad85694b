"""What is no column in time: cores, activity, synapses, health, inferences, logs."""

from collections.abc import Iterable, Mapping, Sequence

from numpy.typing import ArrayLike

from . import checks
from .clock import now_us
from .desk import Desk
from .frames.cores import activity_frames, cores_frames
from .frames.events import health_frame, inference_frame, log_frame, synapses_frames
from .limits import SPAN_US_MAX
from .origin import caller_place
from .refusals import recording

_HARDWARE_LOGGER = "spikeformer.neuromorphic"
#: Where in the code a line was written.
_PLACE = frozenset(("module", "function", "line"))


class StateRecorder(Desk):
    """The calls that make a frame each. `t0_us` is now where it is not given."""

    @recording
    def record_cores(
        self,
        core_ids: ArrayLike,
        utilization_percent: ArrayLike,
        layer_names: Sequence[str | None] | None = None,
        *,
        t0_us: int | None = None,
        span_us: int = 0,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """A snapshot of a chip's cores.

        core_ids: [n]. utilization_percent: [n], 0 … 100. layer_names: [n] which layer sits on
        which core, None where there is none.
        """
        start, span = _span(t0_us, span_us)
        frames = cores_frames(start, span, core_ids, utilization_percent, layer_names)
        self._send(frames, (device_type, chip_id))

    @recording
    def record_activity(
        self,
        counters: Mapping[str, ArrayLike],
        core_ids: ArrayLike | None = None,
        *,
        scope: str | None = None,
        cumulative: bool = False,
        step_us: float | None = None,
        t0_us: int | None = None,
        span_us: int = 0,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """Event counters of a chip, or of its cores or routers.

        counters: name to [n] counts, or to one number for a whole chip: `syn_ops`, `spikes_in`, …
        core_ids: [n]; none for a chip. scope: `core` where there are core_ids, else `chip`;
        `router` on request. cumulative: counted since the chip's start, not since the previous
        call. step_us: µs of a step of the hardware.
        """
        start, span = _span(t0_us, span_us)
        scope = scope or ("chip" if core_ids is None else "core")
        frames = activity_frames(start, span, counters, core_ids, scope, cumulative, step_us)
        self._send(frames, (device_type, chip_id))

    @recording
    def record_synapses(
        self,
        updates: Iterable[tuple[str, str, int] | Mapping[str, object]],
        *,
        t0_us: int | None = None,
        span_us: int = 0,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """Weight updates since the previous call: (synapse_type, learning_rule, count) each."""
        frames = synapses_frames(*_span(t0_us, span_us), updates)
        self._send(frames, (device_type, chip_id))

    @recording
    def record_health(
        self,
        status: str = "ok",
        message: str | None = None,
        temperature_c: float | None = None,
        *,
        t0_us: int | None = None,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """The chip's own word: `ok`, `degraded` or `down`."""
        frame = health_frame(_span(t0_us, 0)[0], status, message, temperature_c)
        self._send([frame], (device_type, chip_id))

    @recording
    def record_inference(
        self,
        model_name: str,
        hardware: str,
        latency_us: ArrayLike,
        energy_joules: float,
        *,
        synaptic_operations: float | None = None,
        baseline_energy_joules: float | None = None,
        baseline_name: str | None = None,
        t0_us: int | None = None,
        span_us: int = 0,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """A batch of inferences: latency_us is [count] µs, the energies are J of all together."""
        frame = inference_frame(
            *_span(t0_us, span_us),
            model_name,
            hardware,
            latency_us,
            energy_joules,
            synaptic_operations,
            baseline_energy_joules,
            baseline_name,
        )
        self._send([frame], (device_type, chip_id))

    @recording
    def log(
        self,
        /,
        level: str,
        message: str,
        *,
        t0_us: int | None = None,
        device_type: str | None = None,
        chip_id: str | None = None,
        **fields: object,
    ) -> None:
        """One structured log line.

        level: `DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`. fields: `logger`, `module`,
        `function`, `line`, `event_type`, `model_id`, `hardware_type`, `user_id`, `error_message`,
        `requires_attention`, `model_type`, `model_size`, `hardware_target`, `layer_name`,
        `spike_count`, `timestep`, `spike_rate`. Where none of `module`, `function` and `line` is
        given, they are the caller's.
        """
        if not _PLACE.intersection(fields):
            fields.update(caller_place())
        frame = log_frame(_span(t0_us, 0)[0], level, message, fields)
        self._send([frame], (device_type, chip_id))

    def log_hardware_error(
        self,
        hardware_type: str,
        error_message: str,
        *,
        device_type: str | None = None,
        chip_id: str | None = None,
    ) -> None:
        """A fault of the hardware, which somebody has to look at."""
        self.log(
            "ERROR",
            f"Hardware error on {hardware_type}: {error_message}",
            logger=_HARDWARE_LOGGER,
            event_type="hardware_error",
            hardware_type=hardware_type,
            error_message=error_message,
            requires_attention=True,
            device_type=device_type,
            chip_id=chip_id,
        )


def _span(t0_us: int | None, span_us: int) -> tuple[int, int]:
    start = now_us() if t0_us is None else checks.whole(t0_us, "t0_us")
    return start, checks.whole(span_us, "span_us", 0, SPAN_US_MAX)
