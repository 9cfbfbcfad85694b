import type { FastifyInstance } from 'fastify';
import type { StoredDocument } from '../sinks/documents/document.ts';
import type { DocumentStore } from '../sinks/documents/document-store.ts';

const BYTES_MAX = 4 * 1024 * 1024;
const DOCUMENTS_MAX = 1000;
/** Requests at once: each keeps its documents in memory until they are stored. */
const REQUESTS_MAX = 4;
/** A page elsewhere can't send this type without asking first, and nobody answers that. */
const NDJSON = 'application/x-ndjson';
const WRITE_MS_MAX = 8000;

/**
 * Takes documents of `logs` from `spikescope logs ship` and answers when they are stored: the
 * embedded store has one writer, and that is the service.
 */
export function addShipRoute(server: FastifyInstance, store: DocumentStore | undefined): void {
  let running = 0;
  server.addContentTypeParser(NDJSON, { parseAs: 'string' }, (_, body, done) => done(null, body));
  server.post('/api/logs/ship', { bodyLimit: BYTES_MAX }, async (request, reply) => {
    if (store === undefined) {
      return await reply
        .code(404)
        .send({ error: 'no documents are kept: documents.store is none' });
    }
    if (request.headers['content-type'] !== NDJSON || typeof request.body !== 'string') {
      return await reply.code(415).send({ error: `content-type: needs ${NDJSON}` });
    }
    const documents = documentsOf(request.body);
    if (typeof documents === 'string') return await reply.code(400).send({ error: documents });
    if (running >= REQUESTS_MAX) {
      return await reply.code(503).header('retry-after', '1').send({ error: 'busy; ask again' });
    }
    running++;
    try {
      return { outcomes: await store.write(documents, AbortSignal.timeout(WRITE_MS_MAX)) };
    } finally {
      running--;
    }
  });
}

/** Documents, one a line; or what is wrong with a line. */
function documentsOf(body: string): StoredDocument[] | string {
  const lines = body.split('\n').filter((line) => line !== '');
  if (lines.length > DOCUMENTS_MAX) return `${lines.length} lines are more than ${DOCUMENTS_MAX}`;
  const documents: StoredDocument[] = [];
  for (const [i, line] of lines.entries()) {
    const document = parsed(line);
    if (document === undefined) return `line ${i + 1}: is no document of logs`;
    documents.push(document);
  }
  return documents;
}

/** What has the shape of a document; whether its values fit is the store's to say. */
function parsed(line: string): StoredDocument | undefined {
  let value: Readonly<Record<string, unknown>>;
  try {
    value = JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const { id, index, timeUs, fields } = value ?? {};
  const isWhole = typeof id === 'string' && index === 'logs' && typeof timeUs === 'number';
  if (!isWhole || typeof fields !== 'object' || fields === null) return undefined;
  return { id, index, timeUs, fields: fields as StoredDocument['fields'] };
}
