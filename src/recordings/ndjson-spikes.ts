import { basename } from 'node:path';
import { isLayerColumn, isNeuronColumn, timeColumn } from './column-names.ts';
import type { FileHead } from './file-head.ts';
import { LineReader } from './line-reader.ts';
import { NameTable } from './name-table.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleColumns, SampleFormat, SampleReader } from './samples.ts';
import { scannedGlimpse } from './scanned-order.ts';
import { wholeUs } from './whole-us.ts';

/** A line holds one spike. */
const LINE_BYTES_MAX = 1 << 16;

/** Keys of the lines, as the first one shows. */
interface Keys {
  readonly time: string;
  readonly timeUnitUs: number;
  readonly isStep: boolean;
  readonly neuron: string;
  readonly layer: string | undefined;
}

/** A spike a line, `{"time_ms": 12.5, "layer": "E", "neuron": 7}`; keys as columns of a CSV. */
export const ndjsonSpikes: SampleFormat = {
  name: 'ndjson',
  metaFormats: ['ndjson', 'jsonl'],

  recognise: (file) => (namesOf(file) === undefined ? undefined : 'spikes'),

  async open(file, context) {
    const names = namesOf(file);
    if (names === undefined || context.kind !== 'spikes') {
      throw new RecordingError(
        'table',
        `${file.name}: its lines should be spikes such as {"time_ms": 12.5, "layer": "E", \
"neuron": 7}.`,
      );
    }
    const time = timeColumn(names.time);
    const timeUnitUs = time?.isStep ? context.dtUs : (time?.unitUs ?? context.timeUnitUs);
    if (timeUnitUs === undefined) {
      throw new RecordingError(
        'table',
        `${file.name}: the key ${names.time} has no unit. Name it time_ms, time_us or time_s, or \
give "units": {"time": "ms"} in a meta.json.`,
      );
    }
    const keys: Keys = { ...names, timeUnitUs, isStep: time?.isStep === true };
    const read = (notes: ReadingNotes, chunkBytes: number) =>
      JsonSpikeReader.open(file.path, keys, context.layer, notes, chunkBytes);
    return {
      path: file.path,
      format: 'ndjson',
      kind: 'spikes',
      unit: '1',
      timestepUs: keys.isStep ? context.dtUs : undefined,
      namesLayers: context.layer !== undefined || keys.layer !== undefined,
      samplesAtOnce: 1,
      bytes: file.size,
      read,
      glimpse: scannedGlimpse({ read, kind: 'spikes' }),
    };
  },
};

function namesOf(file: FileHead): Pick<Keys, 'time' | 'neuron' | 'layer'> | undefined {
  const text = Buffer.from(file.bytes).toString('utf8').trimStart();
  if (!text.startsWith('{')) return undefined;
  const keys = Object.keys(objectOf(text.slice(0, text.search(/\r?\n|$/))) ?? {});
  const time = keys.find((key) => timeColumn(key) !== undefined);
  const neuron = keys.find(isNeuronColumn);
  if (time === undefined || neuron === undefined) return undefined;
  return { time, neuron, layer: keys.find(isLayerColumn) };
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object'
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

class JsonSpikeReader implements SampleReader {
  readonly names: readonly string[];
  private readonly table = new NameTable();
  private readonly lines: LineReader;
  private readonly keys: Keys;
  private readonly onlyLayer: number;
  private readonly notes: ReadingNotes;
  private readonly fileName: string;

  private constructor(
    lines: LineReader,
    keys: Keys,
    layer: string | undefined,
    notes: ReadingNotes,
    fileName: string,
  ) {
    this.lines = lines;
    this.keys = keys;
    this.notes = notes;
    this.fileName = fileName;
    this.names = this.table.names;
    this.onlyLayer = layer === undefined ? -1 : this.table.findText(layer);
  }

  static async open(
    path: string,
    keys: Keys,
    layer: string | undefined,
    notes: ReadingNotes,
    chunkBytes: number,
  ): Promise<JsonSpikeReader> {
    const lines = await LineReader.open(path, chunkBytes, LINE_BYTES_MAX);
    return new JsonSpikeReader(lines, keys, layer, notes, basename(path));
  }

  async fill(into: SampleColumns): Promise<void> {
    into.length = 0;
    while (into.length < into.timeUs.length) {
      const line = this.lines.next();
      if (line === undefined) {
        if (await this.lines.more()) continue;
        return;
      }
      const text = Buffer.from(line.bytes).toString('utf8').trim();
      if (text === '' || this.take(text.replace(/^\uFEFF/, ''), into)) continue;
      this.lose(line.number, line.isEnded || line.isTooLong, text);
    }
  }

  close(): Promise<void> {
    return this.lines.close();
  }

  private take(text: string, into: SampleColumns): boolean {
    const spike = objectOf(text);
    const time = spike?.[this.keys.time];
    const id = spike?.[this.keys.neuron];
    if (typeof time !== 'number' || typeof id !== 'number' || id >>> 0 !== id) return false;
    const timeUs = wholeUs(time, this.keys.timeUnitUs);
    if (!(timeUs <= Number.MAX_SAFE_INTEGER)) return false;
    let layer = this.onlyLayer;
    if (this.keys.layer !== undefined) {
      const name = spike?.[this.keys.layer];
      if (typeof name !== 'string' && typeof name !== 'number') return false;
      layer = this.table.findText(String(name));
    }
    into.timeUs[into.length] = timeUs;
    into.layer[into.length] = layer;
    into.neuron[into.length++] = id;
    return true;
  }

  private lose(line: number, isWhole: boolean, text: string): void {
    const { notes, fileName } = this;
    if (!isWhole) {
      notes.truncated = true;
      notes.remark(`${fileName} ends inside line ${line}: the file was cut off there; that line is \
left out.`);
      return;
    }
    notes.samplesInvalid++;
    notes.remark(`${fileName} line ${line} is no spike and left out: \
${JSON.stringify(text.slice(0, 60))}.`);
  }
}
