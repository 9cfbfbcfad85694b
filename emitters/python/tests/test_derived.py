"""Derived records as arrays and tables."""

import msgpack
import numpy as np
import pytest

from spikescope.derived import DerivedReader, DerivedRecords, to_array, to_dataframe
from spikescope.derived.reader import key_token, subjects


def rate(k, **more):
    return {
        "v": 1, "record": "spike-rate", "t0": float(k * 10**6), "span_us": 10**6,
        "device_type": "cpu", "chip_id": "0", "layer_name": "l1", "neuron_type": "lif",
        "neuron_count": 4, "spikes": k, "mean_rate_hz": k, "rate_histogram": [k] * 12, **more,
    }  # fmt: skip


def test_spike_rates_have_the_same_types_whatever_the_values():
    array = to_array([rate(1), rate(2, mean_rate_hz=0.5, timestep=7)])
    assert array.dtype["mean_rate_hz"] == "f8" and array.dtype["t0"] == "i8"
    assert array["mean_rate_hz"].tolist() == [1.0, 0.5]
    assert array["rate_histogram"].shape == (2, 12)
    assert array["timestep"].tolist() == [-1, 7]
    assert array["layer_name"].tolist() == ["l1", "l1"]
    assert "record" not in array.dtype.names
    assert to_array([], "spike-rate").dtype == to_array([rate(1)]).dtype


def test_other_records_get_the_types_of_their_values():
    array = to_array(
        [
            {
                "v": 1,
                "record": "x",
                "n": 1,
                "f": 1,
                "s": "a",
                "b": True,
                "l": [1, 2],
                "m": [1],
                "o": 5,
            },
            {
                "v": 1,
                "record": "x",
                "n": 2,
                "f": 0.5,
                "s": "long",
                "b": False,
                "l": [3, 4],
                "m": [],
            },
        ]
    )
    kinds = {name: array.dtype[name].base.kind for name in array.dtype.names}
    assert kinds == {"n": "i", "f": "f", "s": "U", "b": "b", "l": "i", "m": "O", "o": "f"}
    assert array["l"].tolist() == [[1, 2], [3, 4]]
    assert np.isnan(array["o"][1])
    with pytest.raises(ValueError, match="2 kinds"):
        to_array([{"record": "a"}, {"record": "b"}])


def test_a_data_frame_has_the_time_as_its_index():
    table = to_dataframe([rate(1), rate(2)])
    assert table.index.name == "time"
    assert str(table.index[1]) == "1970-01-01 00:00:02+00:00"
    assert table["spikes"].tolist() == [1, 2]
    assert table["rate_histogram"].iloc[0].tolist() == [1] * 12
    assert len(to_dataframe([], "spike-rate")) == 0


def test_records_are_bounded_and_drops_counted():
    records = DerivedRecords(3)
    for k in range(5):
        records.put(msgpack.packb(rate(k)))
    for data in (b"\xc1", b"", msgpack.packb([1]), msgpack.packb({"v": 2, "record": "x"})):
        records.put(data)
    assert (records.received, records.dropped, records.invalid) == (5, 2, 4)
    assert records.array()["spikes"].tolist() == [2, 3, 4]
    assert records.take()["spikes"] == 2
    records.clear()
    assert (records.records, records.dropped, records.take()) == ([], 2, None)
    records.put(msgpack.packb(rate(9)))
    records.put(msgpack.packb({**rate(8), "record": "other"}))
    assert records.array("other")["spikes"].tolist() == [8]


def test_subjects():
    assert subjects("spikeformer", None, ()) == ["spikeformer.derived.>"]
    assert subjects("a.b", "spike-rate", ["cpu", "*", "enc.0"]) == [
        "a.b.derived.spike-rate.cpu.*.enc_0",
        "a.b.derived.spike-rate.cpu.*.enc_0.>",
    ]
    assert key_token("é" * 70) == "_" * 64
    with pytest.raises(ValueError):
        subjects("a", None, ["cpu"])
    with pytest.raises(ValueError):
        subjects("a", "x.y", ())


def test_a_reader_without_a_server_says_so(monkeypatch):
    monkeypatch.setattr("spikescope.derived.reader._CONNECT_SECONDS", 0.5)
    with (
        pytest.raises(ConnectionError, match="no NATS server"),
        DerivedReader("nats://127.0.0.1:9"),
    ):
        pass
