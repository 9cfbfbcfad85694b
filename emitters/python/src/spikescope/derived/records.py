"""A bounded collection of derived records."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import msgpack

from ..columns import Array
from .table import to_array, to_dataframe

if TYPE_CHECKING:
    import pandas as pd

_PAYLOAD_BYTES_MAX = 1_048_576


class DerivedRecords:
    """The latest records, at most `records_max`; older ones go, and are counted in `dropped`."""

    def __init__(self, records_max: int) -> None:
        if records_max < 1:
            raise ValueError(f"records_max needs 1 or more, got {records_max}")
        self._records: deque[dict[str, Any]] = deque(maxlen=records_max)
        #: All that came, those that went again included.
        self.received = 0
        #: Messages that are no records: no msgpack map with v = 1.
        self.invalid = 0

    @property
    def dropped(self) -> int:
        """Records that had to go because newer ones came."""
        return self.received - self._taken - len(self._records)

    _taken = 0

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records that are here, oldest first, as plain maps."""
        return list(self._records)

    def array(self, record: str | None = None) -> Array:
        """Them as a structured array; `record` chooses where there are several kinds."""
        return to_array(self._of(record), record)

    def dataframe(self, record: str | None = None) -> pd.DataFrame:
        """Them as a pandas DataFrame with the time as its index."""
        return to_dataframe(self._of(record), record)

    def clear(self) -> None:
        """Forgets the records that are here; they do not count as dropped."""
        self._taken += len(self._records)
        self._records.clear()

    def take(self) -> dict[str, Any] | None:
        """The oldest record, which is then here no more; None where there is none."""
        if not self._records:
            return None
        self._taken += 1
        return self._records.popleft()

    def put(self, data: bytes) -> None:
        """Adds a message of the stream."""
        try:
            if len(data) > _PAYLOAD_BYTES_MAX:
                raise ValueError("too large")
            record = msgpack.unpackb(data)
        except Exception:
            # Whatever msgpack says of bytes that are none of its own.
            record = None
        if not isinstance(record, dict) or record.get("v") != 1 or "record" not in record:
            self.invalid += 1
            return
        self.received += 1
        self._records.append(record)

    def _of(self, record: str | None) -> list[dict[str, Any]]:
        every = self.records
        return every if record is None else [each for each in every if each["record"] == record]
