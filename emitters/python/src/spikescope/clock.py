"""The host's clock on the axis of `t0`."""

import time


def now_us() -> int:
    """µs since the Unix epoch."""
    return time.time_ns() // 1000
