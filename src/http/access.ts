import { createHash, timingSafeEqual } from 'node:crypto';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);

export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Compares without telling by its time how much was right. */
export function sameToken(given: string, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

/**
 * Whether a Host header is one that this server is known by. A page elsewhere whose name was made
 * to point here (DNS rebinding) comes with its own.
 */
export function isKnownHost(header: string | undefined, known: readonly string[]): boolean {
  const name = header?.replace(/:\d+$/, '').toLowerCase() ?? '';
  return isLoopback(name) || known.includes(name);
}
