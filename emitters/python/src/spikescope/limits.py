"""What a frame may measure at most: the limits of the wire, version 1 (docs/wire.md)."""

PAYLOAD_BYTES_MAX = 1_048_576
SAMPLES_MAX = 131_072
SPAN_US_MAX = 60_000_000
NEURON_COUNT_MAX = 2**24
NAME_CHARS_MAX = 128
TEXT_CHARS_MAX = 8192
SYNAPSE_UPDATES_MAX = 4096
COUNTERS_MAX = 64
#: Times, counts and sequence numbers: what a double holds exactly.
WHOLE_MAX = 2**53 - 1

#: Left free in a payload for names and, as NATS counts them too, headers.
ENVELOPE_BYTES = 8192
#: What the columns of one frame may take together.
COLUMN_BYTES_MAX = PAYLOAD_BYTES_MAX - ENVELOPE_BYTES
