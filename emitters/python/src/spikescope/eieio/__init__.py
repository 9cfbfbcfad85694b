"""A bridge from sPyNNaker's live output, EIEIO packets over UDP, to Spikescope.

On the side of sPyNNaker, with the address of the machine that runs the bridge:

    p.external_devices.activate_live_output_for(population, host="192.168.1.2", port=17893)

and there, with the keys of the populations, or the database that sPyNNaker wrote:

    python -m spikescope.eieio --port 17893 --layer excitatory:0x10000:800 --layer inh:0x20000:200
    python -m spikescope.eieio --port 17893 --database input_output_database.sqlite3
"""

from .bridge import Bridge
from .keys import KeyMap, KeyRange
from .packet import CommandPacket, DataPacket, PacketError, parse

__all__ = [
    "Bridge",
    "CommandPacket",
    "DataPacket",
    "KeyMap",
    "KeyRange",
    "PacketError",
    "parse",
]
