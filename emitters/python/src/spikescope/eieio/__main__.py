"""The bridge as a command: `python -m spikescope.eieio --help`."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence

from ..emitter import Emitter
from ..errors import FrameError
from .bridge import Bridge, open_receiver
from .keys import KeyMap, KeyRange


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until it is interrupted; prints what it counted as JSON."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        keys = _keys(options)
        emitter = Emitter(
            options.nats,
            name="eieio-bridge",
            device_type=options.device_type,
            chip_id=options.chip_id,
            prefix=options.prefix,
        )
    except (ValueError, FrameError, OSError) as error:
        parser.error(str(error))
    with emitter, open_receiver(options.host, options.port) as receiver:
        bridge = Bridge(emitter, keys, timestep_us=options.timestep_us, has_sdp=options.sdp)
        host, port = receiver.getsockname()
        print(f"eieio: listening on {host}:{port} for {', '.join(keys.layers)}", file=sys.stderr)
        sys.stderr.flush()
        # Both ways to end it are the same: what has come is published.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: bridge.stop())
        bridge.serve(receiver, options.seconds)
        bridge.close()
        emitter.flush()
    stats = emitter.stats
    counted = {
        **bridge.counts,
        "published_spikes": stats.published_samples,
        "dropped_frames": dict(stats.dropped_frames),
    }
    print(json.dumps(counted))
    return 0


def _keys(options: argparse.Namespace) -> KeyMap:
    if options.database is not None:
        return KeyMap.of_database(options.database, options.layer)
    if not options.layer:
        raise ValueError("name the layers with --layer, or sPyNNaker's database with --database")
    return KeyMap.of_ranges([KeyRange.of(text) for text in options.layer])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m spikescope.eieio",
        description="Publishes sPyNNaker's live output (EIEIO over UDP) to Spikescope.",
    )
    add = parser.add_argument
    add("--port", type=int, required=True, help="UDP port to listen on; 0 is a free one")
    add(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: %(default)s); a board sends to this machine's own",
    )
    add(
        "--layer",
        action="append",
        default=[],
        metavar="NAME:KEY_BASE:COUNT[:KEY_STEP[:FIRST]]",
        help="keys of a layer; again for each core of it. With --database a label, all without",
    )
    add("--database", metavar="FILE", help="the keys as sPyNNaker wrote them (SQLite)")
    add("--nats", default="nats://127.0.0.1:4222", help="NATS server (default: %(default)s)")
    add("--prefix", default="spikeformer", help="first tokens of the subjects")
    add("--device-type", default="spinnaker")
    add("--chip-id", default="0-0", help="x-y of the board's Ethernet chip (default: %(default)s)")
    add("--timestep-us", type=int, default=1000, help="µs of a timestep (default: %(default)s)")
    add("--sdp", action="store_true", help="datagrams keep their SDP header")
    add("--seconds", type=float, help="end after so many seconds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
