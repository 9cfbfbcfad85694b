import { type JsonForm, type JsonPart, JsonSplitter } from '../frames/json-parts.ts';
import { giveArena, isInKernelMemory, takeArena } from '../kernels/memory.ts';
import { type ObjectKernels, objectKernels } from '../kernels/object-kernels.ts';
import type { AdapterOptions } from './adapter-options.ts';
import type { LayerTable } from './layer-table.ts';
import type { ObjectColumns } from './object-columns.ts';
import { TIME_UNITS } from './read-objects.ts';

/** As assembly/objects.ts has them. */
const KINDS = { end: 0, layer: 1, text: 2, neuron: 3, time: 4, membrane: 5, number: 6 } as const;
type Kind = Exclude<keyof typeof KINDS, 'end'>;
const NOT_KNOWN = -1;
const PART_BYTES = 16;
const ENTRY_BYTES = 16;
const LAYER_BYTES = 16;
/** What kernels may read past the end of anything. */
const SLACK_BYTES = 64;

/** Forms of objects that are known at once: the one that is known for longest goes first. */
const SHAPES_MAX = 8;
const PARTS_MAX = 32;
/** Constant bytes of a shape. */
const TEXT_BYTES_MAX = 1024;
const SHAPE_BYTES = PARTS_MAX * PART_BYTES + TEXT_BYTES_MAX + SLACK_BYTES;
/** Layers and bytes of their names that are found without the parser. */
const LAYERS_MAX = 8192;
const NAME_BYTES_MAX = 64;
const TENS_BYTES = 23 * 8;

interface ScannerParts {
  readonly options: AdapterOptions;
  readonly samplesMax: number;
  readonly layers: LayerTable;
  readonly kernels: ObjectKernels;
  readonly area: Uint8Array<ArrayBuffer>;
}

/** Messages in a row that taught nothing, after which only one in so many is looked at. */
const FRUITLESS_MAX = 64;

/**
 * Reads messages of objects that look like ones that were read before, by kernels: where all but
 * the values is the same bytes, and every value is written plainly. Knows nothing that the reader
 * of objects has not read and found valid.
 */
export class ObjectScanner {
  private readonly options: AdapterOptions;
  private readonly samplesMax: number;
  private readonly layers: LayerTable;
  private readonly kernels: ObjectKernels;
  private readonly splitter: JsonSplitter<Kind>;
  private readonly shapesArea: Uint8Array<ArrayBuffer>;
  private shapes: (readonly JsonPart<Kind>[])[] = [];
  private tableArea: Uint8Array<ArrayBuffer> | undefined;
  private messageArea: Uint8Array<ArrayBuffer> | undefined;
  /** Layers of the table that the kernels know; those past it are new. */
  private layersKnown = 0;
  private layerRoom = 0;
  private namesAt = 0;
  private stoppedAt = -1;
  private fruitless = 0;

  /** Undefined where kernels can't run. */
  static of(
    options: AdapterOptions,
    samplesMax: number,
    layers: LayerTable,
  ): ObjectScanner | undefined {
    const kernels = objectKernels();
    const area = takeArena(SHAPES_MAX * SHAPE_BYTES + TENS_BYTES);
    if (kernels === undefined || !isInKernelMemory(area)) return undefined;
    return new ObjectScanner({ options, samplesMax, layers, kernels, area });
  }

  private constructor({ options, samplesMax, layers, kernels, area }: ScannerParts) {
    this.options = options;
    this.samplesMax = samplesMax;
    this.layers = layers;
    this.kernels = kernels;
    this.shapesArea = area;
    this.splitter = new JsonSplitter<Kind>(kindsOf(options.fields));
    const [times, divisor] = TIME_UNITS[options.time_unit];
    const { byteOffset } = this.shapesArea;
    kernels.setUp(byteOffset + SHAPES_MAX * SHAPE_BYTES, times, divisor);
  }

  /** Reads a message into the columns; false where the reader has to, as if nothing had been. */
  read(bytes: Uint8Array, columns: ObjectColumns): boolean {
    this.stoppedAt = -1;
    if (this.shapes.length === 0) {
      this.stoppedAt = 0;
      return false;
    }
    if (!this.learnLayers()) return false;
    const at = this.placed(bytes);
    if (at < 0) return false;
    const areLines = this.options.format === 'ndjson';
    for (let room = Math.max(1, columns.room); ; room *= 2) {
      columns.reset(room);
      if (!isInKernelMemory(columns.timeUs)) return false;
      const { timeUs } = columns;
      const end = at + bytes.length;
      const read = this.kernels.scan(at, end, areLines, timeUs.byteOffset, timeUs.length);
      if (read >= 0) {
        columns.length = read;
        this.fruitless = 0;
        return read <= this.samplesMax;
      }
      if (read === NOT_KNOWN) {
        this.stoppedAt = this.kernels.stoppedAt.value - at;
        return false;
      }
      if (columns.room > this.samplesMax) return false;
    }
  }

  /** Learns of the message that the reader has just read, and found valid. */
  learn(bytes: Uint8Array): void {
    if (this.stoppedAt < 0) return;
    this.fruitless++;
    if (this.fruitless > FRUITLESS_MAX && this.fruitless % FRUITLESS_MAX > 0) return;
    const from = bytes.indexOf(0x7b, this.stoppedAt);
    const parts = from < 0 ? undefined : this.splitter.split(bytes, from);
    if (parts === undefined || !this.fits(parts) || this.shapes.some((one) => alike(one, parts))) {
      return;
    }
    this.shapes = [...this.shapes, parts].slice(-SHAPES_MAX);
    this.writeShapes();
  }

