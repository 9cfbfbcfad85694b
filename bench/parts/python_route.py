"""The Python route to the numbers of `analyze`: NumPy loads a NEST .dat, Elephant computes rates,
intervals and Fano factors, PySpike the synchrony, and MaxInterval bursts are a loop, for neither
has them. Usage: python_route.py FILE DURATION_MS. Prints the numbers and the seconds as JSON."""
import json
import sys
import time

import elephant.statistics as es
import neo
import numpy as np
import pyspike
import quantities as pq

path, duration_ms = sys.argv[1], float(sys.argv[2])
start = time.perf_counter()
data = np.loadtxt(path, skiprows=3)
ids, times = data[:, 0].astype(int), data[:, 1]
loaded = time.perf_counter()
order = np.lexsort((times, ids))
ids, times = ids[order], times[order]
neurons = np.arange(ids.min(), ids.max() + 1)
cuts = np.searchsorted(ids, np.append(neurons, ids.max() + 1))
trains = [times[a:b] for a, b in zip(cuts[:-1], cuts[1:])]
counts = np.diff(cuts)
rates = counts / (duration_ms / 1000)
isis = [es.isi(t) for t in trains]
every = np.concatenate(isis)
ok = [i for i, t in zip(isis, trains) if len(t) >= 3]
spiketrains = [neo.SpikeTrain(t, units="ms", t_stop=duration_ms) for t in trains]
bins = np.histogram(times, bins=np.arange(0, duration_ms + 1000, 1000.0))[0]
result = {
    "total_spikes": len(times),
    "mean_rate_hz": rates.mean(),
    "rate_sd_hz": rates.std(),
    "quantiles": np.quantile(rates, [0.5, 0.95, 0.99]).tolist(),
    "isi_mean_ms": every.mean(),
    "cv_mean": float(np.nanmean([es.cv(i) for i in ok])),
    "cv2_mean": float(np.nanmean([es.cv2(i) for i in ok])),
    "lv_mean": float(np.nanmean([es.lv(i) for i in ok])),
    "lvr_mean": float(np.nanmean([es.lvr(i, R=5 * pq.ms) for i in ok])),
    "fano_factor_neurons": float(es.fanofactor(spiketrains)),
    "fano_factor_windows": float(bins.var() / bins.mean()),
}
elephant_done = time.perf_counter()


def bursts_of(t, begin=10.0, end=20.0, duration=5.0, spikes=3):
    found, i = 0, 0
    while i < len(t) - 1:
        if t[i + 1] - t[i] > begin:
            i += 1
            continue
        j = i + 1
        while j < len(t) - 1 and t[j + 1] - t[j] <= end:
            j += 1
        found += t[j] - t[i] >= duration and j - i + 1 >= spikes
        i = j + 1
    return found


result["bursts"] = int(sum(bursts_of(t.tolist()) for t in trains))
first = [t for t in trains if len(t) >= 2][:100]
edges = (0.0, duration_ms * 1000)
result["spike_synchronization"] = float(
    pyspike.spike_sync([pyspike.SpikeTrain(np.round(t * 1000), edges) for t in first])
)
end = time.perf_counter()
print(json.dumps({"load_s": loaded - start, "elephant_s": elephant_done - start,
                  "total_s": end - start, "result": result}))
