import type { Analysis } from '../../analysis/result.ts';
import { badge, type Tile, tiles } from '../blocks.ts';
import { type Child, element, fragment, type Markup } from '../markup.ts';
import { durationText, exact, shown, si, timeText } from '../values.ts';
import type { ReportInput } from './report-input.ts';

/** The few numbers that are looked at first. */
export function summary({ analysis }: ReportInput): Markup {
  const { layers, duration_us, total_spikes, incidents } = analysis;
  const list = Object.values(layers);
  const neurons = list.reduce((sum, { neuron_count }) => sum + (neuron_count ?? 0), 0);
  const active = list.reduce((sum, { active_neurons }) => sum + active_neurons, 0);
  const rate = duration_us > 0 && neurons > 0 ? total_spikes / neurons / (duration_us / 1e6) : null;
  const worst = ['critical', 'warning', 'info'].find((name) =>
    incidents.some(({ severity }) => severity === name),
  );
  const all: Tile[] = [
    { name: 'Duration', value: exact(duration_us, durationText(duration_us)) },
    { name: 'Spikes', value: exact(total_spikes) },
    { name: 'Neurons', value: exact(neurons), note: `${shown(active)} with a spike` },
    { name: 'Layers', value: exact(list.length) },
    { name: 'Mean rate', value: exact(rate, si(rate, 'Hz')), note: 'over all neurons' },
    ...powerTiles(analysis),
    {
      name: 'Incidents',
      value: exact(incidents.length),
      note: incidents.length === 0 ? 'none found' : worst && `the worst: ${worst}`,
    },
    { name: 'Completeness', value: verdict(analysis) },
  ];
  return tiles(all);
}

function powerTiles({ power }: Analysis): Tile[] {
  const chips = Object.values(power);
  if (chips.length === 0) return [];
  const sum = (pick: (chip: (typeof chips)[number]) => number | null): number | null => {
    const known = chips.map(pick).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((all, value) => all + value, 0);
  };
  const watts = sum(({ mean_watts }) => mean_watts);
  const joules = sum(({ energy_joules }) => energy_joules);
  const note = chips.length === 1 ? 'one chip' : `${chips.length} chips together`;
  return [
    { name: 'Mean power', value: exact(watts, si(watts, 'W')), note },
    { name: 'Energy', value: exact(joules, si(joules, 'J')), note },
  ];
}

export function isComplete({ completeness }: Analysis): boolean {
  return Object.values(completeness).every((value) => value === 0 || value === false);
}

function verdict(analysis: Analysis): Markup {
  return isComplete(analysis) ? badge('good', 'complete') : badge('bad', 'incomplete');
}

/** What it is of, below the title. */
export function subtitle({ analysis, format, startUs }: ReportInput): Child {
  const { duration_us } = analysis;
  return fragment(
    'Report of the recording ',
    element('bdi', {}, analysis.recording),
    ` (${format}), from ${timeText(startUs)} to ${timeText(startUs + duration_us)}.`,
  );
}
