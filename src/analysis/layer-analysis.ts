import type { MembraneFrame } from '../frames/membrane.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import type { MembraneHistograms } from '../operators/bin-membrane.ts';
import type { SpikeRate } from '../operators/measure-spike-rate.ts';
import type { RecordedLayer } from '../recordings/recording.ts';
import { LayerMembrane } from './layer-membrane.ts';
import { LayerSpikes, type LayerSpikesOptions, type NeuronValues } from './layer-spikes.ts';
import { LayerWindows, type LayerWindowsOptions } from './layer-windows.ts';
import type { LayerResult } from './result.ts';

/** One layer: what its spikes, its windows and its potentials add up to. */
export class LayerAnalysis {
  private readonly spikes: LayerSpikes;
  private readonly windows: LayerWindows;
  private membrane: LayerMembrane | undefined;
  private readonly isListed: boolean;

  constructor(options: LayerSpikesOptions & LayerWindowsOptions) {
    this.spikes = new LayerSpikes(options);
    this.windows = new LayerWindows(options);
    this.isListed = options.isListed;
  }

  declare({ deviceType, chipId, neuronType, neuronCount }: RecordedLayer): void {
    this.spikes.declare(`${deviceType}/${chipId}`, neuronType, neuronCount);
  }

  addSpikes(frame: SpikesFrame): void {
    this.spikes.add(frame);
  }

  /** False, and nothing added, for potentials in another unit than the layer's first ones. */
  addMembrane(frame: MembraneFrame): boolean {
    this.membrane ??= new LayerMembrane(frame.unit);
    if (frame.unit !== this.membrane.unit) return false;
    this.membrane.add(frame);
    return true;
  }

  observed(rate: SpikeRate): void {
    this.windows.add(rate, this.spikes.seenCount);
  }

  binned(histograms: MembraneHistograms): void {
    this.membrane?.binned(histograms);
  }

  get outside(): number {
    return this.spikes.outside;
  }

  neurons(): NeuronValues | undefined {
    return this.spikes.neurons();
  }

  result(): LayerResult {
    const { windows, fano } = this.windows.result(this.spikes.atEnd);
    const { fano_factor_neurons, isi, bursts, synchrony, ...rates } = this.spikes.result();
    return {
      ...rates,
      ...(this.isListed ? { windows } : {}),
      isi,
      fano_factor_neurons,
      fano_factor_windows: fano,
      bursts,
      synchrony,
      membrane: this.membrane?.result() ?? null,
    };
  }

  /** What a person should know of how these numbers came about. */
  remarks(name: string): string[] {
    const { unordered, isReduced, outside } = this.spikes;
    const { repeated, unlisted } = this.windows;
    const said: string[] = [];
    if (unordered > 0) {
      said.push(
        `${unordered} spikes come before earlier ones of their neuron, and make no interval`,
      );
    }
    if (isReduced) said.push('too many neurons: intervals, bursts and synchrony are left out');
    if (outside > 0) said.push(`${outside} spikes of neurons beyond those it is said to have`);
    if (repeated > 0)
      said.push(`${repeated} windows come again, for time goes back; the first stay`);
    if (unlisted > 0) said.push(`${unlisted} windows are not listed, for there are too many`);
    return said.map((text) => `Layer ${name}: ${text}.`);
  }
}
