import { type ComponentChild, h } from 'preact';
import { Chart } from '../chart.ts';
import { decimal, whole } from '../format.ts';
import { bars, empty, loading } from '../parts.ts';
import type { PageState } from '../state.ts';

/** Potentials of some neurons over time, and a histogram of each layer. */
export function MembraneView({ state }: { state: PageState }): ComponentChild {
  if (!state.loaded.has('membrane')) return loading();
  const layers = [...state.membrane.values()];
  if (layers.length === 0) return empty('No membrane potentials have come yet.');
  return h(
    'div',
    null,
    h('h2', null, 'Membrane potentials'),
    h(
      'div',
      { class: 'cards' },
      ...layers.map(({ id, unit, samples, not_finite, histogram, traces }) => {
        const shown = unit === '1' ? '' : unit;
        const bounds = [...histogram.le.map((le) => `≤${le}`), `>${histogram.le.at(-1)}`];
        return h(
          'section',
          { class: 'card', key: id },
          h('h3', null, id),
          h(Chart, {
            label: `Potentials of neurons of ${id}`,
            unit: shown,
            format: (value) => `${decimal(value)} ${shown}`,
            lines: traces.map(({ neuron_id, potentials }) => ({
              name: `neuron ${neuron_id}`,
              ...potentials,
            })),
          }),
          h(
            'p',
            { class: 'legend' },
            `All ${whole(samples)} samples by potential${shown === '' ? '' : `, ${shown}`}; `,
            `not a number in these traces: ${whole(not_finite)}`,
          ),
          bars(`Samples of ${id} by potential`, histogram.count, bounds),
        );
      }),
    ),
  );
}
