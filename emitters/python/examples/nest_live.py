"""A running NEST simulation, live: python nest_live.py nats://127.0.0.1:4222 10000

The second argument is how many ms of biological time to simulate.
"""

import sys

import nest

from spikescope import Emitter
from spikescope.nest import NestTap

# The network: excitatory and inhibitory neurons, driven by noise; NEST counts too.
exc, inh = nest.Create("iaf_psc_alpha", 400), nest.Create("iaf_psc_alpha", 100)
noise, counter = nest.Create("poisson_generator"), nest.Create("spike_recorder")
noise.rate = 2_000.0
nest.Connect(noise, exc + inh, syn_spec={"weight": 40.0})
nest.Connect(exc, exc + inh, {"rule": "fixed_indegree", "indegree": 40}, {"weight": 20.0})
nest.Connect(inh, exc + inh, {"rule": "fixed_indegree", "indegree": 10}, {"weight": -100.0})
nest.Connect(exc + inh, counter)

with Emitter(sys.argv[1]) as emitter, NestTap(emitter, {"exc": exc, "inh": inh}) as tap:
    tap.simulate(float(sys.argv[2]))
print(f"NEST counted {counter.n_events} spikes; {emitter.stats}")
