import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Exposition } from '../../../src/sinks/prometheus/exposition.ts';
import { MetricStore } from '../../../src/sinks/prometheus/metric-store.ts';
import { parseExposition } from './parse-exposition.ts';

const SPEC = { help: 'a "help"\nof two \\ lines', labels: ['a', 'b'], expires: 'never' } as const;

it('reads back as what was put in, whatever the labels are', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 140 }), { maxLength: 20 }),
      async (labels) => {
        const store = new MetricStore();
        const counter = store.counter({ ...SPEC, name: 'c_total' });
        for (const [i, label] of labels.entries()) {
          counter.series(label, '"\\\n}').add(i + 0.5);
        }
        const family = parseExposition(await new Exposition(store, () => {}).text()).get('c_total');
        let sum = 0;
        for (const { labels: read, value } of family?.samples ?? []) {
          expect(read['b']).toBe('"\\\ufffd}');
          expect(read['a']?.length).toBeLessThanOrEqual(128);
          expect(read['a']).not.toMatch(/\p{Cc}|\p{Surrogate}/u);
          sum += value;
        }
        expect(sum).toBe(labels.reduce((total, _, i) => total + i + 0.5, 0));
      },
    ),
    { numRuns: 100 },
  );
});

it('has buckets that accumulate, the last of them the count', async () => {
  const store = new MetricStore();
  const histogram = store.histogram({ ...SPEC, name: 'h', le: [-1, 0.5, 10], sumScale: 0.5 });
  histogram.series('x', 'y').add([1, 0, 2, 4], 7);
  const text = await new Exposition(store, () => {}).text();
  const samples = parseExposition(text)
    .get('h')
    ?.samples.map((s) => [s.labels['le'], s.value]);
  expect(samples).toEqual([
    ['-1', 1],
    ['0.5', 1],
    ['10', 3],
    ['+Inf', 7],
    [undefined, 3.5],
    [undefined, 7],
  ]);
});

it('writes values that are no finite number as Prometheus does', async () => {
  const store = new MetricStore();
  const gauge = store.gauge({ ...SPEC, name: 'g' });
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21, -0.006];
  for (const [i, value] of values.entries()) gauge.series(String(i), '').set(value);
  const text = await new Exposition(store, () => {}).text();
  expect(
    parseExposition(text)
      .get('g')
      ?.samples.map((s) => s.value),
  ).toEqual(values);
});

it('gives 10,000 histograms in turns of the event loop, once for scrapes at once', async () => {
  const store = new MetricStore({ seriesMax: 10_000 });
  const histogram = store.histogram({ ...SPEC, name: 'h', le: [1, 2, 5, 10, 20, 50, 100, 200] });
  for (let i = 0; i < 10_000; i++) histogram.series(`l${i}`, 'lif').add(Array(9).fill(i), i);
  let looked = 0;
  const exposition = new Exposition(store, () => looked++);
  let turns = 0;
  let isRunning = true;
  const count = () => {
    turns++;
    if (isRunning) setImmediate(count);
  };
  setImmediate(count);
  const [one, two] = await Promise.all([exposition.text(), exposition.text()]);
  isRunning = false;
  expect(one).toBe(two);
  expect(looked).toBe(1);
  expect(turns).toBeGreaterThan(10);
  const family = parseExposition(one).get('h');
  expect(family?.samples).toHaveLength(10_000 * 11);
});

it('shows families that came after the first scrape, and the process itself', async () => {
  const store = new MetricStore();
  const exposition = new Exposition(store, () => {});
  await exposition.text();
  store
    .counter({ ...SPEC, name: 'late_total', labels: [] })
    .series()
    .add(1);
  const families = parseExposition(await exposition.text());
  expect(families.get('late_total')?.samples).toEqual([
    { name: 'late_total', labels: {}, value: 1 },
  ]);
  expect(families.has('process_resident_memory_bytes')).toBe(true);
});
