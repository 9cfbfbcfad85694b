import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import {
  type Authenticator,
  credsAuthenticator,
  nkeyAuthenticator,
  nkeys,
  type TlsOptions,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import type { NatsOptions } from './nats-options.ts';
import { parseNatsServer } from './nats-servers.ts';
import { OptionError } from './option-error.ts';

const FILE_BYTES_MAX = 1024 * 1024;

/**
 * A secret in a file. It must be right at the start; it is read again at each connection, so that a
 * changed one needs no restart, and where that fails (the file is just being written) the last good
 * one is used: the client closes for good when an authenticator throws.
 */
class SecretFile<T> {
  private readonly path: string;
  private readonly option: string;
  private readonly holds: string;
  private readonly parse: (bytes: Buffer) => T;
  private value: T;

  constructor(option: string, path: string, holds: string, parse: (bytes: Buffer) => T) {
    this.option = option;
    this.path = path;
    this.holds = holds;
    this.parse = parse;
    this.value = this.read();
  }

  latest(): T {
    try {
      this.value = this.read();
    } catch {
      // The server says whether the old one still does.
    }
    return this.value;
  }

  private read(): T {
    const bytes = readOptionFile(this.option, this.path);
    try {
      return this.parse(bytes);
    } catch {
      // What a parser throws may quote the secret: it is not passed on.
      throw new OptionError(this.option, `${this.path} does not hold ${this.holds}`);
    }
  }
}

/** How to authenticate with these options; every file is read once now. */
export function natsAuthenticator(options: NatsOptions): Authenticator | undefined {
  const { user, password_file, token_file, nkey_file, credentials_file } = options;
  if (user !== undefined && password_file !== undefined) {
    const holds = 'one line with the password';
    const password = new SecretFile('nats.password_file', password_file, holds, oneLine);
    return usernamePasswordAuthenticator(user, () => password.latest());
  }
  if (token_file !== undefined) {
    const holds = 'one line with the token';
    const token = new SecretFile('nats.token_file', token_file, holds, oneLine);
    return tokenAuthenticator(() => token.latest());
  }
  if (nkey_file !== undefined) {
    const holds = 'the seed of a user, SU and 56 characters';
    const seed = new SecretFile('nats.nkey_file', nkey_file, holds, nkeySeed);
    return nkeyAuthenticator(() => seed.latest());
  }
  if (credentials_file !== undefined) {
    const holds = 'a JWT and a seed, as a .creds file does';
    const creds = new SecretFile('nats.credentials_file', credentials_file, holds, checkedCreds);
    return credsAuthenticator(() => creds.latest());
  }
  return userinfoAuthenticator(options);
}

/** TLS as the client takes it; undefined leaves it to the server whether there is TLS. */
export function natsTls(options: NatsOptions): TlsOptions | undefined {
  const { ca_file, cert_file, key_file, handshake_first } = options.tls;
  const ca = ca_file === undefined ? undefined : readOptionFile('nats.tls.ca_file', ca_file);
  const cert =
    cert_file === undefined ? undefined : readOptionFile('nats.tls.cert_file', cert_file);
  const key = key_file === undefined ? undefined : readOptionFile('nats.tls.key_file', key_file);
  if (ca !== undefined) {
    // A secure context takes any bytes for authorities and then trusts nobody.
    tryTls('nats.tls.ca_file', `${ca_file} holds no certificate`, () => new X509Certificate(ca));
  }
  if (cert !== undefined && key !== undefined) {
    const detail = `${cert_file} and ${key_file} are no pair`;
    tryTls('nats.tls.cert_file', detail, () => createSecureContext({ cert, key }));
  }
  const isWanted = [options.servers].flat().some((url) => parseNatsServer(url).isTls);
  if (!isWanted && !handshake_first && ca === undefined && cert === undefined) return undefined;
  // As paths, so that the client reads renewed certificates at each connection.
  return {
    ...(handshake_first && { handshakeFirst: true }),
    ...(ca_file !== undefined && { caFile: ca_file }),
    ...(cert_file !== undefined && { certFile: cert_file }),
    ...(key_file !== undefined && { keyFile: key_file }),
  };
}

function tryTls(option: string, detail: string, use: () => unknown): void {
  try {
    use();
  } catch (cause) {
    throw new OptionError(option, `${detail} (${(cause as Error).message})`, { cause });
  }
}

function userinfoAuthenticator(options: NatsOptions): Authenticator | undefined {
  const servers = [options.servers].flat().map(parseNatsServer);
  const known = new Set(servers.map((server) => JSON.stringify([server.user, server.password])));
  if (known.size > 1) {
    throw new OptionError('nats.servers', 'all URLs need the same user and password, or none');
  }
  const [first] = servers;
  if (first?.user === undefined) return undefined;
  if (first.password === undefined) return tokenAuthenticator(first.user);
  return usernamePasswordAuthenticator(first.user, first.password);
}

function readOptionFile(option: string, path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new OptionError(option, `can't read it: ${(cause as Error).message}`, { cause });
  }
  if (bytes.length > FILE_BYTES_MAX) {
    throw new OptionError(option, `${path} has ${bytes.length} bytes, more than ${FILE_BYTES_MAX}`);
  }
  return bytes;
}

function oneLine(bytes: Buffer): string {
  const text = bytes.toString('utf8').trim();
  if (text === '' || /[\r\n]/.test(text)) throw new Error('not one line');
  return text;
}

function nkeySeed(bytes: Buffer): Uint8Array {
  const seed = /^\s*(SU[A-Z2-7]{56})\s*$/m.exec(bytes.toString('utf8'))?.[1];
  const encoded = new TextEncoder().encode(seed);
  nkeys.fromSeed(encoded);
  return encoded;
}

function checkedCreds(bytes: Buffer): Uint8Array {
  // Signing a nonce shows that both parts are there and the seed is one.
  credsAuthenticator(bytes)('nonce');
  return bytes;
}
