import { type ComponentChild, h } from 'preact';
import type { LiveBenchmark } from '../../sinks/live/schemas.ts';
import { decimal, fullTime, si, timeOf } from '../format.ts';
import { type Column, empty, loading, table } from '../parts.ts';
import type { PageState } from '../state.ts';

/** Models by hardware: the last result, its change, and the results before it. */
export function BenchmarksView({ state }: { state: PageState }): ComponentChild {
  if (!state.loaded.has('benchmarks')) return loading();
  const all = [...state.benchmarks.values()];
  if (all.length === 0) {
    return empty(
      'No benchmark result has come since the service started. ',
      'Executors are asked on schedule; see docs/benchmarking-models.md.',
    );
  }
  const hardware = [...new Set(all.map((each) => each.hardware))].sort();
  const models = [...new Set(all.map((each) => each.model))].sort();
  const columns: Column<string>[] = [
    { name: 'Model', cell: (model) => model, isText: true },
    ...hardware.map(
      (name): Column<string> => ({
        name,
        cell: (model) =>
          resultCell(all.find((each) => each.model === model && each.hardware === name)),
      }),
    ),
  ];
  return h(
    'div',
    null,
    h('h2', null, 'Benchmarks'),
    table('Latency of one inference, by model and hardware', columns, models, (model) => model),
    h(
      'section',
      null,
      table('Last results', RESULTS, all, (each) => `${each.hardware} ${each.model}`),
    ),
  );
}

function resultCell(result: LiveBenchmark | undefined): ComponentChild | string {
  if (result === undefined) return '–';
  const latency = si(result.values['latency_seconds'], 's');
  const past = result.history.map((each) => si(each['latency_seconds'], 's'));
  return h('span', { title: `before, oldest first: ${past.join(', ')}` }, latency);
}

const RESULTS: readonly Column<LiveBenchmark>[] = [
  { name: 'Model', cell: ({ model }) => model, isText: true },
  { name: 'Hardware', cell: ({ hardware }) => hardware, isText: true },
  { name: 'When', cell: ({ t0_us }) => h('span', { title: fullTime(t0_us) }, timeOf(t0_us)) },
  { name: 'Latency', cell: ({ values }) => si(values['latency_seconds'], 's'), isNumber: true },
  {
    name: 'Against the median',
    cell: ({ change_against_median: change }) => percent(change['latency_seconds']),
    isNumber: true,
  },
  {
    name: 'Per second',
    cell: ({ values }) => decimal(values['throughput_per_second']),
    isNumber: true,
  },
  { name: 'Accuracy', cell: ({ values }) => decimal(values['accuracy']), isNumber: true },
  { name: 'Energy', cell: ({ values }) => si(values['energy_joules'], 'J'), isNumber: true },
  { name: 'Results', cell: ({ history }) => String(history.length), isNumber: true },
];

function percent(change: number | undefined): string {
  if (change === undefined) return '–';
  return `${change > 0 ? '+' : ''}${decimal(change * 100, 3)} %`;
}
