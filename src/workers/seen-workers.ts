import type { Heartbeat } from './heartbeat.ts';

/** What a heartbeat says that is shown. */
export interface SeenWorker {
  readonly worker: string;
  readonly host: string;
  readonly url: string | null;
  readonly parts: readonly string[];
}

/** Somebody who makes up workers fills no memory. */
const WORKERS_MAX = 1024;
const EVERYWHERE = new Set(['0.0.0.0', '[::]']);
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;
const HOST = /^[A-Za-z0-9._-]{1,255}$/;

/** The other workers, for who wants to look at what they show: those that were heard of lately. */
export class SeenWorkers {
  private readonly host: string;
  private readonly ttlMs: number;
  private readonly byWorker = new Map<
    string,
    { readonly beat: Heartbeat; readonly atMs: number }
  >();

  /** `host`: of this machine, whose loopback others can't reach. */
  constructor(host: string, ttlMs: number) {
    this.host = host;
    this.ttlMs = ttlMs;
  }

  hear(beat: Heartbeat, nowMs: number): void {
    const { worker, owner, leaves } = beat;
    const known = this.byWorker.get(worker);
    if (leaves) {
      // Another process may be that worker by now.
      if (known?.beat.owner === owner) this.byWorker.delete(worker);
      return;
    }
    // Those who are gone take nobody's place, whether anybody looks or not.
    if (known === undefined && this.byWorker.size >= WORKERS_MAX) this.forget(nowMs);
    if (known !== undefined || this.byWorker.size < WORKERS_MAX) {
      this.byWorker.set(worker, { beat, atMs: nowMs });
    }
  }

  shown(nowMs: number): SeenWorker[] {
    this.forget(nowMs);
    const beats = [...this.byWorker.values()].map(({ beat }) => beat);
    return beats
      .sort((a, b) => (a.worker < b.worker ? -1 : 1))
      .map(({ worker, host, url, parts }) => {
        return { worker, host, url: pageOf(url, host, this.host), parts };
      });
  }

  private forget(nowMs: number): void {
    for (const [worker, { atMs }] of this.byWorker) {
      if (nowMs - atMs > this.ttlMs) this.byWorker.delete(worker);
    }
  }
}

/**
 * Where a page that is served at `url` on the machine `host` is reached from the machine `from`;
 * null where it is not, and for what is no page: anybody may say that he is a worker.
 */
export function pageOf(url: string | null, host: string, from: string): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const page = new URL(url);
  if (page.protocol !== 'http:' && page.protocol !== 'https:') return null;
  if (EVERYWHERE.has(page.hostname)) {
    if (!HOST.test(host)) return null;
    page.hostname = host;
    // A name that ends in a number is none in an address, and nothing was set.
    if (EVERYWHERE.has(page.hostname)) return null;
  } else if (LOOPBACK.test(page.hostname) && host !== from) return null;
  return page.origin;
}
