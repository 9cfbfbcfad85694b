"""A frame before it has its chip, its number and its bytes."""

from dataclasses import dataclass


@dataclass(slots=True)
class Frame:
    """One frame of the wire; `fields` are those of its kind, columns as bytes."""

    kind: str
    t0_us: int
    span_us: int
    fields: dict[str, object]
    samples: int = 1
