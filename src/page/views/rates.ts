import { type ComponentChild, h } from 'preact';
import { Chart } from '../chart.ts';
import { decimal } from '../format.ts';
import { bars, empty, loading } from '../parts.ts';
import type { PageState } from '../state.ts';

/** Mean rates of layers over time, and how the neurons of each are spread. */
export function RatesView({ state }: { state: PageState }): ComponentChild {
  if (!state.loaded.has('rates')) return loading();
  const layers = [...state.rates.values()];
  if (layers.length === 0) {
    return empty(
      h('p', null, 'No window has closed yet.'),
      h('p', null, 'A rate needs frames that cover a window from start to end, silent spans too.'),
    );
  }
  const bounds = [...state.leHz.map((le) => `≤${le}`), `>${state.leHz.at(-1)}`];
  const seconds = (layers[0]?.window_us ?? 0) / 1e6;
  return h(
    'div',
    null,
    h('h2', null, 'Rates'),
    h(
      'section',
      { class: 'card' },
      h('h3', null, `Mean rate of all neurons, by window of ${decimal(seconds)} s`),
      h(Chart, {
        label: 'Mean rates of layers',
        unit: 'Hz',
        height: 280,
        format: (hz) => `${decimal(hz)} Hz`,
        lines: layers.map(({ id, windows }) => ({ name: id, ...windows })),
      }),
    ),
    h(
      'div',
      { class: 'cards' },
      ...layers.map((layer) =>
        h(
          'section',
          { class: 'card', key: layer.id },
          h('h3', null, layer.id),
          h(
            'p',
            { class: 'legend' },
            `${layer.neuron_count} ${layer.neuron_type} neurons by rate in the last window, Hz; `,
            `mean ${decimal(layer.windows.values.at(-1))} Hz`,
          ),
          bars(`Neurons of ${layer.id} by rate in Hz`, layer.histogram, bounds),
        ),
      ),
    ),
  );
}
