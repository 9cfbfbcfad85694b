"""A chip simulated by SANA-FE, live: python sanafe_live.py [NATS_URL] [TIMESTEPS]"""

import random
import sys

import sanafe

from spikescope import Emitter
from spikescope.sanafe import SanafeTap

url = sys.argv[1] if len(sys.argv) > 1 else "nats://127.0.0.1:4222"
timesteps = int(sys.argv[2]) if len(sys.argv) > 2 else 3_000

# The network on two Loihi cores: a layer that is driven, and one that listens.
random.seed(7)
arch, net = sanafe.load_loihi(), sanafe.Network()
neuron = {"threshold": 1.0, "leak_decay": 0.9}
source = net.create_neuron_group("source", 64, {**neuron, "bias": 0.12}, log_spikes=True)
sink = net.create_neuron_group("sink", 32, neuron, log_spikes=True)
weights = [random.uniform(0.0, 0.1) for _ in range(64 * 32)]
source.connect_neurons_dense(sink, {"weight": weights})
for core, group in enumerate([source, sink]):
    for each in group.neurons:
        each.map_to_core(arch.tiles[0].cores[core])
chip = sanafe.SpikingChip(arch)
chip.load(net)

# What publishes it.
with Emitter(url, name="sana-fe", device_type="loihi2") as emitter:
    with SanafeTap(emitter, chip) as tap:
        tap.simulate(timesteps)

print(f"SANA-FE fired {tap.published} times; the emitter says {emitter.stats}")
