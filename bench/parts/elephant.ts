import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Analysis } from '../../src/analysis/result.ts';
import { writeNest } from './nest-file.ts';
import type { BenchOptions, Row } from './report.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
const SCRIPT = join(import.meta.dirname, 'python_route.py');
const SPIKES = 10_000_000;

interface PythonRoute {
  readonly load_s: number;
  readonly elephant_s: number;
  readonly total_s: number;
  readonly result: Readonly<Record<string, number>>;
}

/**
 * `analyze` beside NumPy, Elephant and PySpike on one NEST .dat of 10 million spikes, both as
 * processes, from start to end. Needs `--python`, a Python with elephant and pyspike.
 */
export async function elephant({ scale, python }: BenchOptions): Promise<Row[]> {
  if (python === undefined) throw new Error('elephant: name a Python that has it, --python PATH');
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-bench-'));
  try {
    const path = join(folder, 'spikes.dat');
    const spikes = Math.round(SPIKES * scale);
    await writeNest(path, spikes);
    const started = performance.now();
    const options = { maxBuffer: 2 ** 30 };
    const own = await run(process.execPath, [MAIN, 'analyze', path, '--json'], options);
    const ownS = (performance.now() - started) / 1000;
    const analysis = JSON.parse(own.stdout) as Analysis;
    const pythonStarted = performance.now();
    const durationMs = String(analysis.duration_us / 1000);
    const { stdout } = await run(python, [SCRIPT, path, durationMs], options);
    const pythonS = (performance.now() - pythonStarted) / 1000;
    const route = JSON.parse(stdout) as PythonRoute;
    return [
      {
        spikes,
        'file, MB': Math.round((await stat(path)).size / 1e6),
        'analyze, s': ownS.toFixed(2),
        'Python, s': pythonS.toFixed(1),
        'of it NumPy loads, s': route.load_s.toFixed(1),
        'without bursts and synchrony, s': route.elephant_s.toFixed(1),
        'times as fast': Number((pythonS / ownS).toFixed(1)),
        'largest relative difference': difference(analysis, route).toExponential(1),
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function difference(analysis: Analysis, { result }: PythonRoute): number {
  const [layer] = Object.values(analysis.layers);
  if (layer === undefined) throw new Error('analyze found no layer');
  const own: Record<string, number | null> = {
    total_spikes: analysis.total_spikes,
    mean_rate_hz: layer.mean_rate_hz,
    rate_sd_hz: layer.rate_sd_hz,
    isi_mean_ms: layer.isi.mean_ms,
    cv_mean: layer.isi.cv_mean,
    cv2_mean: layer.isi.cv2_mean,
    lv_mean: layer.isi.lv_mean,
    lvr_mean: layer.isi.lvr_mean,
    fano_factor_neurons: layer.fano_factor_neurons,
    fano_factor_windows: layer.fano_factor_windows,
    bursts: layer.bursts.count,
    spike_synchronization: layer.synchrony.spike_synchronization,
  };
  const differences = Object.entries(own).map(([key, value]) => {
    const other = result[key] as number;
    return value === other ? 0 : Math.abs((value as number) - other) / Math.abs(other);
  });
  return Math.max(...differences);
}
