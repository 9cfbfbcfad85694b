import { OptionError } from '../component/option-error.ts';

const PORT_DEFAULT = 4222;

/** A server's URL, taken apart: what may be shown is apart from what may not. */
export interface NatsServer {
  /** `host:port`, the form for the client and for people. */
  readonly address: string;
  /** The URL says `tls://`. */
  readonly isTls: boolean;
  /** From the URL; with no password it is a token. */
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** Shows a server's URL without the secret that it may hold. */
export function withoutUserinfo(url: string): string {
  return url.replace(/^([a-z]+:\/\/)?.*@/is, '$1***@');
}

/** Reads `nats://[user:password@]host[:port]`, `tls://…` or `host[:port]`. */
export function parseNatsServer(text: string): NatsServer {
  const url = parseUrl(text.includes('://') ? text : `nats://${text}`, text);
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'nats' && scheme !== 'tls') {
    throw new OptionError('nats.servers', `takes nats:// and tls://, got ${scheme}://`);
  }
  if (url.hostname === '' || url.search !== '' || url.hash !== '' || url.pathname.length > 1) {
    throw notAServer(text);
  }
  return {
    address: `${url.hostname}:${url.port === '' ? PORT_DEFAULT : url.port}`,
    isTls: scheme === 'tls',
    user: url.username === '' ? undefined : decoded(url.username),
    password: url.password === '' ? undefined : decoded(url.password),
  };
}

function parseUrl(url: string, text: string): URL {
  try {
    return new URL(url);
  } catch {
    // The parser's error quotes the URL, password and all: it is not passed on.
    throw notAServer(text);
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function notAServer(text: string): OptionError {
  const shown = JSON.stringify(withoutUserinfo(text));
  return new OptionError('nats.servers', `needs nats://host:port, got ${shown}`);
}
