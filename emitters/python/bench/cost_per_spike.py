"""What publishing costs its host: python bench/cost_per_spike.py [NATS_URL]

Prints ns for each spike, by calls of 10 to 10,000 spikes: the call itself, and its share of packing
a frame whenever one is full. CPU is the calling thread's own time; wall is what passes meanwhile,
waits for the emitter's own thread included, which sends where a server is there. The median of
several rounds stands, and the longest single call.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from spikescope import Emitter

NEURONS = 4096
SPIKES = 1_000_000
ROUNDS = 5


def measure(call: Callable[[int], None], calls: int, spikes: int) -> tuple[float, float, float]:
    """Median CPU and wall ns per spike, and the longest call in µs."""
    cpu, wall, longest = [], [], 0.0
    for round_ in range(ROUNDS):
        cpu_began, began = time.thread_time(), time.perf_counter()
        before = began
        for k in range(calls):
            call(round_ * calls + k)
            now = time.perf_counter()
            longest = max(longest, now - before)
            before = now
        ns = 1e9 / (calls * spikes)
        cpu.append((time.thread_time() - cpu_began) * ns)
        wall.append((before - began) * ns)
    return statistics.median(cpu), statistics.median(wall), longest * 1e6


def main() -> None:
    """Prints a table."""
    url = sys.argv[1] if len(sys.argv) > 1 else "nats://127.0.0.1:4222"
    rng = np.random.default_rng(1)
    print(f"{'call':28} {'spikes':>7} {'cpu':>9} {'wall':>9}  ns per spike   longest call")
    with Emitter(url) as emitter:
        time.sleep(0.5)
        print(f"{'(connected)' if emitter.stats.connected else '(no server)'}")
        for spikes in (10, 100, 1_000, 10_000):
            calls = max(SPIKES // spikes // ROUNDS, 20)
            ids = rng.integers(0, NEURONS, spikes)
            offsets = np.sort(rng.integers(0, 1_000, spikes))
            layer = emitter.layer(f"layer-{spikes}", NEURONS, start_us=0)

            def record(k: int, ids=ids, offsets=offsets) -> None:
                t0 = k * 1_000
                emitter.record_spikes("recorded", ids, offsets + t0, t0, 1_000, NEURONS)

            def add(k: int, ids=ids, offsets=offsets, layer=layer) -> None:
                layer.add(ids, offsets + k * 1_000)
                layer.advance((k + 1) * 1_000)

            for name, call in (("record_spikes", record), ("layer.add, layer.advance", add)):
                cpu, wall, longest = measure(call, calls, spikes)
                print(f"{name:28} {spikes:7} {cpu:9.1f} {wall:9.1f} {longest:22.0f} µs")
            emitter.flush(30)
        print(emitter.stats)


if __name__ == "__main__":
    main()
