"""Kinds without columns in time: `synapses`, `health`, `inference`, `benchmark`, `log`."""

from collections.abc import Iterable, Iterator, Mapping

from numpy.typing import ArrayLike

from .. import checks, columns
from ..errors import FrameError
from ..limits import SAMPLES_MAX, SYNAPSE_UPDATES_MAX
from .frame import Frame

STATUSES = ("ok", "degraded", "down")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_LOG_NAMES = (
    "logger", "module", "function", "event_type", "model_id", "hardware_type", "user_id",
    "model_type", "model_size", "hardware_target", "layer_name",
)  # fmt: skip
_LOG_COUNTS = ("line", "spike_count", "timestep")


def synapses_frames(
    t0_us: int, span_us: int, updates: Iterable[tuple[str, str, int] | Mapping[str, object]]
) -> Iterator[Frame]:
    """Weight updates since the previous frame: (synapse_type, learning_rule, count) each."""
    checked = [_update(update) for update in updates]
    for first in range(0, max(len(checked), 1), SYNAPSE_UPDATES_MAX):
        part = checked[first : first + SYNAPSE_UPDATES_MAX]
        yield Frame("synapses", t0_us, span_us, {"updates": part}, len(part))


def _update(update: tuple[str, str, int] | Mapping[str, object]) -> dict[str, object]:
    if isinstance(update, Mapping):
        update = (update.get("synapse_type"), update.get("learning_rule"), update.get("count"))  # type: ignore[assignment]
    try:
        synapse_type, learning_rule, count = update
    except (TypeError, ValueError):
        needed = "(synapse_type, learning_rule, count)"
        raise FrameError("updates", f"needs {needed} each, got {checks.shown(update)}") from None
    return {
        "synapse_type": checks.name(synapse_type, "updates.synapse_type"),
        "learning_rule": checks.name(learning_rule, "updates.learning_rule"),
        "count": checks.whole(count, "updates.count"),
    }


def health_frame(
    t0_us: int, status: str, message: str | None, temperature_c: float | None
) -> Frame:
    """A chip's own word on its health."""
    low = float("-inf")
    fields = {
        "status": checks.word(status, "status", STATUSES),
        "message": None if message is None else checks.text(message, "message"),
        "temperature_c": checks.optional_number(temperature_c, "temperature_c", low),
    }
    return Frame("health", t0_us, 0, checks.present(fields))


def inference_frame(
    t0_us: int,
    span_us: int,
    model_name: str,
    hardware: str,
    latency_us: ArrayLike,
    energy_joules: float,
    synaptic_operations: float | None,
    baseline_energy_joules: float | None,
    baseline_name: str | None,
) -> Frame:
    """A batch of inferences, as many as there are latencies; energies are of all together."""
    latency = columns.floats(latency_us, "latency_us", "<f4", low=0.0).reshape(-1)
    if latency.size > SAMPLES_MAX:
        raise FrameError("latency_us", f"{latency.size} inferences, at most {SAMPLES_MAX} a call")
    fields = {
        "model_name": checks.name(model_name, "model_name"),
        "hardware": checks.name(hardware, "hardware"),
        "count": int(latency.size),
        "energy_joules": checks.number(energy_joules, "energy_joules"),
        "latency_us": latency.tobytes(),
        "synaptic_operations": checks.optional_number(synaptic_operations, "synaptic_operations"),
        "baseline_energy_joules": checks.optional_number(
            baseline_energy_joules, "baseline_energy_joules"
        ),
        "baseline_name": checks.optional_name(baseline_name, "baseline_name"),
    }
    return Frame("inference", t0_us, span_us, checks.present(fields), int(latency.size))


def benchmark_frame(
    t0_us: int,
    model: str,
    hardware: str,
    latency_seconds: float,
    throughput_per_second: float,
    duration_us: float,
    accuracy: float | None = None,
    energy_joules: float | None = None,
    synaptic_operations: float | None = None,
) -> Frame:
    """The result of one benchmark run."""
    fields = {
        "model": checks.name(model, "model"),
        "hardware": checks.name(hardware, "hardware"),
        "latency_seconds": checks.number(latency_seconds, "latency_seconds"),
        "throughput_per_second": checks.number(throughput_per_second, "throughput_per_second"),
        "duration_us": checks.number(duration_us, "duration_us"),
        "accuracy": checks.optional_number(accuracy, "accuracy", 0.0, 1.0),
        "energy_joules": checks.optional_number(energy_joules, "energy_joules"),
        "synaptic_operations": checks.optional_number(synaptic_operations, "synaptic_operations"),
    }
    return Frame("benchmark", t0_us, 0, checks.present(fields))


def log_frame(t0_us: int, level: str, message: str, more: Mapping[str, object]) -> Frame:
    """One structured log line; `more` are its optional fields (docs/wire.md)."""
    fields: dict[str, object] = {
        "level": checks.word(level, "level", LEVELS),
        "message": checks.text(message, "message"),
    }
    for field, value in more.items():
        if value is not None:
            fields[field] = _log_field(field, value)
    return Frame("log", t0_us, 0, fields)


def _log_field(field: str, value: object) -> object:
    if field in _LOG_NAMES:
        return checks.name(value, field)
    if field in _LOG_COUNTS:
        return checks.whole(value, field)
    if field == "error_message":
        return checks.text(value, field)
    if field == "spike_rate":
        return checks.number(value, field)
    if field == "requires_attention" and isinstance(value, bool):
        return value
    raise FrameError(field, f"is no field of a log line, or does not take {checks.shown(value)}")
