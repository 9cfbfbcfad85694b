import { basename } from 'node:path';
import type { ReadingNotes } from './reading-notes.ts';
import type { SampleColumns } from './samples.ts';

/** A layer of a recording and the ids that are its neurons. */
export interface LayerRange {
  readonly name: string;
  /** What stands for the layer in files that name layers, where it is not its name. */
  readonly column?: string;
  readonly firstId: number;
  readonly neuronCount: number;
}

/** What a file's samples are held against: layers and the time that the recording covers. */
export interface Population {
  readonly layers: readonly LayerRange[];
  readonly startUs: number;
  readonly endUs: number;
}

/** A population made ready to be looked up; one serves any number of files. */
export class LayerIndex {
  readonly population: Population;
  readonly byName: ReadonlyMap<string, number>;
  /** Layers in the order of their ids, for files that name none. */
  readonly byId: readonly number[];

  constructor(population: Population) {
    this.population = population;
    const { layers } = population;
    const firstId = (layer: number) => layers[layer]?.firstId ?? 0;
    this.byName = new Map(layers.map(({ name, column }, i) => [column ?? name, i]));
    this.byId = layers.map((_, i) => i).sort((a, b) => firstId(a) - firstId(b) || a - b);
  }
}

/**
 * Turns names and ids of one file into layers and neurons, in place; takes out what belongs to no
 * layer or lies outside the recording's time, and counts it.
 */
export class LayerMap {
  private readonly population: Population;
  private readonly notes: ReadingNotes;
  private readonly path: string;
  private readonly byName: ReadonlyMap<string, number>;
  private readonly byId: readonly number[];
  private readonly resolved: number[] = [];
  private strangers = 0;
  private stranger = '';
  private untimely = 0;
  private untimelyUs = 0;

  constructor({ population, byName, byId }: LayerIndex, path: string, notes: ReadingNotes) {
    this.population = population;
    this.path = path;
    this.notes = notes;
    this.byName = byName;
    this.byId = byId;
  }

  map(samples: SampleColumns, names: readonly string[]): void {
    const { startUs, endUs, layers } = this.population;
    const { timeUs, layer, neuron, value } = samples;
    let kept = 0;
    let last = 0;
    for (let i = 0; i < samples.length; i++) {
      const id = neuron[i] as number;
      const named = layer[i] as number;
      if (named >= 0) last = this.resolved[named] ?? this.resolve(named, names);
      else if (!this.holds(last, id)) last = this.layerOf(id);
      const range = layers[last];
      const local = range === undefined ? -1 : id - range.firstId;
      if (range === undefined || local < 0 || local >= range.neuronCount) {
        this.countStranger(names[named], id);
        continue;
      }
      const time = timeUs[i] as number;
      if (time < startUs || time > endUs) {
        if (this.untimely++ === 0) this.untimelyUs = time;
        continue;
      }
      timeUs[kept] = time;
      layer[kept] = last;
      neuron[kept] = local;
      if (value !== undefined) value[kept] = value[i] as number;
      kept++;
    }
    samples.length = kept;
  }

  /** Puts what was left out into the notes; once a pass. */
  finish(): void {
    const { notes } = this;
    const { startUs, endUs } = this.population;
    const file = basename(this.path);
    notes.samplesOutside += this.strangers + this.untimely;
    if (this.strangers > 0) {
      notes.remark(`${file}: ${this.strangers} samples of neurons in no layer are left out (the \
first: ${this.stranger}); check first_id and last_id of the layers in meta.json.`);
    }
    if (this.untimely > 0) {
      notes.remark(`${file}: ${this.untimely} samples lie outside the recording's time and are \
left out (the first at ${this.untimelyUs} µs, of ${startUs} to ${endUs} µs); check the unit of the \
times, and duration_ms, t_start_ms and dt_ms in meta.json.`);
    }
    this.strangers = 0;
    this.untimely = 0;
  }

  private countStranger(layer: string | undefined, id: number): void {
    if (this.strangers++ === 0) {
      this.stranger = layer === undefined ? `id ${id}` : `layer ${JSON.stringify(layer)}, id ${id}`;
    }
  }

  private resolve(named: number, names: readonly string[]): number {
    const layer = this.byName.get(names[named] as string) ?? -1;
    this.resolved[named] = layer;
    return layer;
  }

  private firstId(layer: number): number {
    return this.population.layers[layer]?.firstId ?? 0;
  }

  private holds(layer: number, id: number): boolean {
    const range = this.population.layers[layer];
    return range !== undefined && id >= range.firstId && id < range.firstId + range.neuronCount;
  }

  /** The layer whose ids hold this one; -1 for none. */
  private layerOf(id: number): number {
    let low = 0;
    let high = this.byId.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.firstId(this.byId[middle] as number) <= id) low = middle + 1;
      else high = middle;
    }
    const layer = this.byId[low - 1];
    return layer !== undefined && this.holds(layer, id) ? layer : -1;
  }
}
