"""Reads Spikescope's recordings, `.spk` files (docs/recording-format.md).

from spikescope.spk import SpkFile

with SpkFile("run.spk") as recording:
    times_us, neuron_ids = recording.spikes("encoder.0")
    for frame in recording.frames(kinds=["power"]):
        print(frame["t0"], frame["watts"].mean())
"""

from .blocks import SpkError
from .file import SpkFile

__all__ = ["SpkError", "SpkFile"]