  private fits(parts: readonly JsonPart<Kind>[]): boolean {
    const bytes = parts.reduce((sum, { text }) => sum + text.length, 0);
    const needed: readonly Kind[] = ['layer', 'neuron', 'time'];
    const hasAll = needed.every((kind) => parts.some(({ varying }) => varying === kind));
    return hasAll && parts.length <= PARTS_MAX && bytes <= TEXT_BYTES_MAX;
  }

  private writeShapes(): void {
    const { buffer, byteOffset } = this.shapesArea;
    const area = this.shapesArea;
    const view = new DataView(buffer, byteOffset);
    for (const [i, parts] of this.shapes.entries()) {
      let at = i * SHAPE_BYTES;
      let textAt = at + PARTS_MAX * PART_BYTES;
      for (const { text, varying } of parts) {
        area.set(text, textAt);
        view.setUint32(at, byteOffset + textAt, true);
        view.setUint32(at + 4, text.length, true);
        view.setUint32(at + 8, KINDS[varying ?? 'end'], true);
        at += PART_BYTES;
        textAt += text.length;
      }
    }
    this.kernels.setShapes(byteOffset, SHAPE_BYTES, this.shapes.length);
  }

  /** Tells the kernels of layers that are new in the table, or of all where some are gone. */
  private learnLayers(): boolean {
    const { layers } = this.layers;
    const count = Math.min(layers.length, LAYERS_MAX);
    if (count === this.layersKnown && this.tableArea !== undefined) return true;
    if (count < this.layersKnown || count > this.layerRoom) this.makeTable(count);
    if (this.tableArea === undefined) return false;
    const { byteOffset } = this.tableArea;
    for (let i = this.layersKnown; i < count; i++) {
      const { name, index, neuronCount, firstNeuron } = layers[i] as (typeof layers)[number];
      const bytes = Buffer.from(name);
      // A name that JSON can write in plain bytes only is known by them.
      if (bytes.length > NAME_BYTES_MAX || !isPlainText(name)) continue;
      const at = this.namesAt + index * NAME_BYTES_MAX;
      this.tableArea.set(bytes, at);
      this.kernels.addLayer(byteOffset + at, bytes.length, index, neuronCount, firstNeuron);
    }
    this.layersKnown = count;
    return true;
  }

  private makeTable(count: number): void {
    const room = Math.min(LAYERS_MAX, 2 ** Math.ceil(Math.log2(Math.max(count * 2, 32))));
    const entries = room * 2;
    const layersAt = entries * ENTRY_BYTES;
    this.namesAt = layersAt + room * LAYER_BYTES;
    if (this.tableArea !== undefined) giveArena(this.tableArea);
    this.tableArea = inKernels(this.namesAt + room * NAME_BYTES_MAX + SLACK_BYTES);
    this.layersKnown = 0;
    this.layerRoom = this.tableArea === undefined ? 0 : room;
    if (this.tableArea === undefined) return;
    const { byteOffset } = this.tableArea;
    this.kernels.setTable(byteOffset, entries, byteOffset + layersAt);
  }

  /** The address of a message, copied where it has to be; -1 where there is no room for it. */
  private placed(bytes: Uint8Array): number {
    const { byteOffset, length } = bytes;
    if (isInKernelMemory(bytes) && byteOffset + length + SLACK_BYTES <= bytes.buffer.byteLength) {
      return byteOffset;
    }
    if (this.messageArea === undefined || this.messageArea.length < length + SLACK_BYTES) {
      if (this.messageArea !== undefined) giveArena(this.messageArea);
      this.messageArea = inKernels(2 * (length + SLACK_BYTES));
    }
    if (this.messageArea === undefined) return -1;
    this.messageArea.set(bytes);
    return this.messageArea.byteOffset;
  }
}

/** An area that kernels can work in; undefined where there is no room left. */
function inKernels(bytes: number): Uint8Array<ArrayBuffer> | undefined {
  const area = takeArena(bytes);
  return isInKernelMemory(area) ? area : undefined;
}

function kindsOf(fields: AdapterOptions['fields']) {
  return (name: string, form: JsonForm): Kind | 'constant' | undefined => {
    const isNumber = form === 'digits' || form === 'number';
    switch (name) {
      case fields.layer:
        return form === 'text' ? 'layer' : undefined;
      case fields.neuron:
        return isNumber ? 'neuron' : undefined;
      case fields.time:
        return isNumber ? 'time' : undefined;
      case fields.membrane:
        if (isNumber) return 'membrane';
        return form === 'word' ? 'constant' : undefined;
      default:
        if (isNumber) return 'number';
        if (form === 'text') return 'text';
        return form === 'word' ? 'constant' : undefined;
    }
  };
}

function isPlainText(name: string): boolean {
  return !/["\\\p{Cc}]/u.test(name);
}

function alike(a: readonly JsonPart<Kind>[], b: readonly JsonPart<Kind>[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ text, varying }, i) => {
      const other = b[i] as JsonPart<Kind>;
      return varying === other.varying && Buffer.compare(text, other.text) === 0;
    })
  );
}
