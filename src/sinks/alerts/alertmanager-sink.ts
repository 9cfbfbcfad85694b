import { setTimeout as sleep } from 'node:timers/promises';
import { pauseMs } from '../../component/backoff.ts';
import type { DerivedRecord } from '../../component/derived-record.ts';
import type { HeldState, Snapshot } from '../../component/state.ts';
import { AlertsRefused, type PostableAlert } from './alertmanager-client.ts';
import { type AlertLinks, type IncidentAlert, incidentAlert } from './incident-alert.ts';

/** `queue_full`: more incidents than may be told of at once. `refused`: by Alertmanager. */
export type AlertDropReason = 'queue_full' | 'refused' | 'stopped';

export interface AlertSinkParts {
  /** @throws AlertsRefused where trying again would not help */
  readonly post: (alerts: readonly PostableAlert[], signal: AbortSignal) => Promise<void>;
  readonly links: AlertLinks;
  readonly keepAliveMs: number;
  readonly incidentsMax: number;
  readonly nowMs: () => number;
  readonly events: AlertSinkEvents;
}

export interface AlertSinkEvents {
  sent(alerts: number): void;
  dropped(reason: AlertDropReason, alerts: number, why?: string): void;
  /** After each request that failed. */
  failed(reason: string): void;
}

interface Entry {
  incident: IncidentAlert;
  revision: number;
  sentRevision: number;
  /** When an open one is sent again. */
  dueMs: number;
}

const BATCH_MAX = 64;
const RETRY_LIMITS = { firstMs: 500, lastMs: 30_000 };
/** How soon it is noticed that nothing holds incidents back any more. */
const HELD_LOOK_MS = 100;
/** Three may be lost before Alertmanager takes an incident for ended. */
const KEEP_ALIVES = 4;

/**
 * Tells Alertmanager of incidents: when they open, again and again while they last, and when they
 * are over. Of each only the last state waits, so that an outage of any length is made up for with
 * one request and nothing that is over is told as new. So it is after a restart that reads frames
 * again: when that is done, it tells what is open.
 */
export class AlertmanagerSink implements HeldState {
  private readonly parts: AlertSinkParts;
  /** By incident and labels: with another severity or detector it is another alert. */
  private readonly entries = new Map<string, Entry>();
  private readonly keys = new Map<string, string>();
  private readonly stopping = new AbortController();
  private wake = Promise.withResolvers<void>();
  private running: Promise<void> | undefined;
  private isClosing = false;
  /** When Alertmanager is asked whether it is there, where there is nothing to tell. */
  private probeDueMs = 0;
  /** Undefined where no restart reads frames again. */
  private isHeld: (() => boolean) | undefined;

  constructor(parts: AlertSinkParts) {
    this.parts = parts;
  }

  /** Alerts that Alertmanager does not have as they are. */
  get depth(): { readonly messages: number } {
    let messages = 0;
    for (const entry of this.entries.values()) if (isNews(entry)) messages++;
    return { messages };
  }

  /** Nothing is sent while this is so. */
  holdWhile(isHeld: () => boolean): void {
    this.isHeld = isHeld;
  }

  /** From now on it is known whether Alertmanager is there, before there is an incident to tell. */
  start(): void {
    this.running ??= this.run();
  }

  /** What is open: a process after this one keeps it alive, and knows how to end it. */
  snapshot(): Snapshot {
    const open = [...this.entries.values()].filter(({ incident }) => incident.isOpen);
    return open.map(({ incident }) => ({ ...incident }));
  }

  restore(snapshot: Snapshot): void {
    for (const key of this.entries.keys()) this.end(key);
    for (const incident of snapshot as unknown as readonly IncidentAlert[]) {
      this.put(keyOf(incident), incident);
    }
    this.start();
    this.wake.resolve();
  }

  /** Takes a record of any stream; never waits, never throws. */
  take(record: DerivedRecord): void {
    const incident = incidentAlert(record, this.parts.links);
    if (incident === undefined) return;
    const { incidentId } = incident;
    const key = keyOf(incident);
    const before = this.keys.get(incidentId);
    if (before !== undefined && before !== key) this.end(before);
    this.put(key, incident);
    this.start();
    this.wake.resolve();
  }

  /** Sends what is new, until the abort; what is open ends by itself where nobody tells of it. */
  async close(signal: AbortSignal): Promise<void> {
    this.isClosing = true;
    const stop = () => this.stopping.abort();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.wake.resolve();
    await this.running;
    signal.removeEventListener('abort', stop);
    const { messages } = this.depth;
    if (messages > 0 && this.isHeld?.() !== true) this.parts.events.dropped('stopped', messages);
    this.entries.clear();
    this.keys.clear();
  }

