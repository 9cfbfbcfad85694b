import { expect, it } from 'vitest';
import { NO_SINKS } from '../../../src/component/record-sinks.ts';
import { LiveStore } from '../../../src/sinks/live/live-store.ts';
import { spikesFrame } from './spikes-frame.ts';

const START_US = 1_000_000;
const PLACE = { device_type: 'loihi2', chip_id: '0' };

function anomaly(live: LiveStore, fields: object): void {
  const common = { incident_id: 'i', event: 'opened', detector: 'd', series: 's', text: 't' };
  live.beside(NO_SINKS).derived?.({
    ...{ record: 'anomaly', key: ['d'], t0Us: 0, spanUs: 0 },
    fields: { ...common, severity: 'warning', started_us: 0, ...fields },
  });
}

/** A layer of four neurons, a spike each 100 ms but for a time of 40 spikes each. */
function layerWithBurst(burstUs: number, untilUs: number): LiveStore {
  const live = new LiveStore(() => performance.now());
  for (let t0 = START_US; t0 < untilUs; t0 += 100_000) {
    const isBurst = t0 >= burstUs && t0 < burstUs + 500_000;
    const spikes = Array.from({ length: isBurst ? 40 : 1 }, (_, i) => [i % 4, i * 2000] as const);
    live.saw(spikesFrame(t0, spikes), false);
  }
  return live;
}

it('has the rate of the layer around an incident, and what is usual before it', () => {
  const burstUs = 12_000_000;
  const live = layerWithBurst(burstUs, burstUs + 200_000);
  const where = { ...PLACE, layer_name: 'l', started_us: burstUs };
  anomaly(live, where);
  const first = live.incidentSeries.get('i');
  expect(first).toMatchObject({ name: 'rate of layer l of loihi2/0', unit: 'Hz' });
  // A spike of one of four neurons in 100 ms: 2.5 Hz; 40 of them 100 Hz.
  expect(first?.baseline).toEqual({ low: 2.5, median: 2.5, high: 2.5 });
  expect(first?.points.t_us.at(0)).toBe(burstUs - 10_000_000);
  expect(first?.points.values.slice(-3)).toEqual([2.5, 100, 100]);
  // What comes after it is added, until five seconds after the end.
  for (let t0 = burstUs + 200_000; t0 < burstUs + 9_000_000; t0 += 100_000) {
    live.saw(spikesFrame(t0, [[0, 0]]), false);
  }
  anomaly(live, { ...where, event: 'closed', ended_us: burstUs + 200_000 });
  live.incidentSeries.look();
  const whole = live.incidentSeries.get('i');
  expect(whole?.ended_us).toBe(burstUs + 200_000);
  expect(whole?.points.t_us.at(-1)).toBe(burstUs + 200_000 + 5_000_000 - 100_000);
  expect(whole?.points.values.filter((hz) => hz === 100)).toHaveLength(2);
  // It stays so when the raster has gone on.
  for (let t0 = 130_000_000; t0 < 260_000_000; t0 += 10_000_000) {
    live.saw(spikesFrame(t0, [], { spanUs: 10_000_000 }), false);
    live.incidentSeries.look();
  }
  expect(live.incidentSeries.get('i')).toEqual(whole);
});

it('leaves out what no frame covers, and says nothing of what is usual where little came', () => {
  const live = new LiveStore(() => performance.now());
  for (const t0 of [1_000_000, 1_100_000, 1_400_000]) live.saw(spikesFrame(t0, [[0, 0]]), false);
  anomaly(live, { ...PLACE, layer_name: 'l', started_us: 1_400_000 });
  const found = live.incidentSeries.get('i');
  expect(found?.points.t_us).toEqual([1_000_000, 1_100_000, 1_400_000]);
  expect(found?.baseline).toBeNull();
});

it('has the power of a chip where no layer is named', () => {
  const live = new LiveStore(() => performance.now());
  const { derived } = live.beside(NO_SINKS);
  for (let i = 0; i < 200; i++) {
    const fields = { ...PLACE, rail: 'total', component: 'total', watts: i < 150 ? 1 : 3 };
    derived?.({ record: 'power', key: [], t0Us: START_US + i * 100_000, spanUs: 0, fields });
  }
  anomaly(live, { ...PLACE, started_us: START_US + 15_000_000 });
  const found = live.incidentSeries.get('i');
  expect(found).toMatchObject({ unit: 'W', baseline: { low: 1, median: 1, high: 1 } });
  expect(found?.points.values.filter((watts) => watts === 3)).toHaveLength(50);
});

it('has none where neither came, and keeps as many as there are incidents', () => {
  const live = layerWithBurst(5_000_000, 6_000_000);
  anomaly(live, { ...PLACE, layer_name: 'other', incident_id: 'none' });
  expect(live.incidentSeries.get('none')).toBeUndefined();
  for (let i = 0; i < 600; i++) {
    anomaly(live, { ...PLACE, layer_name: 'l', incident_id: `${i}`, started_us: 5_000_000 });
  }
  expect(live.incidentSeries.get('0')).toBeUndefined();
  expect(live.incidentSeries.get('599')).toBeDefined();
});
