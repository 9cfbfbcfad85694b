"""Recordings: those that the repository holds, whole, cut and damaged."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from spikescope.spk import SpkError, SpkFile

FIXTURES = Path(__file__).parents[3] / "fixtures" / "spk"
GOLDEN = ["golden.spk", "golden-zstd.spk"]
T0 = 1_750_000_000_000_000
BLOCK = b"\xb5SPK"


@pytest.mark.parametrize("name", GOLDEN)
def test_a_frame_of_every_kind_is_read(name):
    with SpkFile(FIXTURES / name) as recording:
        frames = list(recording.frames())
        assert recording.notes.texts == [] and not recording.notes.cut
        assert recording.metadata["name"] == "golden"
        assert recording.metadata["extra"] == {"experiment": "µ", "trial": 3}
        assert recording.layers() == ["l1", "l2"]
    by_kind = {frame["kind"]: frame for frame in reversed(frames)}
    assert len(frames) == 14 and len(by_kind) == 11
    spikes = by_kind["spikes"]
    assert spikes["neuron_id"].tolist() == [5, 63, 0, 17]
    assert spikes["dt"].tolist() == [0, 19_999, 12, 700]
    assert (spikes["t0"], spikes["timestep0"], spikes["neuron_offset"]) == (T0, 40, 128)
    assert np.isnan(spikes["arrived_us"]) and frames[1]["arrived_us"] == T0 + 120_000
    values = by_kind["membrane"]["values"]
    np.testing.assert_array_equal(
        values, np.array([[-65, -64.5], [np.nan, -50], [30, np.inf]], "f4")
    )
    assert by_kind["power"]["watts"].tolist() == [0.5, -0.125]
    assert by_kind["power"]["joules"].tolist() == [1e-6, 2.5e-6]
    assert by_kind["cores"]["utilization_percent"].tolist() == [12.5, 100]
    assert by_kind["activity"]["counters"]["syn_ops"].tolist() == [1000, 2**40]
    assert by_kind["health"]["message"] == "Wärme"


def test_spikes_of_a_layer_come_in_order_of_time_with_their_offset():
    with SpkFile(FIXTURES / "golden.spk") as recording:
        times, ids = recording.spikes("l1")
        assert times.tolist() == [T0, T0 + 12, T0 + 700, T0 + 19_999]
        assert ids.tolist() == [133, 128, 145, 191]
        times, ids = recording.spikes("l1", from_us=T0 + 12, to_us=T0 + 19_999)
        assert ids.tolist() == [128, 145]
        assert recording.spikes("l2", chip_id="a")[0].size == 300
        assert recording.spikes("l2", device_type="cpu")[0].size == 0
        assert recording.spikes("l9")[1].size == 0


def test_kinds_and_times_are_chosen():
    with SpkFile(FIXTURES / "golden.spk") as recording:
        assert [f["kind"] for f in recording.frames(["power", "log"])] == ["power", "log"]
        inside = [f["seq"] for f in recording.frames(from_us=T0 + 30_000, to_us=T0 + 60_001)]
        assert inside == [1, 2, 3]
        with pytest.raises(ValueError, match="spike"):
            list(recording.frames(["spike"]))


@pytest.mark.parametrize("name", GOLDEN)
def test_a_file_cut_anywhere_gives_what_is_whole(name, tmp_path):
    data = (FIXTURES / name).read_bytes()
    with SpkFile(FIXTURES / name) as recording:
        every = [frame["seq"] for frame in recording.frames()]
    path = tmp_path / "cut.spk"
    sizes = set()
    for size in range(24, len(data), 37):
        path.write_bytes(data[:size])
        with SpkFile(path) as recording:
            seen = [frame["seq"] for frame in recording.frames()]
        assert seen == every[: len(seen)]
        sizes.add(len(seen))
    assert {0, 14} <= sizes


@pytest.mark.parametrize("name", GOLDEN)
def test_damage_is_noted_and_never_becomes_a_frame(name, tmp_path):
    data = (FIXTURES / name).read_bytes()
    with SpkFile(FIXTURES / name) as recording:
        whole = {frame["seq"]: repr(frame) for frame in recording.frames()}
    path = tmp_path / "damaged.spk"
    noted = 0
    for at in range(24, len(data), 53):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        with SpkFile(path) as recording:
            for frame in recording.frames():
                assert repr(frame) == whole[frame["seq"]]
            noted += bool(recording.notes.texts)
    assert noted > len(data) / 53 / 2


def frame_block(number, message, flags=0):
    """A block with one frame, written by the document and not by the reader."""
    payload = struct.pack("<IId", len(message), 0, float("nan")) + message
    payload += bytes(-len(payload) % 8)
    head = BLOCK + struct.pack(
        "<BBHIII", 1, flags, 0, len(payload), len(payload), zlib.crc32(payload)
    )
    head += struct.pack("<IQQ", number, 0, 10) + struct.pack("<16H", 0, 0, 0, 0, 0, 0, 1, *[0] * 9)
    head += bytes(4)
    return head + struct.pack("<I", zlib.crc32(head)) + payload


def file_header(version=1):
    metadata = b"\x80"
    head = b"\x89SPK\r\n\x1a\n" + struct.pack("<HHII", version, 0, 1, zlib.crc32(metadata))
    head += struct.pack("<I", zlib.crc32(head))
    return head + metadata + bytes(7)


def health(status):
    """{"kind": "health", "t0": 0, "span_us": 0, "status": …} in msgpack."""
    text = status.encode()
    return (
        b"\x84\xa4kind\xa6health\xa2t0\x00\xa7span_us\x00\xa6status"
        + bytes([0xA0 + len(text)])
        + text
    )


def test_blocks_behind_damage_are_found_again(tmp_path):
    blocks = [frame_block(k, health(status)) for k, status in enumerate(["a", "b", "c"])]
    path = tmp_path / "x.spk"
    # The second block's header is gone, and bytes are missing: nothing is aligned any more.
    path.write_bytes(file_header() + blocks[0] + blocks[1][5:] + blocks[2])
    with SpkFile(path) as recording:
        assert [frame["status"] for frame in recording.frames()] == ["a", "c"]
        assert recording.notes.blocks_missing == 1
    # A header whose checksum is wrong is none, whatever it says.
    path.write_bytes(
        file_header() + blocks[0] + blocks[1][:30] + b"\x01" + blocks[1][31:] + blocks[2]
    )
    with SpkFile(path) as recording:
        assert [frame["status"] for frame in recording.frames()] == ["a", "c"]
    # A payload that is too short hides no block behind it.
    path.write_bytes(file_header() + blocks[0][:-16] + blocks[1] + blocks[2])
    with SpkFile(path) as recording:
        assert [frame["status"] for frame in recording.frames()] == ["b", "c"]
        assert recording.notes.frames_lost == 1


def test_what_is_unknown_is_passed_over(tmp_path):
    path = tmp_path / "x.spk"
    unknown, good = frame_block(0, health("a"), flags=4), frame_block(1, health("b"))
    invalid = frame_block(2, b"\xc1")
    path.write_bytes(file_header() + unknown + good + invalid)
    with SpkFile(path) as recording:
        assert [frame["status"] for frame in recording.frames()] == ["b"]
        list(recording.frames())
        assert recording.notes.frames_lost == 2
        assert not recording.notes.cut


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"", "empty"), (b"x" * 100, "no .spk file"), (file_header(2), "version 2")],
)
def test_other_files_are_refused(data, problem, tmp_path):
    path = tmp_path / "x.spk"
    path.write_bytes(data)
    with pytest.raises(SpkError, match=problem):
        SpkFile(path)
