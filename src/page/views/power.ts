import { type ComponentChild, h } from 'preact';
import type { LiveInference } from '../../sinks/live/schemas.ts';
import { Chart } from '../chart.ts';
import { decimal, duration, si, whole } from '../format.ts';
import { type Column, empty, loading, table } from '../parts.ts';
import type { PageState } from '../state.ts';

/** Power of each chip by rail, its energy, and what inferences cost. */
export function PowerView({ state }: { state: PageState }): ComponentChild {
  if (!state.loaded.has('power')) return loading();
  const chips = Map.groupBy(state.rails.values(), (rail) => `${rail.device_type}/${rail.chip_id}`);
  const inferences = [...state.inferences.values()];
  if (chips.size === 0 && inferences.length === 0) return empty('No chip has said its power yet.');
  return h(
    'div',
    null,
    h('h2', null, 'Power'),
    h(
      'div',
      { class: 'cards' },
      ...[...chips].map(([chip, rails]) =>
        h(
          'section',
          { class: 'card', key: chip },
          h('h3', null, chip),
          h(Chart, {
            label: `Power of ${chip}`,
            unit: 'W',
            format: (watts) => si(watts, 'W'),
            lines: rails.map(({ rail, component, watts }) => ({
              name: component === 'total' ? rail : `${rail} ${component}`,
              ...watts,
            })),
          }),
          h('p', null, `Energy so far: ${energyOf(rails)}`),
        ),
      ),
    ),
    inferences.length === 0
      ? empty('No inference frames: energy per inference comes with them.')
      : table(
          'Inferences, last batch',
          COLUMNS,
          inferences,
          (each) => `${each.hardware}/${each.model_name}`,
        ),
  );
}

interface Rail {
  readonly rail: string;
  readonly component: string;
  readonly energy_joules: number;
}

function energyOf(rails: readonly Rail[]): string {
  const total = rails.find(({ rail, component }) => rail === 'total' && component === 'total');
  if (total !== undefined) return si(total.energy_joules, 'J');
  return rails.map(({ rail, energy_joules }) => `${rail} ${si(energy_joules, 'J')}`).join(', ');
}

const COLUMNS: readonly Column<LiveInference>[] = [
  { name: 'Model', cell: ({ model_name }) => model_name, isText: true },
  { name: 'Hardware', cell: ({ hardware }) => hardware, isText: true },
  { name: 'Count', cell: ({ count }) => whole(count), isNumber: true },
  {
    name: 'Per inference',
    cell: (each) => si(each.energy_per_inference_joules, 'J'),
    isNumber: true,
  },
  {
    name: 'Per synaptic operation',
    cell: (each) => si(each.energy_per_synaptic_operation_joules, 'J'),
    isNumber: true,
  },
  { name: 'Latency, mean', cell: ({ latency_mean_us: us }) => duration(us), isNumber: true },
  {
    name: 'Times better than',
    cell: ({ energy_efficiency_ratio: ratio, baseline_name: name }) =>
      ratio === undefined ? '–' : `${decimal(ratio)} × ${name ?? ''}`,
    isText: true,
  },
];
