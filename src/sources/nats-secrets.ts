import { X509Certificate } from 'node:crypto';
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
import { OptionError } from '../component/option-error.ts';
import { oneLine, readOptionFile, SecretFile } from '../component/secret-file.ts';
import type { NatsOptions } from './nats-options.ts';
import { parseNatsServer } from './nats-servers.ts';

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
