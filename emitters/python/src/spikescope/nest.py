"""Publishes a running NEST simulation (`pip install nest-simulator`).

    import nest
    from spikescope import Emitter
    from spikescope.nest import NestTap

    with Emitter("nats://127.0.0.1:4222") as emitter, NestTap(emitter, {"exc": population}) as tap:
        tap.simulate(10_000.0)

`nest.Simulate` is called in chunks; behind each what the spike recorders saw goes out, and time up
to there is known. With MPI each process publishes the spikes of its own neurons only.
"""

import time
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from .async_emitter import AsyncEmitter
from .clock import now_us
from .columns import Array
from .emitter import Emitter
from .errors import FrameError


class NestTap:
    """Spike recorders of some populations, whose events become frames.

    emitter: where they go. layers: layer name to a population (a NodeCollection; a recorder is
    made and connected to it, and emptied as it is read) or to a spike recorder of yours (which is
    only read). start_us: event time of the simulation's time now, µs since the epoch; by default
    the clock's. neuron_types: label of the rates by layer name; by default NEST's model names.
    frame_us: µs of a frame.
    """

    def __init__(
        self,
        emitter: Emitter | AsyncEmitter,
        layers: Mapping[str, Any],
        *,
        start_us: int | None = None,
        neuron_types: Mapping[str, str] | None = None,
        frame_us: int = 100_000,
    ) -> None:
        self._nest = _kernel()
        self._base_ms = float(self._nest.biological_time)
        self._start_us = now_us() if start_us is None else start_us
        self._probes = []
        for name, nodes in layers.items():
            probe = _probe_of(self._nest, name, nodes)
            layer = emitter.layer(
                name,
                len(probe.ids),
                start_us=self._start_us,
                frame_us=frame_us,
                neuron_type=(neuron_types or {}).get(name, probe.model),
            )
            self._probes.append((probe, layer))

    @property
    def published(self) -> Mapping[str, int]:
        """Spikes by layer that were given to the emitter so far."""
        return {layer.name: probe.read for probe, layer in self._probes}

    def simulate(self, time_ms: float, chunk_ms: float = 50.0, speed: float | None = None) -> None:
        """Simulates for `time_ms`, publishing behind each chunk.

        chunk_ms: a multiple of NEST's resolution. speed: at most so many times as fast as real
        time (1.0 is real time); as fast as it goes where it is None.
        """
        started, done_ms = time.monotonic(), 0.0
        while done_ms < time_ms:
            chunk = min(chunk_ms, time_ms - done_ms)
            self._nest.Simulate(chunk)
            # NEST's own time has no sum of roundings in it.
            done_ms += chunk
            self.publish()
            if speed is not None:
                time.sleep(max(started + done_ms / 1e3 / speed - time.monotonic(), 0.0))

    def publish(self) -> None:
        """Publishes what fired since the last call; for those who call nest.Simulate themselves."""
        now = self._time_us(float(self._nest.biological_time))
        for probe, layer in self._probes:
            senders, times_ms = probe.events()
            layer.add(probe.index(senders), self._time_us(times_ms))
            layer.advance(int(now))

    def close(self) -> None:
        """Publishes the rest; spikes at the very end too."""
        self.publish()
        for _, layer in self._probes:
            layer.close()

    def __enter__(self) -> "NestTap":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _time_us(self, time_ms: Any) -> Any:
        return (
            np.rint((np.asarray(time_ms) - self._base_ms) * 1e3).astype(np.int64) + self._start_us
        )


class _Probe:
    """A spike recorder, and the population that it listens to."""

    def __init__(self, recorder: Any, ids: Array, model: str, is_own: bool) -> None:
        self._recorder = recorder
        self._is_own = is_own
        self._seen = 0
        self.ids = ids
        self.model = model
        self.read = 0

    def events(self) -> tuple[Array, Array]:
        """senders and times (ms) of the events that are new."""
        events = self._recorder.get("events")
        senders, times = np.asarray(events["senders"]), np.asarray(events["times"])
        if self._is_own:
            self._recorder.n_events = 0
        else:
            # Each of NEST's threads adds at the end of a list of its own: order by time.
            first = self._seen if times.size >= self._seen else 0
            new = np.argsort(times, kind="stable")[first:]
            self._seen = int(times.size)
            senders, times = senders[new], times[new]
        self.read += int(times.size)
        return senders, times

    def index(self, senders: Array) -> Array:
        """NEST's global ids as indices into the population."""
        return np.searchsorted(self.ids, senders)


def _probe_of(nest: ModuleType, name: str, nodes: Any) -> _Probe:
    if not isinstance(nodes, nest.NodeCollection) or len(nodes) == 0:
        raise FrameError("layers", f"{name} needs a population or a spike recorder of NEST")
    if str(nodes[0].get("model")) != "spike_recorder":
        recorder = nest.Create("spike_recorder")
        nest.Connect(nodes, recorder)
        return _Probe(recorder, np.array(nodes.tolist()), str(nodes[0].get("model")), True)
    sources = np.unique(list(nest.GetConnections(target=nodes).sources()))
    if sources.size == 0 or len(nodes) > 1:
        raise FrameError("layers", f"{name} needs one spike recorder, connected to its population")
    model = str(nest.NodeCollection([int(sources[0])]).get("model"))
    return _Probe(nodes, sources, model, False)


def _kernel() -> ModuleType:
    try:
        import nest
    except ImportError as error:
        raise ImportError("spikescope.nest needs NEST: pip install nest-simulator") from error
    module: ModuleType = nest
    return module
