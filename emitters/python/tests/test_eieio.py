"""EIEIO packets, written out by hand from SpiNNMan's and the Live Packet Gatherer's sources."""

import socket
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from frames_in import frames_in, spikes_of

from spikescope import AsyncEmitter
from spikescope.eieio import Bridge, CommandPacket, KeyMap, KeyRange, PacketError, parse
from spikescope.eieio.bridge import open_receiver
from spikescope.eieio.ticks import TickClock

#: hex, and what it says: keys, payloads, whether they are times.
PACKETS = [
    # 16-bit keys: header 0x0002 is count 2, no flags, type 0.
    ("0200 3412 7856", [0x1234, 0x5678], None, False),
    # 16-bit keys and payloads: type 1.
    ("0104 3412 7856", [0x1234], [0x5678], False),
    # 32-bit keys: type 2.
    ("0208 78563412 01000000", [0x12345678, 1], None, False),
    # 32-bit keys and payloads: type 3.
    ("010c 78563412 efbeadde", [0x12345678], [0xDEADBEEF], False),
    # A key prefix (P) in the lower half: or-ed to each key.
    ("0180 ff00 0012", [0x12FF], None, False),
    # In the upper half (P, F).
    ("02c0 cdab 3412 7856", [0xABCD1234, 0xABCD5678], None, False),
    ("01c8 cdab 34120000", [0xABCD1234], None, False),
    # A payload prefix (D) for keys without payloads: every event has it.
    ("0220 0700 0100 0200", [1, 2], [7, 7], False),
    # A payload prefix or-ed to payloads of 16 bits, and of 32.
    ("0124 00ff 0100 2200", [1], [0xFF22], False),
    ("012c 000000ff 01000000 22000000", [1], [0xFF000022], False),
    # sPyNNaker's default for live output: 32-bit keys, D and T: the prefix is the timestep.
    ("0238 e8030000 10000100 20000100", [0x10010, 0x10020], [1000, 1000], True),
    # Timestamps as payloads (T) of 32 and of 16 bits.
    ("021c 01000000 0a000000 02000000 0b000000", [1, 2], [10, 11], True),
    ("0114 0100 0a00", [1], [10], True),
    # The same with 16-bit keys, a prefix of keys and one of times.
    ("01f0 0200 0a00 0300", [0x20003], [10], True),
    # The tag (bits 9-8) says nothing here; no events at all are a packet too.
    ("010b 01000000", [1], None, False),
    ("0038 e8030000", [], [], True),
]


def raw(text):
    return bytes.fromhex(text.replace(" ", ""))


@pytest.mark.parametrize(("text", "keys", "payloads", "is_time"), PACKETS)
def test_a_packet_is_read(text, keys, payloads, is_time):
    packet = parse(raw(text))
    assert packet.keys.tolist() == keys
    assert (None if packet.payloads is None else packet.payloads.tolist()) == payloads
    assert packet.is_time == is_time
    assert (packet.ticks is not None) == (is_time and payloads is not None)


@pytest.mark.parametrize("text", [text for text, *_ in PACKETS])
def test_a_packet_that_is_cut_is_refused_wherever_it_is_cut(text):
    data = raw(text)
    for size in range(len(data)):
        with pytest.raises(PacketError):
            parse(data[:size])


def test_commands_carry_no_spikes():
    # 0x4001: the database is ready; its path follows.
    assert parse(raw("0140 2f74")) == CommandPacket(1)


def test_keys_belong_to_neurons():
    keys = KeyMap.of_ranges(
        [
            KeyRange.of("exc:0x100:3"),
            KeyRange.of("inh:0x200:2:16"),
            KeyRange.of("exc:0x180:2:1:3"),
            KeyRange.of("one:7:1"),
        ]
    )
    assert (keys.layers, keys.counts) == (["exc", "inh", "one"], [5, 2, 1])
    layers, neurons = keys.find(np.array([0x102, 0x210, 0x201, 0x181, 7, 0, 0xFFFFFFFF], np.uint32))
    assert layers.tolist() == [0, 1, -1, 0, 2, -1, -1]
    assert neurons[[0, 1, 3, 4]].tolist() == [2, 1, 4, 0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "l",
        "l:1",
        ":1:1",
        "l:x:1",
        "l:-1:1",
        "l:1:0",
        "l:1:0:5",
        "l:1:1:0",
        "l:0xffffffff:2",
        "l:1:1:1:0:9",
    ],
)
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="layer:key_base:count"):
        KeyRange.of(text)


