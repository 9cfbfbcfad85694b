import { errors } from '@nats-io/transport-node';

/** Codes of Node's TLS that say: this certificate will not do, however often it is tried. */
const TLS_CODES = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/;

/** The client has no classes for these; they say that the other side speaks something else. */
const TEXTS = [/does not support 'tls'/, /'tls' is not available/, /unexpected response/];

/** Whether a first connection that failed so can never work. */
export function isPermanent(error: unknown): boolean {
  for (const cause of chain(error)) {
    if (cause instanceof errors.UserAuthenticationExpiredError) return true;
    // A server under load runs out of time for authentication: that passes.
    if (cause instanceof errors.AuthorizationError) return !/timeout/i.test(cause.message);
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== undefined && TLS_CODES.test(code)) return true;
    if (TEXTS.some((text) => text.test(cause.message))) return true;
  }
  return false;
}

/**
 * The client does not pass on why a TLS server hung up after the handshake, which is how one
 * refuses a client certificate or the lack of one; all that can be seen is that nothing comes.
 */
const SILENCE =
  'no answer in time (a server that refuses a client certificate, or misses one, is silent: ' +
  'see nats.tls.cert_file)';

/** An error in one line, with the cause where it says more. */
export function reasonOf(error: unknown): string {
  if (error instanceof errors.TimeoutError) return SILENCE;
  const texts: string[] = [];
  for (const { message } of chain(error)) {
    const line = message.replace(/\s+/g, ' ').trim();
    if (line !== '' && !texts.some((text) => text.includes(line))) texts.push(line);
  }
  return texts.join(': ') || 'no reason given';
}

function* chain(error: unknown): Generator<Error> {
  let depth = 0;
  for (let cause = error; cause instanceof Error && depth < 4; cause = cause.cause) {
    yield cause;
    depth++;
  }
}
