import type { Heartbeat } from './heartbeat.ts';

/** What a heartbeat says that is shown; anybody may publish one, so all of it is looked at. */
export interface SeenWorker {
  readonly worker: string;
  readonly host: string;
  readonly url: string | null;
  readonly parts: readonly string[];
}

/** Somebody who makes up workers fills no memory. */
const WORKERS_MAX = 1024;
const PARTS_MAX = 1024;
const TEXT_MAX = 256;
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
    } else if (known !== undefined || this.byWorker.size < WORKERS_MAX) {
      this.byWorker.set(worker, { beat, atMs: nowMs });
    }
  }

  shown(nowMs: number): SeenWorker[] {
    for (const [worker, { atMs }] of this.byWorker) {
      if (nowMs - atMs > this.ttlMs) this.byWorker.delete(worker);
    }
    const beats = [...this.byWorker.values()].map(({ beat }) => beat);
    return beats
      .sort((a, b) => (a.worker < b.worker ? -1 : 1))
      .map(({ worker, host, url, parts }) => ({
        worker: worker.slice(0, TEXT_MAX),
        host: textOf(host),
        url: pageOf(url, host, this.host),
        parts: parts.slice(0, PARTS_MAX).map(textOf),
      }));
  }
}

/**
 * Where a page that is served at `url` on the machine `host` is reached from the machine `from`;
 * null where it is not.
 */
export function pageOf(url: unknown, host: unknown, from: string): string | null {
  if (typeof url !== 'string' || !URL.canParse(url)) return null;
  const page = new URL(url);
  if (page.protocol !== 'http:' && page.protocol !== 'https:') return null;
  if (EVERYWHERE.has(page.hostname)) {
    if (typeof host !== 'string' || !HOST.test(host)) return null;
    page.hostname = host;
  } else if (LOOPBACK.test(page.hostname) && host !== from) return null;
  return page.origin;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, TEXT_MAX) : '';
}