def test_a_key_of_two_layers_is_refused():
    with pytest.raises(ValueError, match="0x101 belongs to exc and inh"):
        KeyMap.of_ranges([KeyRange("exc", 0x100, 2), KeyRange("inh", 0x101, 2)])
    with pytest.raises(ValueError, match="no keys"):
        KeyMap.of_ranges([])


def test_keys_come_from_the_database_of_spynnaker(tmp_path):
    path = tmp_path / "input_output_database.sqlite3"
    with sqlite3.connect(path) as database:
        # The tables and the view as SpiNNFrontEndCommon's db.sql makes them.
        database.executescript("""
            CREATE TABLE Application_vertices(vertex_id INTEGER PRIMARY KEY, vertex_label TEXT);
            CREATE TABLE Machine_vertices(vertex_id INTEGER PRIMARY KEY, label TEXT);
            CREATE TABLE graph_mapper_vertex(
                application_vertex_id INTEGER, machine_vertex_id INTEGER);
            CREATE TABLE event_to_atom_mapping(
                vertex_id INTEGER, atom_id INTEGER, event_id INTEGER PRIMARY KEY);
            CREATE VIEW label_event_atom_view AS SELECT
                e_to_a.atom_id AS atom, e_to_a.event_id AS event, app_vtx.vertex_label AS label
            FROM event_to_atom_mapping AS e_to_a
                JOIN Machine_vertices as machine_vertices
                    ON e_to_a.vertex_id == machine_vertices.vertex_id
                JOIN graph_mapper_vertex as mapper
                    ON machine_vertices.vertex_id == mapper.machine_vertex_id
                JOIN Application_vertices AS app_vtx
                    ON mapper.application_vertex_id == app_vtx.vertex_id;
            INSERT INTO Application_vertices VALUES (1, 'exc'), (2, 'inh');
            INSERT INTO Machine_vertices VALUES (10, 'exc:0-1'), (11, 'exc:2-3'), (12, 'inh:0-0');
            INSERT INTO graph_mapper_vertex VALUES (1, 10), (1, 11), (2, 12);
            INSERT INTO event_to_atom_mapping VALUES
                (10, 0, 65536), (10, 1, 65552), (11, 2, 131072), (11, 3, 131088), (12, 0, 99);
        """)
    database.close()
    keys = KeyMap.of_database(path)
    counts = dict(zip(keys.layers, keys.counts, strict=True))
    assert counts == {"exc": 4, "inh": 1}
    layers, neurons = keys.find(np.array([131088, 99], np.uint32))
    assert [keys.layers[i] for i in layers] == ["exc", "inh"]
    assert neurons.tolist() == [3, 0]
    assert KeyMap.of_database(path, ["inh"]).layers == ["inh"]
    with pytest.raises(ValueError, match="no keys of exci"):
        KeyMap.of_database(path, ["exci"])


def ticks(*values):
    return np.array(values, np.uint32)


def test_ticks_become_time_and_wrap_around():
    clock = TickClock(1000)
    assert clock.times_us(ticks(65_530), 16, 10**9).tolist() == [10**9]
    assert clock.times_us(ticks(65_535, 2), 16, 0).tolist() == [10**9 + 5_000, 10**9 + 8_000]
    assert clock.latest_us == 10**9 + 8_000
    # A straggler is where it was; the clock's hand does not matter after the first packet.
    assert clock.times_us(ticks(65_529), 16, 0).tolist() == [10**9 - 1_000]


def test_ticks_that_start_anew_go_on_in_time():
    clock = TickClock(1000)
    clock.times_us(ticks(5_000), 32, 10**9)
    assert clock.times_us(ticks(0), 32, 0).tolist() == [10**9 + 1_000]
    assert clock.times_us(ticks(7), 32, 0).tolist() == [10**9 + 8_000]
    assert clock.times_us(ticks(100), 32, 0).tolist() == [10**9 + 101_000]
    assert clock.times_us(ticks(1), 32, 5 * 10**9).tolist() == [5 * 10**9]


