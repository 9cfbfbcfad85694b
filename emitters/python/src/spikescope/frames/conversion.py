"""`conversion`: one event of the conversion of a model to a spiking network."""

from .. import checks
from .frame import Frame

STEPS = ("calibration", "convert_layer", "hardware_compilation")


def started_frame(
    t0_us: int,
    conversion_id: str,
    model_type: str,
    model_name: str,
    model_size: str,
    model_parameters: int,
    hardware_target: str,
) -> Frame:
    """A conversion starts at `t0_us`."""
    fields: dict[str, object] = {
        "event": "started",
        "conversion_id": checks.name(conversion_id, "conversion_id"),
        "model_type": checks.name(model_type, "model_type"),
        "model_name": checks.name(model_name, "model_name"),
        "model_size": checks.name(model_size, "model_size"),
        "model_parameters": checks.whole(model_parameters, "model_parameters"),
        "hardware_target": checks.name(hardware_target, "hardware_target"),
    }
    return Frame("conversion", t0_us, 0, fields)


def step_frame(
    end_us: int,
    conversion_id: str,
    step: str,
    duration_us: int,
    layer_index: int | None = None,
    layer_type: str | None = None,
    calibration_samples: int | None = None,
) -> Frame:
    """A step ended at `end_us`."""
    fields = {
        "event": "step",
        "conversion_id": conversion_id,
        "step": checks.word(step, "step", STEPS),
        "duration_us": duration_us,
        "layer_index": checks.optional_whole(layer_index, "layer_index"),
        "layer_type": checks.optional_name(layer_type, "layer_type"),
        "calibration_samples": checks.optional_whole(calibration_samples, "calibration_samples"),
    }
    return Frame("conversion", end_us, 0, checks.present(fields))


def finished_frame(
    end_us: int, conversion_id: str, duration_us: int, error: BaseException | None
) -> Frame:
    """A conversion ended at `end_us`, by `error` where it failed."""
    fields: dict[str, object] = {
        "event": "finished",
        "conversion_id": conversion_id,
        "success": error is None,
        "duration_us": duration_us,
    }
    if error is not None:
        fields["error_type"] = checks.name(type(error).__name__[:128], "error_type")
        fields["error_message"] = checks.text(_words_of(error), "error_message")
    return Frame("conversion", end_us, 0, fields)


def _words_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "(its text could not be had)"
