import { type ComponentChild, h } from 'preact';
import { useMemo } from 'preact/hooks';
import { scaleColour } from '../colour-scale.ts';
import { decimal, fullTime, timeOf, whole } from '../format.ts';
import { changeQuery, type Place } from '../location.ts';
import { empty, loading } from '../parts.ts';
import type { PageState } from '../state.ts';
import { CoreCanvas } from './core-canvas.ts';

const UTILIZATION = 'utilization';
/** Above this, over all chips, each chip is a picture without numbers. */
const NUMBERS_MAX = 1024;

/** The cores of every chip, coloured by utilization or by an activity counter. */
export function CoresView({ state, place }: { state: PageState; place: Place }): ComponentChild {
  if (!state.loaded.has('cores')) return loading();
  const chips = [...state.cores.values()];
  if (chips.length === 0) return empty('No chip has sent its cores yet (frames of kind cores).');
  const counters = [...new Set(chips.flatMap(({ activity }) => Object.keys(activity)))].sort();
  const by = place.query['by'] ?? UTILIZATION;
  const shown = counters.includes(by) ? by : UTILIZATION;
  const pick = (event: Event) => {
    changeQuery({ by: (event.currentTarget as HTMLSelectElement).value });
  };
  const max =
    shown === UTILIZATION ? 100 : chips.reduce((most, chip) => mostOf(chip, shown, most), 1);
  const cores = chips.reduce((sum, { core_ids }) => sum + core_ids.length, 0);
  const isPicture = cores > NUMBERS_MAX;
  return h(
    'div',
    null,
    h('h2', null, 'Core map'),
    h(
      'div',
      { class: 'bar' },
      h('label', { for: 'by' }, 'Coloured by'),
      h(
        'select',
        { id: 'by', value: shown, onChange: pick },
        ...[UTILIZATION, ...counters].map((name) => h('option', { key: name, value: name }, name)),
      ),
      legend(shown, max),
    ),
    state.coresRefused === 0
      ? null
      : h(
          'p',
          { class: 'alert' },
          `${whole(state.coresRefused)} cores are past what the page shows.`,
        ),
    h(
      'div',
      { class: 'chips' },
      ...chips.map((chip) => h(ChipCard, { key: chip.id, chip, by: shown, max, isPicture })),
    ),
  );
}

type Chip = PageState['cores'] extends Map<string, infer C> ? C : never;

function valuesOf(chip: Chip, by: string): readonly number[] {
  return by === UTILIZATION ? chip.utilization_percent : (chip.activity[by] ?? []);
}

function mostOf(chip: Chip, by: string, least: number): number {
  return valuesOf(chip, by).reduce((most, value) => Math.max(most, value), least);
}

interface Shown {
  readonly by: string;
  readonly max: number;
  readonly isPicture: boolean;
}

/** Made anew only when the chip has sent something: there may be hundreds. */
function ChipCard({ chip, by, max, isPicture }: Shown & { readonly chip: Chip }): ComponentChild {
  return useMemo(() => chipCard(chip, { by, max, isPicture }), [chip, by, max, isPicture]);
}

function chipCard(chip: Chip, { by, max, isPicture }: Shown): ComponentChild {
  const values = valuesOf(chip, by);
  const unit = by === UTILIZATION ? ' %' : '';
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const layers = [...new Set(chip.layers ?? [])].filter((name) => name !== '');
  return h(
    'section',
    { class: 'card' },
    h('h3', null, chip.id),
    h(
      'p',
      { class: 'legend' },
      `${chip.core_ids.length} cores, mean ${decimal(mean, 3)}${unit}, `,
      h('span', { title: fullTime(chip.t_us) }, timeOf(chip.t_us)),
    ),
    isPicture
      ? h(CoreCanvas, {
          label: spoken(chip, values, unit),
          shares: chip.core_ids.map((_, i) => shareOf(values[i], max)),
          titleOf: (i) => titleOf(chip, i, values[i], unit),
        })
      : h(
          'div',
          { class: 'cores', role: 'img', 'aria-label': spoken(chip, values, unit) },
          ...chip.core_ids.map((core, i) => {
            const value = values[i];
            const { back, text } = scaleColour((value ?? 0) / max);
            const style = value === undefined ? undefined : { background: back, color: text };
            const title = titleOf(chip, i, value, unit);
            const shown = value === undefined ? '?' : String(Math.round(value));
            return h('div', { key: core, class: 'core', title, style }, shown);
          }),
        ),
    layers.length === 0 ? null : h('p', { class: 'legend' }, `Layers: ${layers.join(', ')}`),
  );
}

function shareOf(value: number | undefined, max: number): number | undefined {
  return value === undefined ? undefined : value / max;
}

function titleOf(chip: Chip, i: number, value: number | undefined, unit: string): string {
  const layer = chip.layers?.[i];
  const where = layer === undefined || layer === '' ? '' : `, layer ${layer}`;
  const amount = value === undefined ? 'not known' : decimal(value);
  return `core ${chip.core_ids[i]}: ${amount}${unit}${where}`;
}

function spoken({ core_ids, layers }: Chip, values: readonly number[], unit: string): string {
  const each = core_ids.slice(0, 64).map((core, i) => {
    const layer = layers?.[i];
    return `core ${core} ${decimal(values[i], 3)}${unit}${layer ? ` ${layer}` : ''}`;
  });
  return each.join(', ');
}

function legend(by: string, max: number): ComponentChild {
  const steps = [0, 0.25, 0.5, 0.75, 1];
  return h(
    'span',
    { class: 'legend' },
    ...steps.map((step) =>
      h(
        'span',
        { key: step },
        h('i', { class: 'swatch', style: { background: scaleColour(step).back } }),
        by === UTILIZATION ? `${step * 100} %` : whole(step * max),
      ),
    ),
  );
}
