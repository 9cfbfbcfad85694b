"""Frames as NATS messages: subject, number, bytes, headers."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import msgpack

from . import checks
from .errors import FrameError
from .frames.dense import dense_fields
from .frames.frame import Frame
from .limits import PAYLOAD_BYTES_MAX

CONTENT_TYPE = "application/msgpack"
#: More subjects than one emitter has chips and kinds: a chip_id made anew each time, most likely.
_SUBJECTS_MAX = 65_536
#: What a message takes beside its payload: headers, and Python's objects.
_OVERHEAD_BYTES = 512


@dataclass(slots=True, eq=False)
class Message:
    """What goes to NATS."""

    subject: str
    data: bytes
    headers: dict[str, str]
    samples: int
    #: How often a stream refused it.
    refusals: int = 0

    @property
    def size(self) -> int:
        """Bytes that it takes in the buffer."""
        return len(self.data) + _OVERHEAD_BYTES


class MessageMaker:
    """Numbers the frames of each subject from 0, under a name that no other start has."""

    def __init__(self, prefix: str, name: str, run_id: str | None, dense: bool = False) -> None:
        self.emitter = f"{name}-{uuid.uuid4()}"
        self._prefix = prefix
        self._run_id = run_id
        self._dense = dense
        self._next: dict[str, int] = {}

    def message(
        self, frame: Frame, device_type: str, chip_id: str, headers: Mapping[str, str]
    ) -> Message:
        """The next message of the frame's subject."""
        subject = f"{self._prefix}.{frame.kind}.{device_type}.{chip_id}"
        seq = self._next.get(subject, 0)
        more: dict[str, object] = {"seq": seq, "emitter": self.emitter}
        data = packed(frame, device_type, chip_id, more, self._run_id, self._dense)
        # A number is taken only by a frame that could be packed.
        self._next[subject] = seq + 1
        own = {"Content-Type": CONTENT_TYPE, "Nats-Msg-Id": f"{self.emitter}:{subject}:{seq}"}
        return Message(subject, data, {**own, **headers}, frame.samples)

    def require_room(self) -> None:
        """Refuses a further chip where there are too many: numbers are kept for each."""
        if len(self._next) >= _SUBJECTS_MAX:
            detail = f"more than {_SUBJECTS_MAX} subjects: are the chips' ids stable?"
            raise FrameError("chip_id", detail)


def packed(
    frame: Frame,
    device_type: str,
    chip_id: str,
    more: Mapping[str, object],
    run_id: str | None = None,
    dense: bool = False,
) -> bytes:
    """The bytes of a frame; `dense`: spikes in denser columns where that is exact."""
    head: dict[str, object] = {
        "v": 1,
        "kind": frame.kind,
        "device_type": device_type,
        "chip_id": chip_id,
        "t0": checks.whole(frame.t0_us, "t0_us"),
        "span_us": frame.span_us,
        **more,
    }
    if run_id is not None:
        head["run_id"] = run_id
    is_dense = dense and frame.kind == "spikes"
    fields = dense_fields(frame.fields, frame.span_us) if is_dense else frame.fields
    data: bytes = msgpack.packb({**head, **fields}, use_bin_type=True)
    if len(data) > PAYLOAD_BYTES_MAX:
        detail = f"a {frame.kind} frame of {len(data)} bytes, at most {PAYLOAD_BYTES_MAX}"
        raise FrameError("payload", detail)
    return data
