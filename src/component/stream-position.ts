/**
 * How far the records of a stream's frames are stored: all of the frames before `sequence`, and of
 * that frame the first `records`, or all of them where that is null.
 */
export interface StreamPosition {
  readonly sequence: number;
  readonly records: number | null;
}

/** Whether the record with this index of this frame is stored. */
export function isStored(position: StreamPosition, sequence: number, index: number): boolean {
  if (sequence !== position.sequence) return sequence < position.sequence;
  return position.records === null || index < position.records;
}

/** The later of two. */
export function laterOf(a: StreamPosition, b: StreamPosition): StreamPosition {
  if (a.sequence !== b.sequence) return a.sequence > b.sequence ? a : b;
  if (a.records === null || b.records === null) return a.records === null ? a : b;
  return a.records >= b.records ? a : b;
}

const SEQUENCE_DIGITS = 12;
const INDEX_DIGITS = 4;

/**
 * The name of a record for all time: when its stream was made (ms, base 36), its frame's sequence
 * in that stream, its index among the frame's records. Ids in this order are those of time.
 */
export function recordId(streamCreated: string, sequence: number, index: number): string {
  const created = Date.parse(streamCreated).toString(36);
  const frame = String(sequence).padStart(SEQUENCE_DIGITS, '0');
  return `${created}-${frame}-${String(index).padStart(INDEX_DIGITS, '0')}`;
}

/** What `recordId` was made of; undefined where it is no such id. */
export function parseRecordId(
  id: string,
): { readonly created: string; readonly sequence: number; readonly index: number } | undefined {
  const match = /^([0-9a-z]+)-(\d+)-(\d+)$/.exec(id);
  if (match === null) return undefined;
  return { created: match[1] as string, sequence: Number(match[2]), index: Number(match[3]) };
}
