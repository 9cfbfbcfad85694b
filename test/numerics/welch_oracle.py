"""welch_oracle.py -> welch-scipy.json: spectra by scipy.signal.welch of series that the test makes
again from the same integers. Needs SciPy; run by hand where a case is added, then biome check --write."""
import json
import pathlib

import numpy as np
import scipy
from scipy.signal import welch

CASES = [(64, 32, 1000.0, 5), (100, 32, 1000.0, 1), (1500, 256, 1000.0, 40), (5000, 1024, 500.0, 3),
         (1023, 512, 10000.0, 1000), (1024, 1024, 1.0, 2), (777, 4, 20.0, 9)]


def series(length, top):
    """Integers from a linear congruence (Numerical Recipes), with a beat of 50 samples."""
    state, out = length * 7919 + top, []
    for i in range(length):
        state = (state * 1664525 + 1013904223) % 2**32
        out.append(state % (top + 1) + (top if i % 50 < 10 else 0))
    return np.array(out, float)


cases = []
for length, segment, hz, top in CASES:
    f, p = welch(series(length, top), hz, nperseg=segment)
    cases.append({"length": length, "segment": segment, "sample_hz": hz, "top": top,
                  "frequency_hz": f.tolist(), "density": p.tolist()})
out = {"scipy": scipy.__version__, "numpy": np.__version__, "cases": cases}
pathlib.Path(__file__).with_name("welch-scipy.json").write_text(json.dumps(out) + "\n")
