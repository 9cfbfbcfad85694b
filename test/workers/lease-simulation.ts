import { LeaseTable, type SeenLease } from '../../src/workers/lease-table.ts';

/** A generator of numbers in [0, 1) that a seed determines (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A control message in the store. */
interface Control {
  readonly key: string;
  readonly revision: number;
  readonly worker: string | undefined;
  readonly owner: string;
  readonly epoch: number;
  readonly value: number;
}

/** A write that landed, in the order of landing. */
export interface Landed {
  readonly key: string;
  readonly owner: string;
  readonly epoch: number;
  readonly value: number;
  readonly atMs: number;
}

/** The stream's leader: a write lands only where it names the message that it replaces. */
export class ControlStore {
  readonly landed: Landed[] = [];
  private readonly controls = new Map<string, Control>();
  private sequence = 0;

  write(control: Omit<Control, 'revision'>, after: number, atMs: number): number | undefined {
    if ((this.controls.get(control.key)?.revision ?? 0) !== after) return undefined;
    const revision = ++this.sequence;
    this.controls.set(control.key, { ...control, revision });
    const { key, owner, epoch, value } = control;
    this.landed.push({ key, owner, epoch, value, atMs });
    return revision;
  }

  get(key: string): Control | undefined {
    return this.controls.get(key);
  }

  all(): SeenLease[] {
    return [...this.controls.values()];
  }
}

interface Held {
  revision: number;
  epoch: number;
  value: number;
}

export interface SimulatedOptions {
  readonly store: ControlStore;
  readonly keys: readonly string[];
  readonly ttlMs: number;
  readonly random: () => number;
}

/**
 * A worker as the service is one, without anything but its leases: it writes its own values, one
 * more each time, to what it holds; what a pause or a lost answer leaves open, the store says.
 */
export class SimulatedWorker {
  readonly owner: string;
  readonly worker: string;
  readonly held = new Map<string, Held>();
  /** Keys that this worker found to be another's. */
  readonly givenUp: string[] = [];
  pausedToMs = 0;
  isDead = false;
  private readonly options: SimulatedOptions;
  private readonly table: LeaseTable;
  /** What was seen last: a worker may act on what was true before its pause. */
  private seen: SeenLease[] = [];

  constructor(worker: string, start: number, options: SimulatedOptions) {
    this.worker = worker;
    this.owner = `${worker}#${start}`;
    this.options = options;
    const { keys, ttlMs } = options;
    this.table = new LeaseTable({ worker, owner: this.owner, keys, ttlMs });
  }

  hear(other: SimulatedWorker, nowMs: number, isLeaving = false): void {
    this.table.hear({ worker: other.worker, owner: other.owner, isLeaving }, nowMs);
  }

  /** One step, of which a pause may fall between any two. */
  step(nowMs: number): void {
    const { random, store } = this.options;
    const what = random();
    if (what < 0.4) this.seen = store.all();
    else if (what < 0.6) this.look(nowMs);
    else for (const key of this.held.keys()) if (random() < 0.7) this.renew(key, nowMs);
  }

  /** Gives all back, as at SIGTERM. */
  leave(nowMs: number): void {
    for (const key of this.held.keys()) this.release(key, nowMs);
    this.isDead = true;
  }

  private look(nowMs: number): void {
    this.table.observe(this.seen, nowMs);
    const { claim, handOver } = this.table.plan(new Set(this.held.keys()), nowMs);
    for (const { key, revision } of claim) this.claim(key, revision, nowMs);
    for (const key of handOver) this.release(key, nowMs);
  }

  private claim(key: string, revision: number, nowMs: number): void {
    const { store, random } = this.options;
    const before = store.get(key);
    if ((before?.revision ?? 0) !== revision) return;
    const epoch = (before?.epoch ?? 0) + 1;
    const value = before?.value ?? 0;
    const { worker, owner } = this;
    const stored = store.write({ key, worker, owner, epoch, value }, revision, nowMs);
    if (stored === undefined) return;
    // The answer is lost: it does not know that it has it, and nobody renews it.
    if (random() < 0.05) return;
    this.held.set(key, { revision: stored, epoch, value });
  }

  private renew(key: string, nowMs: number): void {
    const { store, random } = this.options;
    const held = this.held.get(key) as Held;
    const { worker, owner } = this;
    const value = held.value + 1;
    const control = { key, worker, owner, epoch: held.epoch, value };
    const stored = store.write(control, held.revision, nowMs);
    const isAnswered = stored !== undefined && random() >= 0.1;
    if (isAnswered) {
      this.held.set(key, { ...held, revision: stored, value });
      return;
    }
    const there = store.get(key);
    if (there?.owner !== owner || there.epoch !== held.epoch) {
      this.held.delete(key);
      this.givenUp.push(key);
    } else this.held.set(key, { ...held, revision: there.revision, value: there.value });
  }

  private release(key: string, nowMs: number): void {
    const held = this.held.get(key) as Held;
    const { epoch, value, revision } = held;
    const control = { key, worker: undefined, owner: this.owner, epoch, value };
    this.options.store.write(control, revision, nowMs);
    this.held.delete(key);
  }
}
