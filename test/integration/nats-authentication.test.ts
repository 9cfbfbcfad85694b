import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { TestAuthority } from './certificates.ts';
import { makeDecentralised } from './nats-jwt.ts';
import { TestReader } from './nats-reader.ts';
import { type NatsServer, startNatsServer } from './nats-server.ts';
import { until } from './until.ts';

/** Every secret starts with it, so that one search finds any that shows. */
const CANARY = 'canary-';
const PASSWORD = `${CANARY}p@ss/w:rd`;
const open: { stop(): Promise<void> }[] = [];
let folder: string;
let output: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spikescope-auth-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.stop();
  vi.restoreAllMocks();
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function startServer(config: string): Promise<NatsServer> {
  const server = await startNatsServer({ config });
  open.push(server);
  return server;
}

/** Reads with the client's own output captured: it must not print what it was given either. */
function startReader(nats: Record<string, unknown>): TestReader {
  output = [];
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...args) => output.push(args.join(' ')));
  }
  const reader = new TestReader({ nats });
  open.push({ stop: () => reader.stop().catch(() => {}) });
  return reader;
}

/** The reader's own connection publishes: what it may do is then what arrives. */
async function expectDelivery(reader: TestReader): Promise<void> {
  const refused = reader.ended.then(() => Promise.reject(new Error('the source has ended')));
  const listening = until(
    'the source listens',
    () => reader.hasSaid('listening'),
    () => reader.said,
  );
  await Promise.race([listening, refused]);
  reader.link.connection?.publish('spikeformer.health.cpu.0', 'ok');
  await until('the message is there', () => reader.messages.length === 1);
  const said = [...reader.said, ...output].join('\n');
  expect(said).not.toContain(CANARY);
}

async function expectRefusal(reader: TestReader, text: RegExp): Promise<void> {
  const error = await reader.ended.then(
    () => undefined,
    (reason: unknown) => reason as Error,
  );
  expect(error?.message).toMatch(text);
  const said = [error?.message, error?.stack, ...reader.said, ...output].join('\n');
  expect(said).not.toContain(CANARY);
}

const USER = `authorization { user: lab, password: ${JSON.stringify(PASSWORD)} }`;

test('a user with a password from a file', async () => {
  const server = await startServer(USER);
  const password_file = file('password', `${PASSWORD}\n`);
  await expectDelivery(startReader({ servers: server.url, user: 'lab', password_file }));
});

test('a user and password in the URL work, and are never shown', async () => {
  const server = await startServer(USER);
  const secret = `lab:${encodeURIComponent(PASSWORD)}@`;
  await expectDelivery(startReader({ servers: server.url.replace('//', `//${secret}`) }));
});

test('a wrong password ends the run with what the server says', async () => {
  const server = await startServer(USER);
  const password_file = file('wrong', `${CANARY}wrong`);
  const reader = startReader({ servers: server.url, user: 'lab', password_file });
  await expectRefusal(reader, /^NATS \(127\.0\.0\.1:\d+\): Authorization Violation$/);
});

test('a wrong password in the URL is refused without being shown', async () => {
  const server = await startServer(USER);
  const url = server.url.replace('//', `//lab:${CANARY}wrong@`);
  await expectRefusal(startReader({ servers: [url] }), /Authorization Violation/);
});

test('no credentials at all are refused too', async () => {
  const server = await startServer(USER);
  await expectRefusal(startReader({ servers: server.url }), /Authorization Violation/);
});

test('a token from a file, and one in the URL', async () => {
  const server = await startServer(`authorization { token: "${CANARY}token" }`);
  const token_file = file('token', `${CANARY}token`);
  await expectDelivery(startReader({ servers: server.url, token_file }));
  await expectDelivery(startReader({ servers: server.url.replace('//', `//${CANARY}token@`) }));
});

test('an NKey', async () => {
  const user = nkeys.createUser();
  const server = await startServer(`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`);
  const seed = new TextDecoder().decode(user.getSeed());
  const nkey_file = file('seed.nk', `${seed}\n`);
  await expectDelivery(startReader({ servers: server.url, nkey_file }));
  const other = file('other.nk', new TextDecoder().decode(nkeys.createUser().getSeed()));
  const reader = startReader({ servers: server.url, nkey_file: other });
  await expectRefusal(reader, /Authorization Violation/);
});

