"""Publish spikes, membrane potentials, power and conversions to Spikescope.

    from spikescope import Emitter

    with Emitter("nats://127.0.0.1:4222", device_type="loihi2", chip_id="a") as emitter:
        emitter.record_spikes("encoder.0", ids, times_us, t0_us, span_us, neuron_count=4096)

Beside it: `spikescope.derived` reads what Spikescope derives, `spikescope.spk` its recordings,
`spikescope.nest` and `spikescope.sanafe` tap running simulations, `spikescope.eieio` is a bridge
from sPyNNaker's live output.
"""

from .async_emitter import AsyncEmitter
from .conversion import Conversion
from .emitter import Emitter
from .errors import FrameError
from .layer import Layer
from .options import EmitterOptions
from .responses import BenchmarkResult, Health
from .stats import EmitterStats

__version__ = "0.1.0"

__all__ = [
    "AsyncEmitter",
    "BenchmarkResult",
    "Conversion",
    "Emitter",
    "EmitterOptions",
    "EmitterStats",
    "FrameError",
    "Health",
    "Layer",
    "__version__",
]
