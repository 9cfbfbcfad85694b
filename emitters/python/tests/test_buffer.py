"""NATS is away: nothing raises, memory is bounded, every drop is counted."""

import asyncio
import logging
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from frames_in import frames_in, messages_in

from spikescope import AsyncEmitter, Emitter, FrameError

#: Nothing listens on the discard port.
NOWHERE = "nats://127.0.0.1:9"


def fill(emitter, frames, spikes=10):
    for k in range(frames):
        emitter.record_spikes("l", np.zeros(spikes, int), np.full(spikes, k * 2000), k * 2000, 1, 1)


def test_beyond_its_bound_the_oldest_frames_go_and_are_counted(caplog):
    emitter = AsyncEmitter(buffer_bytes=50_000)
    with caplog.at_level(logging.WARNING):
        fill(emitter, 501)
    stats = emitter.stats
    assert stats.buffered_bytes <= 50_000
    assert stats.dropped == stats.dropped_frames["buffer_full"] > 300
    assert stats.dropped + stats.buffered_frames + 1 == 501
    offered = stats.dropped_samples["buffer_full"] + stats.buffered_samples + stats.gathered_samples
    assert offered == 5010
    # One line when dropping starts, not one for each.
    assert len([record for record in caplog.records if "dropping" in record.message]) == 1
    # The newest are kept, and the gap in their numbers tells Spikescope what is missing.
    numbers = [frame["seq"] for frame in frames_in(emitter)]
    assert numbers == list(range(501 - len(numbers), 501))


def test_a_buffer_of_nothing_drops_everything():
    emitter = AsyncEmitter(buffer_bytes=0)
    emitter.record_health()
    assert emitter.stats.dropped_frames == {"buffer_full": 1}
    assert messages_in(emitter) == []


def test_what_is_on_its_way_counts_until_it_is_confirmed():
    emitter = AsyncEmitter(buffer_bytes=20_000)
    fill(emitter, 11)
    emitter._send_gathered()
    outbox = emitter._outbox
    taken = outbox.take(5, 1 << 20)
    assert emitter.stats.buffered_frames == 11
    outbox.put_back(taken[2:])
    outbox.confirm(taken[:2])
    stats = emitter.stats
    assert (stats.published_frames, stats.published_samples, stats.buffered_frames) == (2, 20, 9)
    # In their order again.
    assert [frame["seq"] for frame in frames_in(emitter)] == list(range(2, 11))


def test_a_chunk_is_bounded_in_bytes_but_never_empty():
    emitter = AsyncEmitter()
    fill(emitter, 10, spikes=1000)
    emitter._send_gathered()
    assert len(emitter._outbox.take(100, 1)) == 1
    assert len(emitter._outbox.take(100, 20_000)) == 2


def test_nothing_blocks_or_raises_without_a_server():
    started = time.monotonic()
    emitter = Emitter(NOWHERE, buffer_bytes=200_000, reconnect_wait_seconds=0.05)
    fill(emitter, 2_000)
    emitter.answer_pings()
    emitter.serve_benchmarks("cpu", lambda model, hardware: {})
    with emitter.convert_model(
        "m", model_type="vit", model_size="tiny", model_parameters=1, hardware_target="cpu"
    ):
        pass
    assert emitter.flush(timeout=0.1) is False
    assert emitter.close(timeout=0.1) is False
    stats = emitter.stats
    assert not stats.connected and stats.published_frames == 0
    assert sum(stats.dropped_samples.values()) == 20_000 + 2
    assert (stats.buffered_frames, stats.buffered_bytes, stats.gathered_samples) == (0, 0, 0)
    assert stats.dropped_frames["closed"] > 0
    # A time limit that was not kept would take the five seconds of the default.
    assert time.monotonic() - started < 30


def test_after_closing_calls_are_counted_as_dropped():
    emitter = Emitter(NOWHERE, strict=True)
    emitter.close(timeout=0.01)
    fill(emitter, 3)
    assert emitter.stats.dropped_samples == {"closed": 30}
    assert emitter.close() is True
    with pytest.raises(FrameError):
        emitter.record_health("fine")


def test_calls_from_many_threads_lose_nothing():
    emitter = AsyncEmitter(batch_samples=50, buffer_bytes=1 << 30)

    def work(chip):
        for k in range(500):
            emitter.record_spikes("l", [0, 0], [k, k], k, 1, 1, chip_id=chip)

    threads = [threading.Thread(target=work, args=(f"c{i % 2}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    frames = frames_in(emitter)
    assert sum(len(frame["dt"]) // 4 for frame in frames) == 4 * 500 * 2
    for chip in ("c0", "c1"):
        numbers = [frame["seq"] for frame in frames if frame["chip_id"] == chip]
        assert numbers == list(range(len(numbers)))


def test_an_interpreter_ends_although_nobody_closed_the_emitter():
    script = f"""
import logging
logging.basicConfig()
from spikescope import Emitter
emitter = Emitter({NOWHERE!r})
emitter.record_health()
emitter.close.__func__.__defaults__ = (0.2,)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert "dropping frames: the emitter is closed" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_asyncio_face_closes_within_its_time():
    async def run():
        async with AsyncEmitter(NOWHERE, reconnect_wait_seconds=0.05) as emitter:
            fill(emitter, 5)
            async with asyncio.timeout(60):
                # Aged batches are sent by themselves.
                while emitter.stats.gathered_samples > 0:
                    await asyncio.sleep(0.01)
            assert await emitter.flush(0.05) is False
            assert await emitter.close(0.05) is False
        return emitter.stats

    stats = asyncio.run(run())
    assert stats.dropped_samples == {"closed": 50}


def test_options_are_checked_and_unknown_ones_named():
    with pytest.raises(TypeError, match="no option 'chipid'; did you mean chip_id"):
        AsyncEmitter(chipid="x")
    for name, value in {
        "device_type": "a b",
        "prefix": "a..b",
        "name": "x" * 65,
        "delivery": "mail",
        "batch_samples": 0,
        "batch_span_us": 60_000_001,
        "buffer_bytes": -1,
        "in_flight_frames": 2000,
        "strict": "yes",
        "confirm_seconds": 0,
        "run_id": "",
    }.items():
        with pytest.raises(FrameError) as caught:
            AsyncEmitter(**{name: value})
        assert caught.value.field == name
    with pytest.raises(FrameError, match="servers"):
        AsyncEmitter([])
