"""The blocks of a `.spk` file: found, checked, unpacked."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

FILE_MAGIC = b"\x89SPK\r\n\x1a\n"
BLOCK_MAGIC = b"\xb5SPK"
FRAMES, METADATA, INDEX = 1, 2, 3
#: Numbers of the kinds, as blocks count them.
KINDS = (
    "spikes",
    "membrane",
    "power",
    "cores",
    "activity",
    "synapses",
    "health",
    "conversion",
    "inference",
    "benchmark",
    "log",
)
HEADER_BYTES = 80
_PAYLOAD_BYTES_MAX = 16 * 1024 * 1024
_METADATA_BYTES_MAX = 8 * 1024 * 1024
_ZSTD, _SHUFFLED = 1, 2
_HEADER = struct.Struct("<4sBBHIIIIQQ16HII")
_FILE_HEADER = struct.Struct("<8sHHIII")


class SpkError(ValueError):
    """The file is no `.spk` file, or can't be read here."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header, whose checksum was right."""

    at: int
    type: int
    flags: int
    stored: int
    raw: int
    crc: int
    number: int
    t0_us: int
    end_us: int
    #: Frames of each kind, in the order of KINDS.
    counts: tuple[int, ...]

    @property
    def payload_at(self) -> int:
        """Where its payload starts."""
        return self.at + HEADER_BYTES

    @property
    def next_at(self) -> int:
        """Where the next block should start."""
        return _padded(self.payload_at + self.stored)

    @property
    def frames(self) -> int:
        """How many frames it holds."""
        return sum(self.counts)


@dataclass(slots=True)
class Notes:
    """What was found wrong in a file."""

    texts: list[str] = field(default_factory=list)
    frames_lost: int = 0
    blocks_missing: int = 0
    #: The file ends in the middle of something; it may still be written.
    cut: bool = False


def read_file_header(data: memoryview, notes: Notes) -> tuple[bytes | None, int]:
    """The metadata of the file header, None where it is damaged, and where blocks start."""
    if len(data) < _FILE_HEADER.size or bytes(data[:8]) != FILE_MAGIC:
        raise SpkError("this is no .spk file: it does not start with the magic of one")
    _, version, _, size, crc, own_crc = _FILE_HEADER.unpack_from(data)
    if zlib.crc32(data[:20]) != own_crc or size > _METADATA_BYTES_MAX:
        notes.texts.append("the file header is damaged: its metadata is lost")
        return None, 8
    if version != 1:
        raise SpkError(f"version {version} of the format; this package reads version 1")
    end = _FILE_HEADER.size + size
    metadata = bytes(data[_FILE_HEADER.size : end])
    if zlib.crc32(metadata) != crc or end > len(data):
        notes.texts.append("the metadata of the file header is damaged")
        return None, min(_padded(end), len(data))
    return metadata, _padded(end)


def walk(data: memoryview, at: int, notes: Notes, visit: Callable[[Block], None]) -> None:
    """Gives every block to `visit`, searching past damage."""
    number = 0
    before: Block | None = None
    while at < len(data):
        block = _header_at(data, at)
        if block is None:
            # Where the payload before is wrong its bytes may be too few: the next is nearer.
            sound = before is None or _is_sound(data, before)
            found = _search(data, at + 1 if sound or before is None else before.payload_at)
            before = None
            if found is None:
                notes.cut = True
                notes.texts.append(f"the file is cut at byte {at} of {len(data)}")
                return
            notes.texts.append(f"damage between bytes {at} and {found}")
            at = found
            continue
        if block.number > number:
            notes.blocks_missing += block.number - number
            notes.texts.append(f"{block.number - number} blocks are missing before byte {at}")
        number = block.number + 1
        visit(block)
        if block.type == INDEX:
            return
        before, at = block, block.next_at


def payload(data: memoryview, block: Block) -> bytes | None:
    """A block's payload, unpacked; None where it is damaged."""
    if not _is_sound(data, block):
        return None
    stored = data[block.payload_at : block.payload_at + block.stored]
    if not block.flags & _ZSTD:
        return bytes(stored) if block.raw == block.stored else None
    unpacked = _unzstd(bytes(stored), block.raw)
    if unpacked is None or len(unpacked) != block.raw:
        return None
    return _unshuffle(unpacked) if block.flags & _SHUFFLED else unpacked


def _is_sound(data: memoryview, block: Block) -> bool:
    return zlib.crc32(data[block.payload_at : block.payload_at + block.stored]) == block.crc


def is_readable(block: Block) -> bool:
    """Whether the block's flags are all known."""
    return block.flags & ~(_ZSTD | _SHUFFLED) == 0


def _header_at(data: memoryview, at: int) -> Block | None:
    """A sound header whose payload lies in the file."""
    if at + HEADER_BYTES > len(data) or bytes(data[at : at + 4]) != BLOCK_MAGIC:
        return None
    fields = _HEADER.unpack_from(data, at)
    _, kind, flags, _, stored, raw, crc, number, t0_us, end_us, *rest = fields
    if zlib.crc32(data[at : at + 76]) != rest[17] or max(stored, raw) > _PAYLOAD_BYTES_MAX:
        return None
    if t0_us > end_us or at + HEADER_BYTES + stored > len(data):
        return None
    counts = tuple(rest[: len(KINDS)])
    return Block(at, kind, flags, stored, raw, crc, number, t0_us, end_us, counts)


def _search(data: memoryview, at: int) -> int | None:
    """The next sound header from `at` on."""
    step = 1 << 20
    while at < len(data):
        piece = bytes(data[at : at + step + len(BLOCK_MAGIC) - 1])
        found = piece.find(BLOCK_MAGIC)
        if found < 0:
            at += step
        elif _header_at(data, at + found) is not None:
            return at + found
        else:
            at += found + 1
    return None


def _unshuffle(data: bytes) -> bytes:
    """Byte k of the 32-bit word i lies at k·w + i; the last bytes are themselves."""
    words = len(data) // 4
    planes = np.frombuffer(data, np.uint8, 4 * words).reshape(4, words)
    return planes.T.tobytes() + data[4 * words :]


def _unzstd(data: bytes, size: int) -> bytes | None:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return _unzstandard(data, size)
    try:
        return bytes(zstd.decompress(data))
    except zstd.ZstdError:
        return None


def _unzstandard(data: bytes, size: int) -> bytes | None:
    try:
        import zstandard
    except ImportError:
        raise SpkError(
            "this file is compressed: install the package zstandard (pip install spikescope[zstd])"
        ) from None
    try:
        unpacked: bytes = zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except zstandard.ZstdError:
        return None
    return unpacked


def _padded(at: int) -> int:
    return at + -at % 8
