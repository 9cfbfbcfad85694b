import { z } from 'zod';
import { duration } from '../component/duration.ts';
import { BUFFER_BYTES_DEFAULT } from './inbox.ts';
import { parseNatsServer } from './nats-servers.ts';

const file = (what: string) => z.string().min(1).optional().describe(what);

const server = z.string().superRefine((text, context) => {
  try {
    parseNatsServer(text);
  } catch (error) {
    context.addIssue((error as Error).message.replace(/^nats\.servers: /, ''));
  }
});

/** A URL that can't be read is refused on its own; it says nothing about authentication. */
function hasUser(url: string): boolean {
  try {
    return parseNatsServer(url).user !== undefined;
  } catch {
    return false;
  }
}

const tls = z
  .strictObject({
    ca_file: file("Certificates that vouch for the server's, PEM; by default the system's."),
    cert_file: file('Own certificate for servers that verify clients, PEM; with key_file.'),
    key_file: file('Key of cert_file, PEM.'),
    handshake_first: z
      .boolean()
      .default(false)
      .describe('Start with TLS at once; only for servers with handshake_first.'),
  })
  .superRefine((options, context) => {
    if ((options.cert_file === undefined) !== (options.key_file === undefined)) {
      context.addIssue('cert_file and key_file need each other');
    }
  });

/** How to reach NATS: type, default, check, help and reference in one. */
export const natsOptions = z
  .strictObject({
    servers: z
      .union([server, z.array(server).min(1).max(32)])
      .default('nats://127.0.0.1:4222')
      .describe('A server or several of one cluster: nats://host:port, or tls:// to demand TLS.')
      .meta({ secret: true }),
    name: z
      .string()
      .min(1)
      .max(128)
      .default('spikescope')
      .describe("Name of the connection, as the server's tools show it."),
    user: z.string().min(1).optional().describe('User name; with password_file.'),
    password_file: file("File with the user's password."),
    token_file: file('File with a token.'),
    nkey_file: file('File with the seed of an NKey (SU…).'),
    credentials_file: file('Credentials file (.creds) with a JWT and its seed.'),
    tls: tls.prefault({}),
    reconnect_wait: duration(10_000, 300_000_000)
      .prefault('2s')
      .describe('Pause between attempts to connect, and up to half as much again by chance.'),
    buffer_bytes: z
      .int()
      .min(1024 * 1024)
      .max(4 * 1024 ** 3)
      .default(BUFFER_BYTES_DEFAULT)
      .describe('Room for messages that arrive while they can not be processed (core NATS).'),
  })
  .superRefine((options, context) => {
    const { user, token_file, nkey_file, credentials_file } = options;
    const inUrl = [options.servers].flat().some(hasUser);
    const forms = [user, token_file, nkey_file, credentials_file].filter((form) => form);
    if (forms.length + (inUrl ? 1 : 0) > 1) {
      const all = 'user, token_file, nkey_file, credentials_file, a user in the URL of servers';
      context.addIssue(`takes one way to authenticate, of: ${all}`);
    }
    if ((user === undefined) !== (options.password_file === undefined)) {
      context.addIssue('user and password_file need each other');
    }
  });

export type NatsOptions = z.output<typeof natsOptions>;
