import type { Frame } from '../frames/frame.ts';
import type { SpikesFrame } from '../frames/spikes.ts';
import { type CsvHeader, columnOf } from './csv-header.ts';
import type { RecordedLayer } from './recording.ts';
import { RecordingError } from './recording-error.ts';
import { DECLARED_MAX, layerKey } from './spk-header.ts';

interface Part {
  layer: RecordedLayer;
  /** End of what the layer's frames cover, µs; undefined before the first. */
  coveredUs: number | undefined;
}

/** What the rows of a CSV file leave unsaid: layers, the time covered, steps. */
export class CsvParts {
  /** What stands in the column of the layer, by part. */
  readonly columns: string[] = [];
  private readonly parts: Part[] = [];
  private readonly byKey = new Map<string, number>();
  private readonly taken = new Set<string>();
  private startUs = Number.POSITIVE_INFINITY;
  private endUs = 0;
  private timestepUs: number | undefined;
  private hasSteps: boolean | undefined;
  private lostSteps = false;
  private lostOffset = false;
  private changes = 0;
  private uncovered = 0;

  constructor(layers: readonly RecordedLayer[]) {
    for (const layer of layers) this.add(layer);
  }

  /** Takes the time that a frame covers. */
  cover(frame: Frame): void {
    this.startUs = Math.min(this.startUs, frame.t0Us);
    this.endUs = Math.max(this.endUs, frame.t0Us + frame.spanUs);
  }

  /** Number of the frame's part. */
  part(frame: SpikesFrame): number {
    const { layerName: name, neuronType, neuronCount, deviceType, chipId } = frame;
    const layer = { name, neuronType, neuronCount, deviceType, chipId };
    const number = this.byKey.get(layerKey(layer)) ?? this.add(layer);
    const part = this.parts[number] as Part;
    const known = part.layer;
    if (known.neuronCount !== neuronCount || known.neuronType !== neuronType) {
      this.changes++;
      part.layer = { ...layer, neuronCount: Math.max(known.neuronCount, neuronCount) };
    }
    if (frame.neuronOffset !== 0) this.lostOffset = true;
    if (part.coveredUs !== undefined && frame.t0Us > part.coveredUs) this.uncovered++;
    part.coveredUs = Math.max(part.coveredUs ?? 0, frame.t0Us + frame.spanUs);
    this.step(frame);
    return number;
  }

  header(stated: {
    readonly name: string;
    readonly startUs?: number | undefined;
    readonly durationUs?: number | undefined;
  }): CsvHeader {
    const seenUs = Number.isFinite(this.startUs) ? this.startUs : (stated.startUs ?? 0);
    const startUs = Math.min(stated.startUs ?? seenUs, seenUs);
    // A last frame of 1 µs holds what lies at exactly the stated end.
    const isStated = stated.durationUs !== undefined && this.endUs <= stated.durationUs + 1;
    const durationUs = isStated ? (stated.durationUs as number) : this.endUs;
    return {
      name: stated.name,
      startUs,
      durationUs: Math.max(startUs, durationUs),
      timestepUs: this.hasSteps && !this.lostSteps ? this.timestepUs : undefined,
      layers: this.parts.map(({ layer }, i) => ({ ...layer, column: this.columns[i] as string })),
    };
  }

  /** Sentences on what the file can't say. */
  remarks(): string[] {
    const texts: string[] = [];
    if (this.changes > 0) {
      texts.push(`Layers changed their neuron_count or neuron_type ${this.changes} times; the CSV \
has the largest count and the last type.`);
    }
    if (this.uncovered > 0) {
      texts.push(`${this.uncovered} stretches of a layer are covered by no frame; in CSV they read \
as silence.`);
    }
    if (this.lostSteps) texts.push('Numbers of timesteps are left out: they are not time / step.');
    if (this.lostOffset) texts.push('neuron_offset is left out: CSV has ids within the part.');
    return texts;
  }

  private add(layer: RecordedLayer): number {
    const known = this.byKey.get(layerKey(layer));
    if (known !== undefined) return known;
    const number = this.parts.length;
    if (number >= DECLARED_MAX) {
      throw new RecordingError(
        'too_large',
        `more than ${DECLARED_MAX} layers are too many for CSV. Write a .spk file instead.`,
      );
    }
    const column = columnOf(layer.name, number, this.taken);
    this.taken.add(column);
    this.columns.push(column);
    this.parts.push({ layer, coveredUs: undefined });
    this.byKey.set(layerKey(layer), number);
    return number;
  }

  /** Steps are told by their length alone, as long as they count with the time. */
  private step({ t0Us, timestep0, timestepUs }: SpikesFrame): void {
    const has = timestep0 !== undefined || timestepUs !== undefined;
    this.hasSteps ??= has;
    this.timestepUs ??= timestepUs;
    const isPlain = timestepUs !== undefined && timestep0 === Math.ceil(t0Us / timestepUs);
    const isSame = has === this.hasSteps && timestepUs === this.timestepUs;
    if (!isSame || (has && !isPlain)) this.lostSteps = true;
  }
}
