import { expect, it } from 'vitest';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';

it('counts what the smallest cap of series refuses, and is not refused itself', () => {
  const store: MetricStore = new MetricStore({
    seriesMax: 1,
    refused: (metric) => own.seriesRefused.series(metric).add(1),
  });
  const own = defineOwnMetrics(store);
  const layers = store.counter({ name: 'c', help: 'h', labels: ['layer'], expires: 'never' });
  for (const layer of ['a', 'b', 'c', 'd']) layers.series(layer).add(1);
  for (const kind of ['spikes', 'power', 'health']) own.frames.series(kind).add(1);
  const shown = (name: string) =>
    store
      .families()
      .find((family) => family.name === name)
      ?.shown()
      .map(({ labels }) => labels);
  expect(shown('spikescope_frames_total')).toEqual([['spikes'], ['power'], ['health']]);
  expect(shown('spikescope_series_refused_total')).toEqual([['c']]);
});
