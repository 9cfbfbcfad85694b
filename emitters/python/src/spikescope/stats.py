"""What an emitter has done so far."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmitterStats:
    """A snapshot. Frames offered = published + dropped + buffered, and so with samples.

    Samples are spikes, potentials (times × neurons), watts, cores, counter values, inferences,
    updates; one for each other frame.
    """

    #: Confirmed by the server, or by the stream.
    published_frames: int
    published_samples: int
    #: By reason: `invalid` (a call that no frame can hold counts as one), `buffer_full`,
    #: `too_large` (for the server), `refused` (by the stream, often), `closed` (not sent when the
    #: emitter was closed, or offered after).
    dropped_frames: Mapping[str, int]
    dropped_samples: Mapping[str, int]
    #: Waiting for NATS, or sent and not confirmed.
    buffered_frames: int
    buffered_samples: int
    buffered_bytes: int
    #: In calls that are no frame yet.
    gathered_samples: int
    connected: bool
    reconnects: int
    #: Callbacks of `answer_pings` and `serve_benchmarks` that raised.
    callback_errors: int

    @property
    def dropped(self) -> int:
        """Dropped frames, whatever the reason."""
        return sum(self.dropped_frames.values())
