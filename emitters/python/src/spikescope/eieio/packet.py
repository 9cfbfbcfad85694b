"""EIEIO packets, as SpiNNMan and the Live Packet Gatherer document them in their sources.

A packet is little-endian and starts with 16 bits:

    bit 15     P  a 16-bit key prefix follows
    bit 14     F  the prefix is the upper half of the key, else the lower
    bit 13     D  a payload prefix follows, as wide as the type says
    bit 12     T  payloads are timestamps, in timesteps of the simulation
    bits 11-10    type: 0 keys of 16 bits, 1 keys and payloads of 16 bits,
                  2 keys of 32 bits, 3 keys and payloads of 32 bits
    bits 9-8      tag
    bits 7-0      count of elements

Prefixes are or-ed to what they belong to. P = 0 with F = 1 makes it a command, numbered by the
other 14 bits.
"""

import struct
from dataclasses import dataclass

import numpy as np

from ..columns import Array

_HEADER = struct.Struct("<H")
_HALF = struct.Struct("<H")
_WORD = struct.Struct("<I")


class PacketError(ValueError):
    """The bytes are no EIEIO packet."""


@dataclass(frozen=True, slots=True)
class CommandPacket:
    """A command; none of them carries spikes."""

    command: int


@dataclass(frozen=True, slots=True)
class DataPacket:
    """Events: a key each, perhaps with a payload."""

    #: [n] u32
    keys: Array
    #: [n] u32; None where the packet has neither payloads nor a prefix of them.
    payloads: Array | None
    #: Payloads are timesteps.
    is_time: bool
    #: Bits of a payload: timesteps wrap around behind them.
    payload_bits: int

    @property
    def ticks(self) -> Array | None:
        """[n] the timestep of each event; None where the packet has no times."""
        return self.payloads if self.is_time else None


def parse(data: bytes) -> DataPacket | CommandPacket:
    """The packet in a datagram whose SDP header was stripped; raises PacketError."""
    if len(data) < _HEADER.size:
        raise PacketError(f"{len(data)} bytes are no header")
    (header,) = _HEADER.unpack_from(data)
    has_prefix, is_upper = header >> 15 & 1, header >> 14 & 1
    if is_upper and not has_prefix:
        return CommandPacket(header & 0x3FFF)
    has_payload_prefix, is_time = header >> 13 & 1, header >> 12 & 1
    is_wide, has_payloads = header >> 11 & 1, header >> 10 & 1
    count = header & 0xFF
    number = _WORD if is_wide else _HALF
    at = _HEADER.size
    needed = at + 2 * has_prefix + number.size * (has_payload_prefix + count * (1 + has_payloads))
    if len(data) < needed:
        raise PacketError(f"{count} events need {needed} bytes, there are {len(data)}")
    key_prefix = payload_prefix = 0
    if has_prefix:
        (key_prefix,) = _HALF.unpack_from(data, at)
        key_prefix <<= 16 * is_upper
        at += _HALF.size
    if has_payload_prefix:
        (payload_prefix,) = number.unpack_from(data, at)
        at += number.size
    elements = np.frombuffer(data, f"<u{number.size}", count * (1 + has_payloads), at)
    elements = elements.astype(np.uint32).reshape(count, 1 + has_payloads)
    payloads = None
    if has_payloads:
        payloads = elements[:, 1] | np.uint32(payload_prefix)
    elif has_payload_prefix:
        payloads = np.full(count, payload_prefix, np.uint32)
    keys = elements[:, 0] | np.uint32(key_prefix)
    return DataPacket(keys, payloads, bool(is_time), 8 * number.size)