  private put(key: string, incident: IncidentAlert): void {
    const entry = this.entries.get(key);
    if (entry !== undefined) {
      entry.incident = incident;
      entry.revision++;
      if (entry.sentRevision === 0 && this.isPast(incident)) this.forget(key, incident);
      return;
    }
    // One that nobody was told of needs no end.
    if (!incident.isOpen) return;
    if (this.entries.size >= this.parts.incidentsMax) {
      this.parts.events.dropped('queue_full', 1);
      return;
    }
    this.entries.set(key, { incident, revision: 1, sentRevision: 0, dueMs: 0 });
    this.keys.set(incident.incidentId, key);
  }

  /** It is over for so long that Alertmanager has ended it, where it knew of it. */
  private isPast({ isOpen, atMs }: IncidentAlert): boolean {
    const { keepAliveMs, nowMs } = this.parts;
    const pastMs = nowMs() - KEEP_ALIVES * keepAliveMs;
    return this.isHeld?.() === true && !isOpen && atMs < pastMs;
  }

  private end(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    entry.incident = { ...entry.incident, isOpen: false };
    entry.revision++;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted; ) {
      if (this.isHeld?.() === true) {
        // What lasts says so again each minute, and then the next process tells of it.
        if (this.isClosing) return;
        await this.until(this.parts.nowMs() + HELD_LOOK_MS, signal);
        continue;
      }
      const batch = this.due();
      if (batch.length > 0 || (!this.isClosing && this.probeDueMs <= this.parts.nowMs())) {
        failures = (await this.sendBatch(batch)) ? 0 : failures + 1;
        if (failures > 0)
          await sleep(pauseMs(RETRY_LIMITS, failures), undefined, { signal }).catch(() => {});
      } else if (this.isClosing) return;
      else await this.untilNews();
    }
  }

  /** What is new, or else what is to be kept alive. */
  private due(): Entry[] {
    const nowMs = this.parts.nowMs();
    const all = [...this.entries.values()];
    const news = all.filter(isNews);
    const due = news.length > 0 || this.isClosing ? news : all.filter((e) => e.dueMs <= nowMs);
    return due.slice(0, BATCH_MAX);
  }

  private async untilNews(): Promise<void> {
    const timer = new AbortController();
    const dues = [...this.entries.values()].map(({ dueMs }) => dueMs);
    const due = Math.min(this.probeDueMs, ...dues);
    await Promise.race([this.wake.promise, this.until(due, timer.signal)]);
    timer.abort();
    this.wake = Promise.withResolvers();
  }

  private async until(dueMs: number, signal: AbortSignal): Promise<void> {
    const ms = Math.max(1, dueMs - this.parts.nowMs());
    await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
  }

  /** False where Alertmanager could not be asked: all of it stays as it was. */
  private async sendBatch(batch: readonly Entry[]): Promise<boolean> {
    const revisions = batch.map(({ revision }) => revision);
    try {
      const alerts = batch.map(({ incident }) => this.alertOf(incident));
      await this.parts.post(alerts, this.stopping.signal);
      this.parts.events.sent(batch.length);
    } catch (error) {
      const why = (error as Error).message;
      if (!(error instanceof AlertsRefused)) {
        if (!this.stopping.signal.aborted) this.parts.events.failed(why);
        return false;
      }
      // Which of them it is that Alertmanager does not want shows when each comes alone.
      if (batch.length > 1) return await this.sendEach(batch);
      this.parts.events.dropped('refused', batch.length, why);
    }
    this.probeDueMs = this.parts.nowMs() + this.parts.keepAliveMs;
    for (const [at, entry] of batch.entries()) this.done(entry, revisions[at] as number);
    return true;
  }

  private async sendEach(batch: readonly Entry[]): Promise<boolean> {
    for (const entry of batch) if (!(await this.sendBatch([entry]))) return false;
    return true;
  }

  private done(entry: Entry, revision: number): void {
    const { incident } = entry;
    entry.sentRevision = revision;
    entry.dueMs = this.parts.nowMs() + this.parts.keepAliveMs;
    if (incident.isOpen || isNews(entry)) return;
    this.forget(keyOf(incident), incident);
  }

  private forget(key: string, { incidentId }: IncidentAlert): void {
    this.entries.delete(key);
    if (this.keys.get(incidentId) === key) this.keys.delete(incidentId);
  }

  private alertOf({ isOpen, startedMs, labels, annotations }: IncidentAlert): PostableAlert {
    const { keepAliveMs, links, nowMs } = this.parts;
    const now = nowMs();
    // A clock that is ahead must not make an alert end before it starts.
    const starts = Math.min(startedMs, now);
    const ends = isOpen ? now + KEEP_ALIVES * keepAliveMs : now;
    return {
      labels,
      annotations,
      startsAt: new Date(starts).toISOString(),
      endsAt: new Date(ends).toISOString(),
      ...(links.page === undefined ? {} : { generatorURL: links.page }),
    };
  }
}

function keyOf({ incidentId, labels }: IncidentAlert): string {
  return JSON.stringify([incidentId, labels]);
}

function isNews({ revision, sentRevision }: Entry): boolean {
  return revision !== sentRevision;
}
