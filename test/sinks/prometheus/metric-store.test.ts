import { expect, it } from 'vitest';
import type { MetricSpec } from '../../../src/component/metric.ts';
import { Exposition } from '../../../src/sinks/prometheus/exposition.ts';
import { MetricStore } from '../../../src/sinks/prometheus/metric-store.ts';
import { parseExposition } from './parse-exposition.ts';

const LAYERS: MetricSpec = { name: 'n_total', help: 'h', labels: ['layer'], expires: 'series' };
const WATTS: MetricSpec = {
  name: 'watts',
  help: 'h',
  labels: ['device_type', 'chip_id'],
  expires: 'chip',
};

async function read(store: MetricStore) {
  return parseExposition(await new Exposition(store, () => {}).text());
}

async function values(store: MetricStore, name: string): Promise<Record<string, number>> {
  const samples = (await read(store)).get(name)?.samples ?? [];
  return Object.fromEntries(
    samples.map((s) => [
      [s.name.slice(name.length), ...Object.values(s.labels)].join(' '),
      s.value,
    ]),
  );
}

function refusals(seriesMax: number) {
  const refused: string[] = [];
  return { refused, store: new MetricStore({ seriesMax, refused: (name) => refused.push(name) }) };
}

it('folds counters beyond the cap into the series other, and counts each look-up', async () => {
  const { store, refused } = refusals(3);
  const counter = store.counter({ ...LAYERS, labels: ['layer', 'timestep'] });
  for (let i = 0; i < 10; i++) counter.series(`l${i}`, 'none').add(i);
  const shown = await values(store, 'n_total');
  expect(shown).toEqual({ ' l0 none': 0, ' l1 none': 1, ' l2 none': 2, ' other other': 42 });
  expect(refused).toEqual(Array(7).fill('n_total'));
});

it('folds histograms likewise, so that no observation is lost', async () => {
  const { store } = refusals(1);
  const histogram = store.histogram({ ...LAYERS, name: 'h', le: [1, 2] });
  for (let i = 0; i < 4; i++) histogram.series(`l${i}`).add([1, 2, 3], 10);
  const samples = (await read(store)).get('h')?.samples ?? [];
  const count = (layer: string) =>
    samples.find((s) => s.name === 'h_count' && s.labels['layer'] === layer)?.value;
  expect([count('l0'), count('other')]).toEqual([6, 18]);
});

it('leaves gauges beyond the cap out: there is no one value for several', async () => {
  const { store, refused } = refusals(2);
  const gauge = store.gauge({ ...LAYERS, name: 'g' });
  for (let i = 0; i < 5; i++) gauge.series(`l${i}`).set(i);
  expect(await values(store, 'g')).toEqual({ ' l0': 0, ' l1': 1 });
  expect(refused).toHaveLength(3);
});

it('gives a metric its own cap where it has one', async () => {
  const { store, refused } = refusals(2);
  const gauge = store.gauge({ ...LAYERS, name: 'core', seriesMax: 4 });
  for (let i = 0; i < 6; i++) gauge.series(`c${i}`).set(i);
  expect(Object.keys(await values(store, 'core'))).toHaveLength(4);
  expect(refused).toHaveLength(2);
});

it('hides a counter an hour after its last touch; it goes on from its value', async () => {
  const store = new MetricStore();
  const counter = store.counter(LAYERS);
  counter.series('gone').add(7);
  for (let i = 0; i < 3600; i++) {
    store.tick();
    // The same value again is a touch too.
    counter.series('alive').add(0);
  }
  expect(await values(store, 'n_total')).toEqual({ ' gone': 7, ' alive': 0 });
  store.tick();
  expect(await values(store, 'n_total')).toEqual({ ' alive': 0 });
  counter.series('gone').add(1);
  expect(await values(store, 'n_total')).toEqual({ ' gone': 8, ' alive': 0 });
});

