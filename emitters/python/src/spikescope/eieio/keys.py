"""Which neuron of which layer a key belongs to."""

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..columns import Array
from ..limits import NEURON_COUNT_MAX

_KEY_END = 2**32


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Neurons first … first + count - 1 of a layer have the keys key_base, + key_step, ….

    A population that lies on several cores has a range for each. sPyNNaker leaves the low bits of
    a key to the "colour" of a spike, so that its keys often go in steps of 16.
    """

    layer: str
    key_base: int
    count: int
    key_step: int = 1
    first: int = 0

    @classmethod
    def of(cls, text: str) -> "KeyRange":
        """From `layer:key_base:count[:key_step[:first]]`; numbers may be hexadecimal (0x…)."""
        layer, *rest = text.split(":")
        try:
            if not layer or not 2 <= len(rest) <= 4:
                raise ValueError(f"{len(rest)} numbers")
            return cls(layer, *[int(part, 0) for part in rest])._checked()
        except ValueError as error:
            form = "layer:key_base:count[:key_step[:first]]"
            raise ValueError(f"{text!r} is no {form}: {error}") from None

    def _checked(self) -> "KeyRange":
        if self.key_base < 0 or self.key_step < 1 or self.first < 0:
            raise ValueError("key_base and first are 0 or more, key_step 1 or more")
        if not 1 <= self.count <= NEURON_COUNT_MAX - self.first:
            raise ValueError(f"count {self.count} is not within 1 … {NEURON_COUNT_MAX}")
        if self.key_base + (self.count - 1) * self.key_step >= _KEY_END:
            raise ValueError("the last key has more than 32 bits")
        return self


class KeyMap:
    """Looks up many keys at once. `layers` are the names, `counts` the neurons of each."""

    def __init__(self, layers: Sequence[str], keys: Array, layer: Array, neuron: Array) -> None:
        """keys, layer (index into layers), neuron: [n] each."""
        order = np.argsort(keys, kind="stable")
        self.layers = list(layers)
        self._keys = keys[order].astype(np.uint32)
        self._layer = layer[order]
        self._neuron = neuron[order]
        if self._keys.size == 0:
            raise ValueError("there are no keys: name at least one layer")
        twice = np.flatnonzero(self._keys[1:] == self._keys[:-1])
        if twice.size > 0:
            both = self._layer[twice[0] : twice[0] + 2]
            names = " and ".join(self.layers[i] for i in both)
            raise ValueError(f"key {int(self._keys[twice[0]]):#x} belongs to {names}")
        self.counts = [
            int(self._neuron[self._layer == i].max(initial=0)) + 1 for i in range(len(self.layers))
        ]

    @classmethod
    def of_ranges(cls, ranges: Sequence[KeyRange]) -> "KeyMap":
        """Ranges of the same layer belong together."""
        layers = list(dict.fromkeys(each.layer for each in ranges))
        keys = [each.key_base + np.arange(each.count) * each.key_step for each in ranges]
        owners = [np.full(each.count, layers.index(each.layer)) for each in ranges]
        neurons = [each.first + np.arange(each.count) for each in ranges]
        empty = np.empty(0, np.int64)
        return cls(
            layers,
            np.concatenate([empty, *keys]),
            np.concatenate([empty, *owners]),
            np.concatenate([empty, *neurons]),
        )

    @classmethod
    def of_database(cls, path: str | Path, labels: Sequence[str] = ()) -> "KeyMap":
        """From the database that sPyNNaker writes for live output; all labels, or these."""
        where = f"{Path(path).resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True)) as database:
            rows = database.execute("SELECT label, event, atom FROM label_event_atom_view")
            found = [row for row in rows if not labels or row[0] in labels]
        missing = set(labels) - {label for label, _, _ in found}
        if missing:
            raise ValueError(f"{path} has no keys of {', '.join(sorted(missing))}")
        layers = list(dict.fromkeys(label for label, _, _ in found))
        number = {label: i for i, label in enumerate(layers)}
        table = np.array([(event, number[label], atom) for label, event, atom in found], np.int64)
        table = table.reshape(-1, 3)
        return cls(layers, table[:, 0], table[:, 1], table[:, 2])

    def find(self, keys: Array) -> tuple[Array, Array]:
        """Layer index (-1 where the key belongs to none) and neuron, [n] each."""
        at = np.searchsorted(self._keys, keys)
        at[at == self._keys.size] = 0
        known = self._keys[at] == keys
        return np.where(known, self._layer[at], -1), self._neuron[at]
