"""Timesteps of a machine as event time."""

import numpy as np

from ..columns import Array

#: A tick so far behind the latest one is no straggler: the simulation was reset.
_RESET_TICKS = 50


class TickClock:
    """Places ticks on the axis of `t0`: the first one is now, each lasts `timestep_us`.

    When ticks start anew (a reset) the time goes on from the latest that was seen, or from now
    where that is later.
    """

    def __init__(self, timestep_us: int) -> None:
        self._timestep_us = timestep_us
        self._origin_us: int | None = None
        self._latest = 0

    @property
    def latest_us(self) -> int:
        """Start of the latest tick seen."""
        return (self._origin_us or 0) + self._latest * self._timestep_us

    def times_us(self, ticks: Array, bits: int, now_us: int) -> Array:
        """[n] start of each tick, µs, int64; ticks of 16 bits may have wrapped around."""
        if ticks.size == 0:
            return np.empty(0, np.int64)
        whole = ticks.astype(np.int64)
        if bits == 16 and self._origin_us is not None:
            whole = self._latest + ((whole - self._latest + 0x8000) % 0x10000) - 0x8000
        if self._origin_us is None:
            self._latest = int(whole.max())
            self._origin_us = now_us - self._latest * self._timestep_us
        elif int(whole.max()) < self._latest - _RESET_TICKS:
            start_us = max(now_us, self.latest_us + self._timestep_us)
            self._latest = int(whole.max())
            self._origin_us = start_us - self._latest * self._timestep_us
        self._latest = max(self._latest, int(whole.max()))
        return self._origin_us + whole * self._timestep_us
