import { createHash } from 'node:crypto';
import { headers, type NatsConnection } from '@nats-io/transport-node';

/** An alert as Alertmanager's webhook tells of it, with the group that it came in. */
export interface ToldAlert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
  readonly fingerprint: string;
  readonly groupKey: string;
}

export interface AlertPublisherParts {
  readonly prefix: string;
  readonly connection: () => NatsConnection | undefined;
  /** Whether a stream must say that it has each alert, or it is enough that the server has it. */
  readonly confirm: () => 'server' | 'stream';
}

/** How many were published, and how many are larger than the server takes. */
export interface PublishedAlerts {
  readonly published: number;
  readonly tooLarge: number;
}

const CONFIRM_MS_MAX = 5000;
const TOKEN_CHARS_MAX = 64;
const CONTENT_TYPE = 'application/json';

/**
 * Publishes alerts on `<prefix>.alert.<status>.<alertname>`, each a JSON object, and resolves when
 * they are kept as `confirm` says.
 * @throws Error where they are not, or may not be: whoever sent them sends them again
 */
export async function publishAlerts(
  { prefix, connection: connectionOf, confirm: confirmBy }: AlertPublisherParts,
  alerts: readonly ToldAlert[],
): Promise<PublishedAlerts> {
  const connection = connectionOf();
  const bytesMax = connection?.info?.max_payload;
  if (connection === undefined || bytesMax === undefined) throw new Error('not connected to NATS');
  const confirm = confirmBy();
  let tooLarge = 0;
  const confirmed: Promise<void>[] = [];
  for (const alert of alerts) {
    const subject = [prefix, 'alert', alert.status, asToken(alert.labels['alertname'])].join('.');
    const data = Buffer.from(JSON.stringify({ v: 1, ...alert }));
    const fields = headers();
    fields.set('Content-Type', CONTENT_TYPE);
    fields.set('Nats-Msg-Id', idOf(alert));
    if (data.length + Buffer.byteLength(String(fields)) > bytesMax) tooLarge++;
    else if (confirm === 'stream') confirmed.push(request(connection, subject, data, fields));
    else connection.publish(subject, data, { headers: fields });
  }
  if (confirm === 'server') confirmed.push(withinTime(connection.flush()));
  // All of them settle, so that none that fails later goes unheard.
  const failed = (await Promise.allSettled(confirmed)).find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  return { published: alerts.length - tooLarge, tooLarge };
}

/** What a stream answers to who publishes: that it has the message, or why not. */
async function request(
  connection: NatsConnection,
  subject: string,
  data: Uint8Array,
  fields: ReturnType<typeof headers>,
): Promise<void> {
  const options = { headers: fields, timeout: CONFIRM_MS_MAX };
  const answer = (await connection.request(subject, data, options)).json<{
    readonly stream?: string;
    readonly error?: { readonly description?: string };
  }>();
  if (answer.error !== undefined) throw new Error(`the stream: ${answer.error.description}`);
  if (typeof answer.stream !== 'string') throw new Error('what answered is no stream');
}

function withinTime(flushed: Promise<void>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = () => reject(new Error(`NATS did not answer within ${CONFIRM_MS_MAX} ms`));
  const timer = setTimeout(late, CONFIRM_MS_MAX);
  flushed.then(resolve, reject);
  return promise.finally(() => clearTimeout(timer));
}

/** The same for what is told again because an answer was lost, another one for another state. */
function idOf({ fingerprint, status, startsAt, endsAt, groupKey }: ToldAlert): string {
  const state = JSON.stringify([groupKey, fingerprint, status, startsAt, endsAt]);
  return createHash('sha256').update(state).digest('base64url').slice(0, 32);
}

function asToken(name: string | undefined): string {
  const token = (name ?? '').replace(/[^A-Za-z0-9_-]/g, '_').slice(0, TOKEN_CHARS_MAX);
  return token === '' ? '_' : token;
}
