import { createHash, randomBytes } from 'node:crypto';

const SESSIONS_MAX = 256;
const SESSION_MS = 12 * 3_600_000;
/** Wrong tokens within a minute, from anybody, before none is looked at for a while. */
const FAILURES_MAX = 10;
const FAILURES_MS = 60_000;
export const COOKIE = 'spikescope_session';

/** Browsers that have shown the token: each has a cookie whose value only it and its hash know. */
export class Sessions {
  private readonly nowMs: () => number;
  private readonly expiries = new Map<string, number>();
  private failures: number[] = [];

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  /** A new session, as the value of Set-Cookie. */
  open(): string {
    const id = randomBytes(32).toString('base64url');
    const oldest = this.expiries.keys().next().value;
    if (this.expiries.size >= SESSIONS_MAX && oldest !== undefined) this.expiries.delete(oldest);
    this.expiries.set(hashOf(id), this.nowMs() + SESSION_MS);
    return cookie(id, SESSION_MS / 1000);
  }

  /** Ends the session of a Cookie header; the value of Set-Cookie that takes it back. */
  close(header: string | undefined): string {
    const id = idIn(header);
    if (id !== undefined) this.expiries.delete(hashOf(id));
    return cookie('', 0);
  }

  isOpen(header: string | undefined): boolean {
    const id = idIn(header);
    if (id === undefined) return false;
    const hash = hashOf(id);
    const expiresMs = this.expiries.get(hash);
    if (expiresMs === undefined) return false;
    if (expiresMs > this.nowMs()) return true;
    this.expiries.delete(hash);
    return false;
  }

  /** Whether too many wrong tokens came lately. */
  get isHeldBack(): boolean {
    const since = this.nowMs() - FAILURES_MS;
    this.failures = this.failures.filter((atMs) => atMs > since);
    return this.failures.length >= FAILURES_MAX;
  }

  failed(): void {
    this.failures.push(this.nowMs());
  }
}

function cookie(id: string, seconds: number): string {
  return `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`;
}

function idIn(header: string | undefined): string | undefined {
  for (const pair of (header ?? '').slice(0, 4096).split(';')) {
    const [name, value] = pair.trim().split('=', 2);
    if (name === COOKIE && value !== undefined && value !== '') return value;
  }
  return undefined;
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}
