"""Datagrams in, frames out."""

import socket
import struct
import time
from collections import Counter
from typing import Any

import numpy as np

from ..async_emitter import AsyncEmitter
from ..clock import now_us
from ..columns import Array
from ..emitter import Emitter
from .keys import KeyMap
from .packet import CommandPacket, DataPacket, PacketError, parse
from .ticks import TickClock

#: Two bytes of padding and the header of SDP, where the tag does not strip them.
_SDP_BYTES = 10
_DATAGRAM_BYTES_MAX = 65_535
_RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024
#: Linux says with each datagram how many it had to drop before it.
_SO_RXQ_OVFL = 40
_ROUND_PACKETS = 512
#: What may wait in the socket when `serve` ends, in rounds.
_LAST_ROUNDS = 64
_WAIT_SECONDS = 0.1
#: Ticks that several gatherers may be apart: behind them a layer is known.
_SLACK_TICKS = 2


class Bridge:
    """Publishes the events of EIEIO packets as spikes of layers.

    emitter: where they go. keys: which key is whose. timestep_us: µs of a timestep of the machine.
    has_sdp: datagrams keep their SDP header (strip_sdp=False at sPyNNaker).

    Time is known up to the latest tick, less 2: packets come only when something fires, so the
    next one says how long it was silent. Packets without timestamps count at their arrival.
    """

    def __init__(
        self,
        emitter: Emitter | AsyncEmitter,
        keys: KeyMap,
        *,
        timestep_us: int = 1000,
        has_sdp: bool = False,
    ) -> None:
        self._emitter = emitter
        self._keys = keys
        self._clock = TickClock(timestep_us)
        self._slack_us = _SLACK_TICKS * timestep_us
        self._skip = _SDP_BYTES if has_sdp else 0
        self._layers = [
            emitter.layer(name, count, timestep_us=None)
            for name, count in zip(keys.layers, keys.counts, strict=True)
        ]
        self._started = False
        self._stopping = False
        self._start_us = 0
        self._kernel_drops = 0
        #: `packets`, `events` (published), `commands`, `unknown_keys` (events of no layer),
        #: `malformed` (packets), `dropped_by_kernel` (packets).
        self.counts: Counter[str] = Counter()

    def serve(self, receiver: socket.socket, seconds: float | None = None) -> None:
        """Receives until `seconds` are over or `stop` is called, and then what has come by then."""
        _prepare(receiver)
        end = float("inf") if seconds is None else time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            self.receive(receiver)
        for _ in range(_LAST_ROUNDS):
            if self.receive(receiver) < _ROUND_PACKETS:
                return

    def stop(self) -> None:
        """Ends `serve`; may be called by a handler of signals, between any two instructions."""
        self._stopping = True

    def receive(self, receiver: socket.socket) -> int:
        """Takes the datagrams that are there, waiting a little for the first; says how many."""
        before = self.counts["packets"]
        packets: list[DataPacket] = []
        for _ in range(_ROUND_PACKETS):
            try:
                datagram, notes, _, _ = receiver.recvmsg(_DATAGRAM_BYTES_MAX, 64, 0)
            except (TimeoutError, BlockingIOError):
                break
            self._note_drops(notes)
            packet = self.read(datagram)
            if packet is not None:
                packets.append(packet)
            receiver.settimeout(0.0)
        receiver.settimeout(_WAIT_SECONDS)
        self.publish(packets)
        return self.counts["packets"] - before

    def read(self, datagram: bytes) -> DataPacket | None:
        """The packet in a datagram, None where it holds no events; counts it."""
        self.counts["packets"] += 1
        try:
            packet = parse(datagram[self._skip :])
        except PacketError:
            self.counts["malformed"] += 1
            return None
        if isinstance(packet, CommandPacket):
            self.counts["commands"] += 1
            return None
        return packet

    def publish(self, packets: list[DataPacket]) -> None:
        """Gives the events of some packets to their layers."""
        now = now_us()
        keys, times = [np.empty(0, np.uint32)], [np.empty(0, np.int64)]
        known_us = 0
        for packet in packets:
            keys.append(packet.keys)
            if packet.ticks is None:
                times.append(np.full(packet.keys.size, now, np.int64))
                known_us = max(known_us, now)
            else:
                times.append(self._clock.times_us(packet.ticks, packet.payload_bits, now))
                known_us = max(known_us, self._clock.latest_us - self._slack_us)
        self._add(np.concatenate(keys), np.concatenate(times))
        if self._started:
            for layer in self._layers:
                layer.advance(known_us)

    def close(self) -> None:
        """Publishes what is held."""
        for layer in self._layers:
            layer.close()

    def _add(self, keys: Array, times: Array) -> None:
        layers, neurons = self._keys.find(keys)
        self.counts["unknown_keys"] += int((layers < 0).sum())
        if times.size > 0 and not self._started:
            # All layers are observed from the same time on: the first packet's.
            self._started = True
            self._start_us = int(times.min())
            for layer in self._layers:
                layer.advance(self._start_us)
        early = times < self._start_us
        for i, layer in enumerate(self._layers):
            mine = layers == i
            self.counts["events"] += int(mine.sum())
            layer.add(neurons[mine & ~early], times[mine & ~early])
            if (mine & early).any():
                self._add_early(i, neurons[mine & early], times[mine & early])

    def _add_early(self, i: int, neurons: Array, times: Array) -> None:
        """Stragglers from before the first packet's time stand in frames of their own."""
        t0_us, end_us = int(times.min()), int(times.max()) + 1
        name, count = self._keys.layers[i], self._keys.counts[i]
        self._emitter.record_spikes(name, neurons, times, t0_us, end_us - t0_us, count)

    def _note_drops(self, notes: list[tuple[int, int, bytes]]) -> None:
        for level, kind, data in notes:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(data) >= 4:
                (total,) = struct.unpack_from("=I", data)
                self.counts["dropped_by_kernel"] += (total - self._kernel_drops) % 2**32
                self._kernel_drops = total


def open_receiver(host: str, port: int) -> socket.socket:
    """A UDP socket that datagrams can come to; port 0 is a free one."""
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind((host, port))
    return receiver


def _prepare(receiver: socket.socket) -> None:
    receiver.settimeout(_WAIT_SECONDS)
    for option, value in ((socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES), (_SO_RXQ_OVFL, 1)):
        _try_option(receiver, option, value)


def _try_option(receiver: Any, option: int, value: int) -> None:
    try:
        receiver.setsockopt(socket.SOL_SOCKET, option, value)
    except OSError:
        # Systems other than Linux do not count what they drop.
        return
