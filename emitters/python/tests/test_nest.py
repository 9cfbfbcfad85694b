"""Taps of real simulations: what they publish is what the simulator counted."""

import nest
import numpy as np
import pytest
import sanafe
from frames_in import frames_in, spikes_of

from spikescope import AsyncEmitter, FrameError
from spikescope.nest import NestTap
from spikescope.sanafe import SanafeTap


@pytest.fixture
def network():
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.local_num_threads = 2
    other = nest.Create("iaf_psc_alpha", 7)
    population = nest.Create("iaf_psc_alpha", 40, {"I_e": 380.0})
    noise = nest.Create("poisson_generator", params={"rate": 5_000.0})
    nest.Connect(noise, other + population, syn_spec={"weight": 20.0})
    counter = nest.Create("spike_recorder")
    nest.Connect(population, counter)
    return population, counter


def counted(population, counter, start_us):
    events = counter.get("events")
    times = np.rint(events["times"] * 1000).astype(int) + start_us
    ids = events["senders"] - population[0].global_id
    return sorted(zip(times.tolist(), ids.tolist(), strict=True))


@pytest.mark.parametrize("tapped", ["population", "recorder"])
def test_nests_own_spikes_are_published(network, tapped):
    population, counter = network
    emitter = AsyncEmitter()
    start = 1_700_000_000_000_000
    nodes = population if tapped == "population" else counter
    with NestTap(emitter, {"exc": nodes}, start_us=start) as tap:
        tap.simulate(333.3, chunk_ms=50.0)
        nest.Simulate(20.0)
    frames = frames_in(emitter)
    expected = counted(population, counter, start)
    assert len(expected) > 300
    assert spikes_of(frames) == expected
    assert tap.published == {"exc": len(expected)}
    assert {frame["neuron_type"] for frame in frames} == {"iaf_psc_alpha"}
    assert {frame["neuron_count"] for frame in frames} == {40}
    at = start
    for frame in frames:
        assert frame["t0"] == at
        at += frame["span_us"]
    assert at - start in (353_300, 353_301)


def test_a_simulation_that_ran_before_starts_now(network):
    population, counter = network
    nest.Simulate(100.0)
    before = counter.n_events
    emitter = AsyncEmitter()
    with NestTap(emitter, {"exc": population}, start_us=5_000_000) as tap:
        tap.simulate(50.0)
    times = [time for time, _ in spikes_of(frames_in(emitter))]
    assert len(times) == counter.n_events - before > 0
    assert min(times) > 5_000_000 and max(times) <= 5_050_000


def test_what_is_no_population_is_named(network):
    with pytest.raises(FrameError, match="exc needs a population"):
        NestTap(AsyncEmitter(), {"exc": [1, 2]})


def test_sana_fe_is_published_step_by_step():
    arch, net = sanafe.load_loihi(), sanafe.Network()
    attributes = {"threshold": 1.0, "leak_decay": 0.9}
    source = net.create_neuron_group("in", 8, {**attributes, "bias": 0.2}, log_spikes=True)
    sink = net.create_neuron_group("out", 4, attributes, log_spikes=True)
    source.connect_neurons_dense(sink, {"weight": [0.1] * 32})
    for core, group in enumerate([source, sink]):
        for each in group.neurons:
            each.map_to_core(arch.tiles[0].cores[core])
    chip = sanafe.SpikingChip(arch)
    chip.load(net)
    emitter = AsyncEmitter(device_type="loihi2")
    results = []
    with SanafeTap(emitter, chip, start_us=10_000_000) as tap:
        tap.simulate(40, chunk=16)
        results.append(chip.sim(10, spike_trace=True, perf_trace=True))
        tap.publish(results[-1])
    frames = frames_in(emitter)
    spikes = [frame for frame in frames if frame["kind"] == "spikes"]
    assert len(spikes_of(spikes)) == tap.published > 50
    assert {frame["layer_name"]: frame["neuron_count"] for frame in spikes} == {"in": 8, "out": 4}
    # The last ten steps as SANA-FE itself gave them.
    last = [
        (10_000_000 + (40 + step) * 1000, neuron.neuron_offset)
        for step, fired in enumerate(results[-1]["spike_trace"])
        for neuron in fired
        if neuron.group_name == "in"
    ]
    source_spikes = spikes_of([frame for frame in spikes if frame["layer_name"] == "in"])
    assert source_spikes[-len(last) :] == sorted(last)
    joules = np.concatenate(
        [np.frombuffer(f["joules"], "<f8") for f in frames if f["kind"] == "power"]
    )
    assert joules.size == 50
    np.testing.assert_array_equal(joules[-10:], results[-1]["perf_trace"]["total_energy"])
    assert {f["origin"] for f in frames if f["kind"] == "power"} == {"simulated"}
    assert sum(1 for f in frames if f["kind"] == "activity") == 4
