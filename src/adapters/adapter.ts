import type { Frame } from '../frames/frame.ts';
import { FrameError, shown } from '../frames/frame-error.ts';
import type { FrameLimits } from '../frames/limits.ts';
import { isToken } from '../frames/subject.ts';
import { type AdapterOptions, subjectTokenOf } from './adapter-options.ts';
import { LayerTable } from './layer-table.ts';
import { ObjectColumns } from './object-columns.ts';
import { type FramePlace, ObjectFrames } from './object-frames.ts';
import { ObjectScanner } from './object-scanner.ts';
import { ObjectReader } from './read-objects.ts';
import { matchesPattern } from './subject-pattern.ts';

/** A subject of an adapter: who reads its messages, and whose they are. */
export interface AdaptedSubject extends FramePlace {
  readonly adapter: Adapter;
}

/**
 * Reads messages of another form as frames: all of a message, or nothing where one of its objects
 * is no spike.
 */
export class Adapter {
  readonly subjects: readonly string[];
  private readonly options: AdapterOptions;
  private readonly limits: FrameLimits;
  private readonly layers: LayerTable;
  private readonly columns = new ObjectColumns();
  private readonly reader: ObjectReader;
  private readonly scanner: ObjectScanner | undefined;
  private readonly frames: ObjectFrames;

  constructor(options: AdapterOptions, limits: FrameLimits) {
    this.subjects = options.subjects;
    this.options = options;
    this.limits = limits;
    this.layers = new LayerTable(options, limits);
    this.reader = new ObjectReader(options, limits, this.layers);
    this.scanner = ObjectScanner.of(options, limits.samplesMax, this.layers);
    this.frames = new ObjectFrames(options, limits, this.layers);
  }

  /** @throws FrameError where a token of the subject is no name of a device or chip */
  subjectOf(subject: string): AdaptedSubject {
    const { device_type, chip_id } = this.options;
    return {
      adapter: this,
      deviceType: nameIn(subject, device_type),
      chipId: nameIn(subject, chip_id),
    };
  }

  /**
   * The frames of a message; they and their columns are valid until the next call.
   * @throws FrameError with a stable reason, naming the object and the field
   */
  read(bytes: Uint8Array, place: FramePlace): Frame[] {
    const { payloadBytesMax } = this.limits;
    if (bytes.length > payloadBytesMax) {
      const detail = `${bytes.length} bytes, at most ${payloadBytesMax}`;
      throw new FrameError('too_large', 'payload', detail);
    }
    this.layers.makeRoom();
    if (this.scanner?.read(bytes, this.columns) !== true) {
      this.reader.read(bytes, this.columns);
      this.scanner?.learn(bytes);
    }
    return this.frames.make(this.columns, place);
  }
}

function nameIn(subject: string, text: string): string {
  const token = subjectTokenOf(text);
  if (token === undefined) return text;
  const name = subject.split('.')[token - 1] ?? '';
  if (isToken(name)) return name;
  const detail = `token ${token} of ${shown(subject)} is not 1 to 64 of A-Z a-z 0-9 _ -`;
  throw new FrameError('subject', 'subject', detail);
}

/** All adapters of a configuration. */
export class Adapters {
  private readonly all: readonly Adapter[];

  constructor(options: readonly AdapterOptions[], limits: FrameLimits) {
    this.all = options.map((each) => new Adapter(each, limits));
  }

  /** Who reads a subject's messages; undefined where nobody does. */
  find(subject: string): AdaptedSubject | undefined {
    for (const adapter of this.all) {
      if (!adapter.subjects.some((pattern) => matchesPattern(pattern, subject))) continue;
      return adapter.subjectOf(subject);
    }
    return undefined;
  }
}