it('drops the gauges of a chip five minutes after its last frame of any kind', async () => {
  const store = new MetricStore();
  const watts = store.gauge(WATTS);
  watts.series('loihi2', 'a').set(1);
  watts.series('loihi2', 'b').set(2);
  for (let i = 0; i < 301; i++) {
    store.tick();
    store.heard('loihi2', 'b');
  }
  expect(await values(store, 'watts')).toEqual({ ' loihi2 b': 2 });
});

it('makes room for new series by forgetting hidden ones', async () => {
  const { store, refused } = refusals(2);
  const counter = store.counter(LAYERS);
  counter.series('a').add(1);
  counter.series('b').add(1);
  for (let i = 0; i < 3601; i++) store.tick();
  counter.series('c').add(1);
  counter.series('d').add(1);
  expect(await values(store, 'n_total')).toEqual({ ' c': 1, ' d': 1 });
  expect(refused).toEqual([]);
});

it('says totals that an operator keeps, on top of what stood before a new start', async () => {
  const store = new MetricStore();
  const counter = store.counter(LAYERS);
  counter.series('a').total(10);
  counter.series('a').total(12);
  store.rebase(['n_total']);
  counter.series('a').total(5);
  expect(await values(store, 'n_total')).toEqual({ ' a': 17 });
});

it('is the same after a snapshot and restore, hidden series too', async () => {
  const make = () => {
    const store = new MetricStore();
    return {
      store,
      counter: store.counter(LAYERS),
      histogram: store.histogram({ ...LAYERS, name: 'h', le: [1, 2] }),
      gauge: store.gauge(WATTS),
    };
  };
  const one = make();
  one.counter.series('hidden').add(3);
  for (let i = 0; i < 3601; i++) one.store.tick();
  one.counter.series('a').add(4);
  one.histogram.series('a').total([1, 2, 3], 0, 9);
  one.gauge.series('loihi2', '0').set(-0.006);
  const two = make();
  two.store.restore(one.store.snapshot());
  for (const name of ['n_total', 'h', 'watts']) {
    expect(await values(two.store, name)).toEqual(await values(one.store, name));
  }
  two.counter.series('hidden').add(1);
  expect((await values(two.store, 'n_total'))[' hidden']).toBe(4);
});

it('refuses a name defined twice, bounds that do not ascend, a wrong number of labels', () => {
  const store = new MetricStore();
  const counter = store.counter(LAYERS);
  expect(() => store.gauge(LAYERS)).toThrow('n_total is defined twice');
  expect(() => store.histogram({ ...LAYERS, name: 'h', le: [2, 1] })).toThrow('ascending');
  expect(() => counter.series('a', 'b')).toThrow('1 labels, got 2');
});

it('takes a gauge out when what it told of is gone, and makes room for another', async () => {
  const { store, refused } = refusals(2);
  const gauge = store.gauge(WATTS);
  const first = gauge.series('loihi2', 'a');
  first.set(1);
  gauge.series('loihi2', 'b').set(2);
  first.remove();
  first.remove();
  expect(await values(store, 'watts')).toEqual({ ' loihi2 b': 2 });
  gauge.series('loihi2', 'c').set(3);
  expect(refused).toEqual([]);
  first.remove();
  gauge.series('loihi2', 'c').remove();
  gauge.series('loihi2', 'a').set(4);
  first.remove();
  expect(await values(store, 'watts')).toEqual({ ' loihi2 b': 2, ' loihi2 a': 4 });
});

it('takes out a gauge without labels, and one past the cap does no harm', async () => {
  const { store } = refusals(1);
  const alone = store.gauge({ ...WATTS, name: 'alone', labels: [] });
  alone.series().set(1);
  alone.series().remove();
  expect(await values(store, 'alone')).toEqual({});
  alone.series().set(0);
  expect(await values(store, 'alone')).toEqual({ '': 0 });
  const gauge = store.gauge(WATTS);
  gauge.series('loihi2', 'a').set(1);
  gauge.series('loihi2', 'b').remove();
  expect(await values(store, 'watts')).toEqual({ ' loihi2 a': 1 });
});
