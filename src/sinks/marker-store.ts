import { jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { isAnswer, NO_MESSAGE } from '../component/jetstream-codes.ts';
import { parseRecordId, type StreamPosition } from '../component/stream-position.ts';
import { ID_HEADER } from './derived-message.ts';
import { parseMarker, type StoredMarker } from './marker.ts';

export interface MarkerPlace {
  readonly prefix: string;
  /** Name of the derived stream. */
  readonly stream: string;
  /** The part that a worker has of several, such as `p7`; undefined where one process has all. */
  readonly part?: string | undefined;
  /** Begins the ids of records that are not of the stream of frames. */
  readonly idMark?: string | undefined;
}

const MS_MAX = 2000;

/** The subject of a marker: of one process that serves all chips, or of a part of them. */
export function markerSubject({ prefix, part }: Omit<MarkerPlace, 'stream'>): string {
  return part === undefined ? `${prefix}.control.position` : `${prefix}.control.part.${part}`;
}

/** Where a part says which of its messages each owner has processed, when it is to be checked. */
export function markSubject({ prefix, part }: MarkerPlace, frames: number): string {
  return `${prefix}.control.mark.${part}.${frames}`;
}

/** The marker as the stream's leader has it; undefined where there is none. */
export async function readMarker(
  connection: NatsConnection,
  place: MarkerPlace,
): Promise<StoredMarker | undefined> {
  const subject = markerSubject(place);
  const message = await lastOf(connection, place.stream, subject);
  if (message === undefined) return undefined;
  const marker = parseMarker(message.data);
  if (marker === undefined) {
    throw new Error(
      `the last message on ${subject} is no marker of this version: another version of Spikescope \
wrote it; run that one, or purge the subject and accept that its records come again`,
    );
  }
  return { marker, sequence: message.seq };
}

/**
 * The position that the newest stored records of that stream of frames show, of those after the
 * marker: a server that was killed within a commit may have kept a part of it.
 */
export async function positionOfRecords(
  connection: NatsConnection,
  place: MarkerPlace,
  created: string,
  afterSequence: number,
): Promise<StreamPosition | undefined> {
  let last: StreamPosition | undefined;
  const below = place.part === undefined ? '' : `*.${place.part}.`;
  for (const root of ['derived', 'anomaly']) {
    const message = await lastOf(connection, place.stream, `${place.prefix}.${root}.${below}>`);
    if (message === undefined || message.seq <= afterSequence) continue;
    const id = parseRecordId(message.header.get(ID_HEADER));
    if (id?.created !== `${place.idMark ?? ''}${Date.parse(created).toString(36)}`) continue;
    const isLater =
      last === undefined ||
      id.sequence > last.sequence ||
      (id.sequence === last.sequence && id.index >= (last.records ?? 0));
    if (isLater) last = { sequence: id.sequence, records: id.index + 1 };
  }
  return last;
}

async function lastOf(
  connection: NatsConnection,
  stream: string,
  subject: string,
): Promise<StoredMsg | undefined> {
  const manager = await jetstreamManager(connection, { timeout: MS_MAX, checkAPI: false });
  try {
    return (await manager.streams.getMessage(stream, { last_by_subj: subject })) ?? undefined;
  } catch (error) {
    if (isAnswer(error, NO_MESSAGE)) return undefined;
    throw error;
  }
}