test('a credentials file of a decentralised set-up', async () => {
  const { config, credentials } = makeDecentralised();
  const server = await startServer(config);
  const credentials_file = file('lab.creds', credentials);
  await expectDelivery(startReader({ servers: server.url, credentials_file }));
  const foreign = file('foreign.creds', makeDecentralised().credentials);
  const reader = startReader({ servers: server.url, credentials_file: foreign });
  await expectRefusal(reader, /Authorization Violation/);
});

test('a password changed on both sides is read again at the reconnection', async () => {
  const server = await startServer(USER);
  const password_file = file('changing', PASSWORD);
  const reader = startReader({ servers: server.url, user: 'lab', password_file });
  await expectDelivery(reader);
  const changed = USER.replace(PASSWORD, `${CANARY}changed`);
  await server.kill();
  await server.start(changed);
  await until('the server refuses the old one', () => reader.hasSaid('refused'));
  file('changing', `${CANARY}changed`);
  await until('the new one is taken', () => reader.hasSaid('reconnected'));
  reader.link.connection?.publish('spikeformer.health.cpu.0', 'again');
  await until('messages flow again', () => reader.messages.length === 2);
  expect([...reader.said, ...output].join('\n')).not.toContain(CANARY);
});

test('TLS, by certificate authority', async () => {
  const authority = new TestAuthority(folder);
  const issued = authority.issue('server');
  const server = await startServer(
    `tls { cert_file: "${issued.cert}", key_file: "${issued.key}" }`,
  );
  const tls = { ca_file: authority.ca.cert };
  await expectDelivery(startReader({ servers: server.url, tls }));
  const byName = server.url.replace('nats://127.0.0.1', 'tls://localhost');
  await expectDelivery(startReader({ servers: byName, tls }));
  await expectRefusal(startReader({ servers: server.url }), /certificate/);
  const foreign = new TestAuthority(folder, 'foreign');
  const reader = startReader({ servers: server.url, tls: { ca_file: foreign.ca.cert } });
  await expectRefusal(reader, /certificate/);
});

test('TLS demanded of a server that has none is an error, not plain text', async () => {
  const server = await startServer('');
  const reader = startReader({ servers: server.url.replace('nats:', 'tls:') });
  await expectRefusal(reader, /does not support 'tls'/);
});

test('TLS with certificates on both sides, and with the handshake first', async () => {
  const authority = new TestAuthority(folder);
  const issued = authority.issue('server');
  const client = authority.issue('client');
  const { cert } = authority.ca;
  const files = `cert_file: "${issued.cert}", key_file: "${issued.key}", ca_file: "${cert}"`;
  const server = await startServer(`tls { ${files}, verify: true }`);
  const tls = { ca_file: cert, cert_file: client.cert, key_file: client.key };
  await expectDelivery(startReader({ servers: server.url, tls }));
  const first = await startServer(`tls { ${files}, verify: true, handshake_first: true }`);
  await expectDelivery(startReader({ servers: first.url, tls: { ...tls, handshake_first: true } }));
  const reader = startReader({ servers: server.url, tls: { ca_file: cert } });
  await until('it says what it waits for', () => reader.hasSaid('waiting'));
  expect(reader.said[0]).toContain('see nats.tls.cert_file');
});

test('subjects that the server does not allow are told; the others still flow', async () => {
  const permissions = '{ subscribe: { allow: ["spikeformer.health.>"] }, publish: ">" }';
  const user = `{ user: lab, password: "p", permissions: ${permissions} }`;
  const server = await startServer(`authorization { users: [ ${user} ] }`);
  const password_file = file('p', 'p');
  const reader = startReader({ servers: server.url, user: 'lab', password_file });
  await expectDelivery(reader);
  const refused = () => reader.said.filter((line) => line.startsWith('refused'));
  await until('all refusals are told', () => refused().length >= 10);
  expect(refused()).toHaveLength(10);
  expect(reader.said.join('\n')).toContain('spikeformer.spikes.>');
});

test('a server that allows no subject at all ends the run', async () => {
  const user = '{ user: lab, password: "p", permissions: { subscribe: { deny: ">" } } }';
  const server = await startServer(`authorization { users: [ ${user} ] }`);
  const password_file = file('p', 'p');
  const reader = startReader({ servers: server.url, user: 'lab', password_file });
  await expectRefusal(reader, /^NATS allows none of the subjects spikeformer\.<kind>\.>$/);
});
