"""A `.spk` file, read in the order in which it was written."""

import contextlib
import mmap
import os
from collections.abc import Collection, Iterator
from typing import Any

import msgpack
import numpy as np

from ..columns import Array
from . import blocks
from .blocks import KINDS, Block, Notes, SpkError
from .frames import frames_of


class SpkFile:
    """A recording. What is damaged is passed over and said in `notes`; a cut file is read as far
    as it goes. One that is still written shows what it held when it was opened.

    path: the file. Raises SpkError where it is none, OSError where it can't be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        #: What was found wrong so far: texts, frames_lost, blocks_missing, cut.
        self.notes = Notes()
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise SpkError(f"{os.fspath(path)} is empty")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._data = memoryview(self._map)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        header, at = blocks.read_file_header(self._data, self.notes)
        #: `name`, `start_us`, `duration_us` (the end), `layers`, `chips`, `extra`, …
        self.metadata: dict[str, Any] = {}
        if header is not None:
            self._merge(header)
        self._blocks: list[Block] = []
        #: Blocks whose frames are lost; a note is made of each only once.
        self._bad: set[int] = set()
        blocks.walk(self._data, at, self.notes, self._visit)

    def frames(
        self,
        kinds: Collection[str] | None = None,
        from_us: int | None = None,
        to_us: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Frames as maps with their names on the wire; columns are read-only arrays.

        `neuron_id`, `dt`, `core_id` are u32 [n]; `values` of `membrane` f32 [times, neurons];
        `counters` a map of f64 [n]. `arrived_us` is the receiver's clock, NaN where there was
        none. kinds, from_us, to_us: only these, and only those that touch [from_us, to_us).
        """
        wanted = set(KINDS if kinds is None else kinds)
        unknown = wanted - set(KINDS)
        if unknown:
            raise ValueError(f"no such kinds: {', '.join(sorted(unknown))}")
        low, high = from_us or 0, float("inf") if to_us is None else to_us
        for block in self._blocks:
            if block.t0_us >= high or block.end_us < low or not _holds(block, wanted):
                continue
            for frame in self._frames_of(block):
                start, end = frame["t0"], frame["t0"] + frame["span_us"]
                if frame["kind"] in wanted and start < high and (end > low or start >= low):
                    yield frame

    def spikes(
        self,
        layer_name: str,
        device_type: str | None = None,
        chip_id: str | None = None,
        from_us: int | None = None,
        to_us: int | None = None,
    ) -> tuple[Array, Array]:
        """All spikes of a layer in order of time: times_us (int64 [n]) and neuron_ids (u32 [n]).

        A layer that is spread over chips gives ids with each chip's `neuron_offset` added (then
        int64). from_us, to_us: only those in [from_us, to_us).
        """
        times: list[Array] = [np.empty(0, np.int64)]
        ids: list[Array] = [np.empty(0, np.uint32)]
        for frame in self.frames(["spikes"], from_us, to_us):
            if frame["layer_name"] != layer_name:
                continue
            if device_type not in (None, frame["device_type"]):
                continue
            if chip_id not in (None, frame["chip_id"]):
                continue
            offset = int(frame.get("neuron_offset") or 0)
            times.append(frame["t0"] + frame["dt"].astype(np.int64))
            ids.append(
                frame["neuron_id"].astype(np.int64) + offset if offset else frame["neuron_id"]
            )
        return _in_order(np.concatenate(times), np.concatenate(ids), from_us, to_us)

    def layers(self) -> list[str]:
        """Names of the layers that the metadata declares."""
        declared = self.metadata.get("layers") or []
        return list(dict.fromkeys(layer["name"] for layer in declared))

    def close(self) -> None:
        """Lets go of the file."""
        self._data.release()
        with contextlib.suppress(BufferError):
            self._map.close()

    def __enter__(self) -> "SpkFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _visit(self, block: Block) -> None:
        """Notes a block of frames; reads metadata at once."""
        if block.type == blocks.FRAMES:
            self._blocks.append(block)
        if block.type not in (blocks.METADATA, blocks.INDEX):
            return
        data = blocks.payload(self._data, block) if blocks.is_readable(block) else None
        if data is None:
            self.notes.texts.append(f"block {block.number} is damaged: its metadata is lost")
            return
        if block.type == blocks.INDEX:
            # The whole metadata as it stood at the end.
            data = data[8 : 8 + int.from_bytes(data[:4], "little")]
        self._merge(data)

    def _frames_of(self, block: Block) -> Iterator[dict[str, Any]]:
        data = blocks.payload(self._data, block) if blocks.is_readable(block) else None
        if data is None:
            self._lose(block, block.frames, f"block {block.number} is damaged or unknown")
            return
        invalid = 0
        for frame in frames_of(data):
            if frame is None:
                invalid += 1
            else:
                yield frame
        if invalid > 0:
            self._lose(block, invalid, f"block {block.number} holds what is no frame")

    def _lose(self, block: Block, frames: int, text: str) -> None:
        if block.number in self._bad:
            return
        self._bad.add(block.number)
        self.notes.frames_lost += frames
        self.notes.texts.append(f"{text}: {frames} frames are lost")

    def _merge(self, data: bytes) -> None:
        """Later metadata replaces earlier; layers join those known."""
        try:
            news = msgpack.unpackb(data)
            layers = {_layer_key(layer): layer for layer in self.metadata.get("layers") or []}
            layers.update({_layer_key(layer): layer for layer in news.get("layers") or []})
        except Exception:
            self.notes.texts.append("a metadata map can't be read")
            return
        self.metadata.update(news)
        if layers:
            self.metadata["layers"] = list(layers.values())


def _layer_key(layer: dict[str, Any]) -> tuple[str, str, str]:
    return layer["device_type"], layer["chip_id"], layer["name"]


def _holds(block: Block, wanted: set[str]) -> bool:
    return any(
        count > 0 and kind in wanted for kind, count in zip(KINDS, block.counts, strict=True)
    )


def _in_order(
    times: Array, ids: Array, from_us: int | None, to_us: int | None
) -> tuple[Array, Array]:
    inside = np.ones(times.size, bool)
    if from_us is not None:
        inside &= times >= from_us
    if to_us is not None:
        inside &= times < to_us
    times, ids = times[inside], ids[inside]
    order = np.argsort(times, kind="stable")
    return times[order], ids[order]
