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

const STREAMS = streamNames('SPIKEFORMER');
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
  await eachMessage(servers, STREAMS.derived, (message) => {
    // The markers are how it is done, not what is derived.
    if (message.subject.split('.')[1] === 'control') return;
    const position = withoutOrigin(message.headers?.get(ID_HEADER) ?? '');
    const part = PART.exec(message.subject)?.[1];
    const { subject } = message;
    const entry = { position, subject, payload: hashOf(message.data) };
    derived.push(part === undefined ? entry : { ...entry, part });
  });
  await eachMessage(servers, STREAMS.dead, (message) => {
    const reason = message.headers?.get(REASON_HEADER) ?? '';
    const sequence = message.headers?.get(SEQUENCE_HEADER) ?? '';
    dead.push([sequence, `${reason} ${hashOf(message.data)}`]);
  });
  return {
    derived,
    dead,
    documents: await documentsIn(documents),
    counters: comparable(exposed.counters),
  };
}

async function documentsIn(stored: StoredDocuments): Promise<[string, string][]> {
  const list: [string, string][] = [];
  for (const index of INDEX_NAMES) {
    for (const { id, timeUs, fields } of await stored.all(index)) {
      list.push([`${index}/${withoutOrigin(id)}`, JSON.stringify({ timeUs, ...fields })]);
    }
  }
  return list;
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
    const { state } = await (await jetstreamManager(connection)).streams.info(stream);
    if (state.messages === 0) return;
    const consumer = await jetstream(connection).consumers.get(stream);
    for await (const message of await consumer.consume()) {
      take(message);
      if (message.seq >= state.last_seq) break;
    }
  } finally {
    await connection.close();
  }
}
