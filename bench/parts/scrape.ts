import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Exposition } from '../../src/sinks/prometheus/exposition.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import type { BenchOptions, Row } from './report.ts';
import { median } from './report.ts';

const LE = [0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];

/** How long a scrape takes, and how long it holds the event loop at once. */
export async function scrape({ rounds }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  rows.push(await measure('2,000 counters', 2000, 0, rounds));
  rows.push(await measure('2,000 histograms of 14 lines', 0, 2000, rounds));
  rows.push(await measure('2,000 counters and 4 × 2,000 histograms', 2000, 8000, rounds));
  return rows;
}

async function measure(
  what: string,
  counters: number,
  histograms: number,
  rounds: number,
): Promise<Row> {
  const store = new MetricStore();
  fill(store, counters, histograms);
  const exposition = new Exposition(store, () => {});
  // The first reading makes what later ones use again, as a service's first scrape does.
  const first = await readOnce(exposition);
  const times: number[] = [];
  const holds: number[] = [];
  let lines = 0;
  for (let i = 0; i < rounds * 5; i++) {
    const one = await readOnce(exposition);
    times.push(one.ms);
    holds.push(one.heldMs);
    lines = one.lines;
  }
  return {
    series: what,
    lines,
    'first, ms': first.ms.toFixed(1),
    'scrape, ms': median(times).toFixed(1),
    'event loop held, median, ms': median(holds).toFixed(1),
    'largest, ms': Math.max(...holds).toFixed(1),
  };
}

function fill(store: MetricStore, counters: number, histograms: number): void {
  const spikes = store.counter({
    name: 'neural_spikes_total',
    help: 'Spikes',
    labels: ['layer', 'timestep'],
    expires: 'series',
  });
  for (let i = 0; i < counters; i++) spikes.series(`encoder.layer.${i}`, 'none').add(i * 1001);
  for (let family = 0; family * 2000 < histograms; family++) {
    const rates = store.histogram({
      name: `spike_rate_hz_${family}`,
      help: 'Firing rate',
      labels: ['layer_name', 'neuron_type'],
      expires: 'series',
      le: LE,
    });
    const counts = LE.map((le) => Math.round(le * 3)).concat(7);
    for (let i = 0; i < 2000; i++) rates.series(`encoder.layer.${i}`, 'lif').add(counts, i * 0.37);
  }
}

async function readOnce(exposition: Exposition): Promise<{
  readonly ms: number;
  readonly heldMs: number;
  readonly lines: number;
}> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(20);
  delay.reset();
  const started = performance.now();
  const text = await exposition.text();
  const ms = performance.now() - started;
  await sleep(10);
  delay.disable();
  return { ms, heldMs: delay.max / 1e6, lines: text.split('\n').length - 1 };
}
