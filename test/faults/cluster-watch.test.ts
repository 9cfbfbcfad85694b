import { expect, it } from 'vitest';
import { ClusterWatch, overPartitions } from '../../scripts/faults/cluster/watch.ts';

const NONE = new Map<string, number>();
const watched = (...values: readonly (readonly [series: string, value: number])[]) => {
  const watch = new ClusterWatch(() => Promise.resolve([]));
  for (const [series, value] of values) {
    watch.judge({ counters: new Map([[series, value]]), gauges: NONE });
  }
  return watch.faults;
};

it('lets a counter of a partition go on with another worker, and not fall', () => {
  const series = 'neural_spikes_total{partition="3",layer="a"}';
  expect(watched([series, 5], [series, 5], [series, 9])).toEqual([]);
  expect(watched([series, 5], [series, 4], [series, 5])).toEqual([
    `sample 2: ${series} fell from 5 to 4`,
  ]);
});

it('knows no order of what workers answered at one look, but one of looks', () => {
  const series = 'neural_spikes_total{partition="3"}';
  const shown = (value: number) => ({ counters: new Map([[series, value]]), gauges: NONE });
  const watch = new ClusterWatch(() => Promise.resolve([]));
  watch.judge(shown(5));
  // The second had the partition before the first took it over.
  watch.judge(shown(9), shown(7));
  expect(watch.faults).toEqual([]);
  watch.judge(shown(8), shown(9));
  expect(watch.faults).toEqual([`sample 4: ${series} fell from 9 to 8`]);
});

it('looks at no counter of a process: it starts anew with it', () => {
  expect(watched(['spikescope_dropped_total{sink="a"}', 5], ['spikescope_x_total', 1])).toEqual([]);
});

it('sums over partitions, wherever the label stands', () => {
  const sums = overPartitions(
    new Map([
      ['a_total{partition="1"}', 1],
      ['a_total{partition="2"}', 2],
      ['b_total{partition="1",kind="x"}', 3],
      ['b_total{kind="x",partition="2"}', 4],
      ['b_total{kind="y"}', 5],
    ]),
  );
  expect([...sums]).toEqual([
    ['a_total', 3],
    ['b_total{kind="x"}', 7],
    ['b_total{kind="y"}', 5],
  ]);
});
