"""Options of an emitter: their defaults, and what they may be."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypedDict

from . import checks
from .errors import FrameError
from .limits import SPAN_US_MAX

Delivery = Literal["core", "jetstream"]
SERVER_DEFAULT = "nats://127.0.0.1:4222"


class EmitterOptions(TypedDict, total=False):
    """Keyword arguments of `Emitter` and `AsyncEmitter`; what each means stands in `Settings`."""

    device_type: str
    chip_id: str
    prefix: str
    name: str
    run_id: str | None
    delivery: Delivery
    dense: bool
    batch_samples: int
    batch_span_us: int
    batch_wait_seconds: float
    buffer_bytes: int
    reconnect_wait_seconds: float
    confirm_seconds: float
    in_flight_frames: int
    strict: bool
    connection: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options with their defaults, checked."""

    #: NATS servers; they are tried in turn.
    servers: tuple[str, ...] = (SERVER_DEFAULT,)
    #: Subject tokens of the frames, where a call names no others.
    device_type: str = "cpu"
    chip_id: str = "0"
    #: First tokens of every subject.
    prefix: str = "spikeformer"
    #: Who publishes; a UUID is added for each start.
    name: str = "python"
    #: The run that the frames belong to.
    run_id: str | None = None
    #: `jetstream` waits for the stream's acknowledgement of each frame, `core` for the server's
    #: PONG behind them.
    delivery: Delivery = "core"
    #: Spikes in denser columns where that says the same: about a quarter of the bytes. Readers that
    #: know the u32 columns only refuse such frames (docs/wire.md).
    dense: bool = False
    #: A frame is sent when it has so many samples,
    batch_samples: int = 8192
    #: or covers so many µs,
    batch_span_us: int = 100_000
    #: or so many seconds after its first call.
    batch_wait_seconds: float = 0.1
    #: Bytes of frames (512 added for each) that wait for NATS. Beyond it the oldest are dropped.
    buffer_bytes: int = 64 * 1024 * 1024
    #: Pause between two attempts to connect.
    reconnect_wait_seconds: float = 1.0
    #: Frames that are not confirmed within so many seconds are sent again.
    confirm_seconds: float = 5.0
    #: Frames sent and not confirmed, at most.
    in_flight_frames: int = 256
    #: Calls that record raise FrameError for what no frame can hold, as tests want it. Else they
    #: drop it, count it as `invalid`, and say so in the log once a second at most.
    strict: bool = False
    #: Further arguments of `nats.connect`: `user_credentials`, `token`, `tls`, …
    connection: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("device_type", "chip_id", "name"):
            checks.token(getattr(self, name), name)
        checks.prefix(self.prefix)
        checks.optional_name(self.run_id, "run_id")
        checks.word(self.delivery, "delivery", ("core", "jetstream"))
        checks.whole(self.batch_samples, "batch_samples", 1)
        checks.whole(self.batch_span_us, "batch_span_us", 1, SPAN_US_MAX)
        checks.whole(self.buffer_bytes, "buffer_bytes")
        checks.whole(self.in_flight_frames, "in_flight_frames", 1, 1024)
        for name in ("batch_wait_seconds", "reconnect_wait_seconds", "confirm_seconds"):
            checks.number(getattr(self, name), name, 0.001)
        for name in ("strict", "dense"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise FrameError(name, f"needs True or False, got {checks.shown(value)}")
        if not self.servers or not all(isinstance(url, str) for url in self.servers):
            raise FrameError("servers", "needs the URL of a NATS server, or a list of such")


def settings_of(servers: str | Sequence[str], options: EmitterOptions) -> Settings:
    """Settings from the arguments of an emitter; an unknown name is an error."""
    known = [each.name for each in fields(Settings)]
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise TypeError(f"an emitter has no option {name!r}{hint}")
    urls = (servers,) if isinstance(servers, str) else tuple(servers)
    return Settings(servers=urls, **options)
