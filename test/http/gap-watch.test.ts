import { expect, it } from 'vitest';
import { type FoundGap, GapWatch } from '../../src/http/live/delivery.ts';
import { MetricValues } from '../../src/sinks/live/metric-values.ts';
import { MetricStore } from '../../src/sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../src/telemetry/own-metrics.ts';

function start() {
  const store = new MetricStore();
  const own = defineOwnMetrics(store);
  const values = new MetricValues(store);
  const told: { gap: FoundGap | undefined } = { gap: undefined };
  const gaps = new GapWatch(() => told.gap);
  return { own, told, gaps, look: (us: number) => gaps.look(values, us) };
}

it('tells when frames were missed last, and how many', () => {
  const { own, gaps, look } = start();
  own.framesMissing.series().add(7);
  look(1);
  expect(gaps.last, 'what was there before is no news').toBeNull();
  own.framesMissing.series().add(2);
  look(2);
  look(3);
  expect(gaps.last).toEqual({ at_us: 2, messages: 0, frames: 2 });
});

it('takes what a checkpoint brings back for no news, and what the stream lost for some', () => {
  const { own, told, gaps, look } = start();
  own.catchingUp.series().set(1);
  look(1);
  own.framesMissing.series().add(50);
  look(2);
  expect(gaps.last).toBeNull();
  told.gap = { messages: 4, foundUs: 3 };
  own.catchingUp.series().set(0);
  look(4);
  expect(gaps.last).toEqual({ at_us: 3, messages: 4, frames: 0 });
  own.framesMissing.series().add(1);
  look(5);
  expect(gaps.last).toEqual({ at_us: 5, messages: 0, frames: 1 });
});
