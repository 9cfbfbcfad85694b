import { isLayerColumn, isNeuronColumn, isValueColumn, timeColumn } from './column-names.ts';
import type { SampleKind } from './samples.ts';

/** Two arrays of one length: times and ids of the spikes of a layer. */
export interface SpikeArrays {
  /** '' where the names give no layer. */
  readonly layer: string;
  readonly times: string;
  readonly ids: string;
  /** µs of a unit of the times by their name, `E_times_ms`. */
  readonly namedUnitUs: number | undefined;
  /** µs of a unit as the program has it that names arrays so. */
  readonly usualUnitUs: number | undefined;
  /** NEST's pair `times` and `senders`: ids are global. */
  readonly isNest: boolean;
}

/** A matrix of potentials with its axes. */
export interface PotentialArrays {
  readonly times: string;
  readonly timeUnitUs: number | undefined;
  readonly values: string;
  /** By the end of the name of the values, `v_mV`. */
  readonly unit: string | undefined;
  readonly layers: string | undefined;
  readonly neurons: string | undefined;
}

export interface NpzLayout {
  readonly kind: SampleKind;
  readonly spikes: readonly SpikeArrays[];
  readonly potentials: PotentialArrays | undefined;
}

/** Names of times and ids that belong together, with the unit of times that say none. */
const PAIRS: readonly { times: string; ids: readonly string[]; unitUs: number | undefined }[] = [
  // Brian2's SpikeMonitor keeps seconds, NEST's recorder milliseconds.
  { times: 't', ids: ['i'], unitUs: 1e6 },
  { times: 'times', ids: ['senders'], unitUs: 1e3 },
  { times: 'times', ids: ['ids', 'neurons', 'neuron', 'neuron_ids', 'i'], unitUs: undefined },
  { times: 'spike_times', ids: ['ids', 'neurons', 'neuron', 'neuron_ids'], unitUs: undefined },
];

/** What the arrays of a file are, by their names (without `.npy`); undefined for none of ours. */
export function npzLayout(names: readonly string[]): NpzLayout | undefined {
  const spikes = spikePairs(names);
  if (spikes.length > 0) return { kind: 'spikes', spikes, potentials: undefined };
  const potentials = potentialArrays(names);
  return potentials && { kind: 'membrane', spikes: [], potentials };
}

function spikePairs(names: readonly string[]): SpikeArrays[] {
  const found: SpikeArrays[] = [];
  const present = new Set(names);
  for (const times of names) {
    for (const pair of PAIRS) {
      const match = new RegExp(`^(?:(.+)_)?${pair.times}(?:_(us|ms|s))?$`).exec(times);
      if (match === null) continue;
      const [, layer = '', unit] = match;
      const ids = pair.ids.map((end) => (layer === '' ? end : `${layer}_${end}`));
      const partner = ids.find((name) => present.has(name));
      if (partner === undefined) continue;
      const namedUnitUs = unit === undefined ? undefined : timeColumn(`t_${unit}`)?.unitUs;
      const isNest = partner.endsWith('senders');
      const usualUnitUs = pair.unitUs;
      found.push({ layer, times, ids: partner, namedUnitUs, usualUnitUs, isNest });
      break;
    }
  }
  return found.length > 0 ? found : plainPair(names);
}

/** `time_ms` and `neuron`, named as the columns of a table would be. */
function plainPair(names: readonly string[]): SpikeArrays[] {
  const times = names.find((name) => timeColumn(name)?.unitUs !== undefined);
  const ids = names.find(isNeuronColumn);
  if (times === undefined || ids === undefined || names.some(isPotential)) return [];
  const namedUnitUs = timeColumn(times)?.unitUs;
  const isNest = ids === 'senders';
  return [{ layer: '', times, ids, namedUnitUs, usualUnitUs: undefined, isNest }];
}

function isPotential(name: string): boolean {
  return isValueColumn(name) || /^(?:v|vm|v_m|membrane)_[a-zµ]+$/i.test(name);
}

function potentialArrays(names: readonly string[]): PotentialArrays | undefined {
  const values = names.find(isPotential);
  const times = names.find((name) => timeColumn(name) !== undefined);
  if (values === undefined || times === undefined) return undefined;
  return {
    times,
    timeUnitUs: timeColumn(times)?.unitUs,
    values,
    unit: /_(mV|uV|µV|V)$/.exec(values)?.[1],
    layers: names.find(isLayerColumn),
    neurons: names.find(isNeuronColumn),
  };
}
