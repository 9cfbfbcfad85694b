"""A running NEST simulation, live: python nest_live.py [NATS_URL] [BIOLOGICAL_MS]"""

import sys

import nest

from spikescope import Emitter
from spikescope.nest import NestTap

url = sys.argv[1] if len(sys.argv) > 1 else "nats://127.0.0.1:4222"
time_ms = float(sys.argv[2]) if len(sys.argv) > 2 else 10_000.0

# The network: excitatory and inhibitory neurons, driven by noise.
exc, inh = nest.Create("iaf_psc_alpha", 400), nest.Create("iaf_psc_alpha", 100)
noise = nest.Create("poisson_generator", params={"rate": 2_000.0})
nest.Connect(noise, exc + inh, syn_spec={"weight": 40.0})
tenth = {"rule": "fixed_indegree", "indegree": 40}
nest.Connect(exc, exc + inh, tenth, {"weight": 20.0})
nest.Connect(inh, exc + inh, {"rule": "fixed_indegree", "indegree": 10}, {"weight": -100.0})
counter = nest.Create("spike_recorder", params={"record_to": "memory"})
nest.Connect(exc + inh, counter)

# What publishes it.
with Emitter(url, name="nest") as emitter:
    with NestTap(emitter, {"excitatory": exc, "inhibitory": inh}) as tap:
        tap.simulate(time_ms)

print(f"NEST counted {counter.n_events} spikes; the emitter says {emitter.stats}")
