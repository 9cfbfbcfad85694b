"""sPyNNaker's live output, live: python spynnaker_bridge.py [NATS_URL] [UDP_PORT] [SECONDS]

In the script that runs the network, before p.run(…), with this machine's address:

    for population in (excitatory, inhibitory):
        p.external_devices.activate_live_output_for(population, host="192.168.1.2", port=17893)

The keys below are those that sPyNNaker assigned; its `input_output_database.sqlite3` has them too
(`KeyMap.of_database`). `python -m spikescope.eieio` does the same from the command line.
"""

import sys

from spikescope import Emitter
from spikescope.eieio import Bridge, KeyMap, KeyRange
from spikescope.eieio.bridge import open_receiver

url = sys.argv[1] if len(sys.argv) > 1 else "nats://127.0.0.1:4222"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 17893
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else None

keys = KeyMap.of_ranges(
    [
        # 500 neurons on two cores of 250; keys in steps of 16.
        KeyRange("excitatory", key_base=0x10000, count=250, key_step=16),
        KeyRange("excitatory", key_base=0x12000, count=250, key_step=16, first=250),
        KeyRange("inhibitory", key_base=0x20000, count=100, key_step=16),
    ]
)
with Emitter(url, device_type="spinnaker", chip_id="0-0") as emitter:
    with open_receiver("0.0.0.0", port) as receiver:
        print(f"listening on port {receiver.getsockname()[1]}", file=sys.stderr, flush=True)
        bridge = Bridge(emitter, keys, timestep_us=1000)
        bridge.serve(receiver, seconds)
        bridge.close()
    emitter.flush()
print(dict(bridge.counts), emitter.stats)
