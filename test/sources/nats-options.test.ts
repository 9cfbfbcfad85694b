import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OptionError } from '../../src/component/option-error.ts';
import { NatsLink } from '../../src/sources/nats-link.ts';
import { natsOptions } from '../../src/sources/nats-options.ts';
import { parseNatsServer, withoutUserinfo } from '../../src/sources/nats-servers.ts';
import { TestAuthority } from '../integration/certificates.ts';

const SECRET = 'canary-secret';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spikescope-options-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test('without any option it is the server on this machine', () => {
  expect(natsOptions.parse({})).toEqual({
    servers: 'nats://127.0.0.1:4222',
    name: 'spikescope',
    tls: { handshake_first: false },
    reconnect_wait: 2_000_000,
    buffer_bytes: 64 * 1024 * 1024,
  });
});

describe('a server URL', () => {
  test.each([
    ['nats://lab:4333', 'lab:4333', false, undefined, undefined],
    ['lab', 'lab:4222', false, undefined, undefined],
    ['lab:80', 'lab:80', false, undefined, undefined],
    ['tls://lab/', 'lab:4222', true, undefined, undefined],
    ['nats://[::1]:4333', '[::1]:4333', false, undefined, undefined],
    ['nats://u:p%40%3A%2F@lab', 'lab:4222', false, 'u', 'p@:/'],
    ['nats://u:100%@lab', 'lab:4222', false, 'u', '100%'],
    ['nats://token@lab:1', 'lab:1', false, 'token', undefined],
    ['u:123@lab', 'lab:4222', false, 'u', '123'],
  ])('%s', (url, address, isTls, user, password) => {
    expect(parseNatsServer(url)).toEqual({ address, isTls, user, password });
  });

  test.each([
    ['http://lab', /takes nats:\/\/ and tls:\/\/, got http:\/\//],
    [`ws://u:${SECRET}@lab`, /got ws:\/\//],
    ['', /needs nats:\/\/host:port, got ""/],
    ['nats://', /needs nats:\/\/host:port/],
    ['nats://lab/path', /got "nats:\/\/lab\/path"/],
    [`nats://u:${SECRET}@lab:port`, /got "nats:\/\/\*\*\*@lab:port"/],
    [`u:${SECRET}@lab:99999`, /got "\*\*\*@lab:99999"/],
    [`nats://u:${SECRET}@lab?q`, /\*\*\*@lab\?q/],
    [`nats://u:${SECRET}/@@lab`, /\*\*\*@lab/],
  ])('%s is refused, without showing a secret', (url, text) => {
    const refused = natsOptions.safeParse({ servers: [url] });
    expect(refused.error?.message).toMatch(/servers/);
    expect(refused.error?.message).not.toContain(SECRET);
    expect(() => parseNatsServer(url)).toThrow(text);
    expect(() => parseNatsServer(url)).toThrow(OptionError);
  });

  test.each([
    ['nats://u:p@lab:1', 'nats://***@lab:1'],
    ['u:p@q@lab', '***@lab'],
    ['tls://lab', 'tls://lab'],
  ])('%s is shown as %s', (url, shown) => {
    expect(withoutUserinfo(url)).toBe(shown);
  });
});

describe('options that contradict each other are refused:', () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ['two ways', { token_file: 'a', nkey_file: 'b' }, /takes one way to authenticate/],
    ['URL and file', { servers: 'nats://u:p@lab', token_file: 'a' }, /takes one way/],
    ['a user alone', { user: 'a' }, /user and password_file need each other/],
    ['a password alone', { password_file: 'a' }, /user and password_file need each other/],
    ['half a pair', { tls: { cert_file: 'a' } }, /cert_file and key_file need each other/],
    ['no server', { servers: [] }, /servers/],
    ['an unknown key', { server: 'a' }, /server/],
  ])('%s', (_what, options, text) => {
    const message = natsOptions.safeParse(options).error?.message ?? '';
    expect(message).toMatch(text);
  });
});

describe('a file that can not be used is told before anything connects:', () => {
  function problem(options: Record<string, unknown>): OptionError | undefined {
    const nothing = () => {
      throw new Error('nothing may connect');
    };
    const events = { waiting: nothing, connected: nothing, disconnected: nothing };
    try {
      const parsed = natsOptions.parse(options);
      new NatsLink(parsed, { ...events, reconnected: nothing, refused: nothing });
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(OptionError);
      expect(String(error)).not.toContain(SECRET);
      return error as OptionError;
    }
  }

  test.each([
    ['password_file', { user: 'a' }],
    ['token_file', {}],
    ['nkey_file', {}],
    ['credentials_file', {}],
  ])('%s', (option, more) => {
    const missing = join(folder, 'missing');
    const error = problem({ [option]: missing, ...more });
    expect(error?.option).toBe(`nats.${option}`);
    expect(error?.message).toContain(missing);
    expect(error?.message).toContain('ENOENT');
    const wrong = file('wrong', `${SECRET}\n${SECRET}\n`);
    expect(problem({ [option]: wrong, ...more })?.message).toMatch(
      new RegExp(`^nats\\.${option}: ${wrong} does not hold `),
    );
    expect(problem({ [option]: file('empty', ' \n'), ...more })?.option).toBe(`nats.${option}`);
    expect(problem({ [option]: folder, ...more })?.message).toContain('EISDIR');
  });

  test('TLS files', () => {
    const missing = join(folder, 'missing');
    const wrong = file('wrong.pem', SECRET);
    expect(problem({ tls: { ca_file: missing } })?.option).toBe('nats.tls.ca_file');
    expect(problem({ tls: { ca_file: wrong } })?.message).toContain('holds no certificate');
    const pair = { cert_file: wrong, key_file: missing };
    expect(problem({ tls: pair })?.option).toBe('nats.tls.key_file');
    expect(problem({ tls: { cert_file: wrong, key_file: wrong } })?.message).toContain('no pair');
    const authority = new TestAuthority(folder);
    const { cert } = authority.issue('one');
    const { key } = authority.issue('other');
    expect(problem({ tls: { cert_file: cert, key_file: key } })?.message).toContain('no pair');
  });

  test('different users in the URLs', () => {
    const servers = [`nats://u:${SECRET}@a`, 'nats://b'];
    expect(problem({ servers })?.message).toContain('all URLs need the same user and password');
  });

  test('a seed that is none: one character is off', () => {
    const seed = `SU${'A'.repeat(56)}`;
    expect(problem({ nkey_file: file('seed', seed) })?.message).toContain('does not hold the seed');
  });
});
