"""Publishes a running SANA-FE simulation of a chip (`pip install sanafe`).

    chip = sanafe.SpikingChip(arch)
    chip.load(net)
    with Emitter(url, device_type="loihi2") as emitter, SanafeTap(emitter, chip) as tap:
        tap.simulate(5_000)

The chip is simulated in chunks; behind each its spikes, the energy of every timestep and what its
hardware did go out. Groups need `log_spikes=True` for their spikes to be seen.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from .async_emitter import AsyncEmitter
from .checks import whole
from .clock import now_us
from .emitter import Emitter


class SanafeTap:
    """A chip of SANA-FE whose timesteps become frames.

    emitter: where they go. chip: a loaded `sanafe.SpikingChip`. groups: which neuron groups are
    layers; all by default. timestep_us: µs of model time that a timestep stands for. start_us:
    event time of the next timestep, µs since the epoch; by default the clock's.
    """

    def __init__(
        self,
        emitter: Emitter | AsyncEmitter,
        chip: Any,
        groups: Iterable[str] | None = None,
        *,
        timestep_us: int = 1000,
        start_us: int | None = None,
    ) -> None:
        self._emitter = emitter
        self._chip = chip
        self._timestep_us = whole(timestep_us, "timestep_us", 1)
        self._start_us = now_us() if start_us is None else start_us
        self._steps = 0
        neurons = chip.mapped_neuron_groups
        self._layers = {
            name: emitter.layer(
                name, len(neurons[name]), start_us=self._start_us, timestep_us=timestep_us
            )
            for name in (neurons if groups is None else groups)
        }
        #: Spikes that were given to the emitter so far.
        self.published = 0

    def simulate(self, timesteps: int, chunk: int = 100, **options: Any) -> None:
        """Simulates so many timesteps, publishing behind each chunk; options go to `chip.sim`."""
        done = 0
        while done < timesteps:
            steps = min(chunk, timesteps - done)
            self.publish(self._chip.sim(steps, spike_trace=True, perf_trace=True, **options))
            done += steps

    def publish(self, results: dict[str, Any]) -> None:
        """Publishes what `chip.sim(…, spike_trace=True, perf_trace=True)` gave, in its order."""
        trace = results["spike_trace"]
        first_us = self._start_us + self._steps * self._timestep_us
        self._publish_spikes(trace, first_us)
        self._steps += len(trace)
        for layer in self._layers.values():
            layer.advance(first_us + len(trace) * self._timestep_us)
        self._publish_energy(results["perf_trace"], first_us)
        counters = {
            "syn_ops": results["spikes"],
            "packets": results["packets_sent"],
            "neurons_updated": results["neurons_updated"],
            "neurons_fired": results["neurons_fired"],
        }
        step_us = results["sim_time"] * 1e6 / max(len(trace), 1)
        span_us = min(len(trace) * self._timestep_us, 60_000_000)
        self._emitter.record_activity(counters, t0_us=first_us, span_us=span_us, step_us=step_us)

    def close(self) -> None:
        """Publishes the rest."""
        for layer in self._layers.values():
            layer.close()

    def __enter__(self) -> "SanafeTap":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _publish_spikes(self, trace: list[list[Any]], first_us: int) -> None:
        """trace: for each timestep the neurons that fired."""
        fired: dict[str, tuple[list[int], list[int]]] = {name: ([], []) for name in self._layers}
        for step, neurons in enumerate(trace):
            for neuron in neurons:
                if neuron.group_name in fired:
                    ids, steps = fired[neuron.group_name]
                    ids.append(neuron.neuron_offset)
                    steps.append(step)
        for name, (ids, steps) in fired.items():
            times = first_us + np.array(steps, dtype=np.int64) * self._timestep_us
            self._layers[name].add(np.array(ids, dtype=np.int64), times)
            self.published += len(ids)

    def _publish_energy(self, perf: dict[str, list[float]], first_us: int) -> None:
        joules = np.array(perf["total_energy"], dtype=np.float64)
        seconds = np.array(perf["sim_time"], dtype=np.float64)
        watts = np.divide(joules, seconds, out=np.zeros_like(joules), where=seconds > 0)
        times = first_us + np.arange(joules.size) * self._timestep_us
        self._emitter.record_power(
            watts, times, joules=joules, step_us=seconds * 1e6, origin="simulated"
        )
