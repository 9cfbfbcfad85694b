import type { StreamPosition } from '../component/stream-position.ts';

/**
 * The message on the control subject of the derived stream that says how far records are stored. It
 * is written in the same atomic batch as they are, and only where it replaces the one before: so it
 * is position and fence at once.
 */
export interface Marker extends StreamPosition {
  readonly v: 1;
  /** Who writes: new at each start of a process. */
  readonly owner: string;
  /** One more with each owner. */
  readonly epoch: number;
  /** The stream of frames that the position is of, and when it was made. */
  readonly stream: string;
  readonly created: string;
  /** Of one partition of several: who works on it, over restarts; null where it was given back. */
  readonly worker?: string | null;
  /**
   * Of one partition: its messages up to the position, since its stream began. Markers follow one
   * another without a gap, so each message is in what exactly one of them adds: it has one owner.
   */
  readonly frames?: number;
  /** Of one partition: hash of the pipelines and their options that derived its records. */
  readonly pipelines?: string;
}

/** Of the derived stream, as it was just read. */
export interface StoredMarker {
  readonly marker: Marker;
  /** Of the message in the derived stream; the next one has to name it. */
  readonly sequence: number;
}

/** Undefined where it is no marker of this version. */
export function parseMarker(data: Uint8Array): Marker | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return undefined;
  }
  const marker = value as Partial<Marker> | null;
  const isMarker =
    marker?.v === 1 &&
    typeof marker.owner === 'string' &&
    typeof marker.epoch === 'number' &&
    typeof marker.stream === 'string' &&
    typeof marker.created === 'string' &&
    typeof marker.sequence === 'number' &&
    (marker.records === null || typeof marker.records === 'number');
  return isMarker ? (marker as Marker) : undefined;
}

export function encodeMarker(marker: Marker): Uint8Array {
  return Buffer.from(JSON.stringify(marker));
}