def default_packet(tick, *keys):
    """As sPyNNaker sends: 32-bit keys with the timestep before them; by hand, header 0x38nn."""
    words = [tick.to_bytes(4, "little"), *[key.to_bytes(4, "little") for key in keys]]
    return bytes([len(keys), 0x38]) + b"".join(words)


def test_datagrams_become_frames_that_cover_time():
    emitter = AsyncEmitter(device_type="spinnaker", chip_id="0-0")
    keys = KeyMap.of_ranges([KeyRange("exc", 0x100, 10), KeyRange("inh", 0x200, 5)])
    bridge = Bridge(emitter, keys)
    receiver = open_receiver("127.0.0.1", 0)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    rng = np.random.default_rng(3)
    sent = []
    with receiver, sender:

        def receive():
            until = time.monotonic() + 30
            while bridge.counts["packets"] < 602 and time.monotonic() < until:
                bridge.serve(receiver, 0.05)

        worker = threading.Thread(target=receive)
        worker.start()
        # The first tick is there at once; then one with no spikes for 300 ms.
        for number, tick in enumerate([0, *range(1, 200), *range(500, 900)]):
            # The kernel keeps a few hundred datagrams for a receiver that is busy, not all of them.
            while number - bridge.counts["packets"] > 100 and worker.is_alive():
                time.sleep(0.001)
            neurons = rng.integers(0, 10, 3).tolist()
            both = [0x100 + neurons[0], 0x100 + neurons[1], 0x200 + neurons[2] % 5, 0x999]
            sender.sendto(default_packet(tick, *both), receiver.getsockname())
            sent += [("exc", tick, neurons[0]), ("exc", tick, neurons[1])]
            sent.append(("inh", tick, neurons[2] % 5))
        sender.sendto(b"\x05", receiver.getsockname())
        sender.sendto(bytes.fromhex("0b40"), receiver.getsockname())
        worker.join()
    bridge.close()
    assert bridge.counts["malformed"] == 1 and bridge.counts["commands"] == 1
    assert bridge.counts["packets"] == 602 and bridge.counts["unknown_keys"] == 600
    assert bridge.counts["events"] == len(sent)
    frames = frames_in(emitter)
    for name, count in (("exc", 10), ("inh", 5)):
        mine = [frame for frame in frames if frame["layer_name"] == name]
        start = mine[0]["t0"]
        expected = sorted((start + tick * 1000, neuron) for n, tick, neuron in sent if n == name)
        assert spikes_of(mine) == expected
        assert {frame["neuron_count"] for frame in mine} == {count}
        # Contiguous, the silence in the middle too.
        at = start
        for frame in mine:
            assert frame["t0"] <= at
            at = max(at, frame["t0"] + frame["span_us"])
        assert at >= start + 899_001


def test_stragglers_from_before_the_first_packet_are_not_lost():
    emitter = AsyncEmitter()
    bridge = Bridge(emitter, KeyMap.of_ranges([KeyRange("l", 0, 4)]))
    bridge.publish([parse(default_packet(5, 1))])
    bridge.publish([parse(default_packet(3, 2))])
    bridge.close()
    spikes = spikes_of(frames_in(emitter))
    assert [neuron for _, neuron in spikes] == [2, 1]
    assert spikes[1][0] - spikes[0][0] == 2000


def test_packets_without_times_count_when_they_come_and_sdp_headers_are_skipped():
    emitter = AsyncEmitter()
    bridge = Bridge(emitter, KeyMap.of_ranges([KeyRange("l", 0x1200, 100)]), has_sdp=True)
    packet = bridge.read(bytes(10) + raw("0200 3412 3512"))
    bridge.publish([packet])
    bridge.close()
    assert [neuron for _, neuron in spikes_of(frames_in(emitter))] == [0x34, 0x35]


def test_the_command_says_what_is_wrong():
    done = subprocess.run(
        [sys.executable, "-m", "spikescope.eieio", "--port", "0", "--layer", "l:1:0"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "count 0 is not within" in done.stderr
