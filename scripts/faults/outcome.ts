import { createHash } from 'node:crypto';
import { type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ID_HEADER } from '../../src/sinks/derived-message.ts';
import { INDEX_NAMES } from '../../src/sinks/documents/indices.ts';
import { streamNames } from '../../src/sources/jetstream-streams.ts';
import type { DerivedEntry, Outcome } from './compare.ts';
import { comparable } from './compared.ts';
import type { StoredDocuments } from './document-server.ts';
import type { Exposed } from './exposition.ts';

/** Of a server that is starved. */
const PATIENT = { timeout: 60_000 };
const STREAMS = streamNames('SPIKEFORMER');
/** Of the ids of records that join chips; others begin with the time their stream was made. */
const JOINED = 'j';
const SEQUENCE_HEADER = 'Spikescope-Sequence';
/** The fourth token where workers share the frames. */
const PART = /^[^.]+\.(?:derived|anomaly)\.[^.]+\.(p\d+|join)(?:\.|$)/;
const REASON_HEADER = 'Spikescope-Reason';

/** Everything that a run left in NATS and in the store, and its counters as last seen. */
export async function outcomeOf(
  servers: string | string[],
  documents: StoredDocuments,
  exposed: Exposed,
): Promise<Outcome> {
  const derived: DerivedEntry[] = [];
  const dead: [string, string][] = [];
  const joined = new Occurrences();
  await eachMessage(servers, STREAMS.derived, (message) => {
    // The markers are how it is done, not what is derived.
    if (message.subject.split('.')[1] === 'control') return;
    const position = withoutOrigin(message.headers?.get(ID_HEADER) ?? '');
    const part = PART.exec(message.subject)?.[1];
    const { subject } = message;
    const payload = hashOf(message.data);
    if (part === 'join') joined.add(`${subject} ${payload}`);
    else derived.push({ position, subject, payload, ...(part === undefined ? {} : { part }) });
  });
  await eachMessage(servers, STREAMS.dead, (message) => {
    const reason = message.headers?.get(REASON_HEADER) ?? '';
    const sequence = message.headers?.get(SEQUENCE_HEADER) ?? '';
    dead.push([sequence, `${reason} ${hashOf(message.data)}`]);
  });
  return {
    derived,
    dead,
    joined: joined.keys,
    documents: await documentsIn(documents),
    counters: comparable(exposed.counters),
  };
}

async function documentsIn(stored: StoredDocuments): Promise<[string, string][]> {
  const list: [string, string][] = [];
  const joined = new Occurrences();
  for (const index of INDEX_NAMES) {
    for (const { id, timeUs, fields } of await stored.all(index)) {
      const text = JSON.stringify({ timeUs, ...fields });
      if (id.startsWith(JOINED)) list.push([joined.add(`${index} ${text}`), text]);
      else list.push([`${index}/${withoutOrigin(id)}`, text]);
    }
  }
  return list;
}

/**
 * What joins chips reads what workers derived in the order in which they did, another one in each
 * run: its records have no place that could be compared, and are so many of each content.
 */
class Occurrences {
  readonly keys: string[] = [];
  private readonly counts = new Map<string, number>();

  add(content: string): string {
    const count = (this.counts.get(content) ?? 0) + 1;
    this.counts.set(content, count);
    const key = `joined ${content} #${count}`;
    this.keys.push(key);
    return key;
  }
}

/** The position alone: what is before the first dash tells when the stream was made. */
function withoutOrigin(id: string): string {
  return id.slice(id.indexOf('-') + 1);
}

function hashOf(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('base64url').slice(0, 22);
}

/** Every message of a stream as it stands, in order. */
export async function eachMessage(
  servers: string | string[],
  stream: string,
  take: (message: JsMsg) => void,
): Promise<void> {
  const connection = await connect({ servers });
  try {
    const manager = await jetstreamManager(connection, PATIENT);
    const { state } = await manager.streams.info(stream);
    if (state.messages === 0) return;
    const consumer = await jetstream(connection, PATIENT).consumers.get(stream);
    for await (const message of await consumer.consume()) {
      take(message);
      if (message.seq >= state.last_seq) break;
    }
  } finally {
    await connection.close();
  }
}
