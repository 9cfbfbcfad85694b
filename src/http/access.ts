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

/** What a browser says of where a request comes from. */
export interface RequestOrigin {
  readonly host: string | undefined;
  /** Header `Origin`: of a page that asks by script or sends a form. */
  readonly origin: string | undefined;
  /** Headers `Sec-Fetch-Site` and `Sec-Fetch-Mode`. */
  readonly site: string | undefined;
  readonly mode: string | undefined;
}

/**
 * Whether a request comes from this server's own pages, or from no page at all; a link that is
 * followed from elsewhere may come too, a picture or script that a page elsewhere wants may not.
 */
export function isOwnOrigin(
  { host, origin, site, mode }: RequestOrigin,
  known: readonly string[],
): boolean {
  if (origin === undefined) {
    return site === undefined || site === 'same-origin' || site === 'none' || mode === 'navigate';
  }
  try {
    const url = new URL(origin);
    return url.host === host?.toLowerCase() || known.includes(url.hostname);
  } catch {
    return false;
  }
}
