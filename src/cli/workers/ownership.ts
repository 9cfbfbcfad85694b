import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionView, WorkerView } from '../../component/partition-view.ts';
import { FencedError } from '../../sinks/fence.ts';
import type { StoreGroup } from '../../sinks/prometheus/store-group.ts';
import type { Heartbeat } from '../../workers/heartbeat.ts';
import { type LeasePlan, LeaseTable } from '../../workers/lease-table.ts';
import { pageOf, SeenWorkers } from '../../workers/seen-workers.ts';
import { readLeases } from './leases.ts';
import { Part } from './part.ts';
import { OtherStreamError, type PartWork } from './part-work.ts';
import { partitionName, viewOf } from './partition-views.ts';
import { Peers } from './peers.ts';
import type { WorkerParts } from './worker-parts.ts';

export interface OwnershipParts extends WorkerParts {
  /** All parts of a kind, partitions of frames first: of each kind a worker has its share. */
  readonly kinds: readonly (readonly PartWork[])[];
  readonly group: StoreGroup;
  readonly url: () => string | null;
}

/** Looks at leases in the time that one lives. */
const LOOKS = 10;
const BEATS = 4;
/** Those who are there answer a newcomer within this. */
const GREETING_MS = 300;
const GIVE_BACK_MS_MAX = 10_000;
const MS_MIN = 20;
const CLAIMS_AT_ONCE = 16;

/** Takes, works on and gives back parts, so that each has one owner and each owner its share. */
export class Ownership {
  private readonly parts: OwnershipParts;
  private readonly works = new Map<string, PartWork>();
  private readonly tables: readonly LeaseTable[];
  private readonly owned = new Map<string, Part>();
  /** Parts that are on their way back: no longer ours to count on, and not yet another's. */
  private readonly leaving = new Set<string>();
  private readonly peers: Peers;
  private readonly seen: SeenWorkers;
  private readonly ending = new Set<Promise<unknown>>();
  private isStopped = false;

  constructor(parts: OwnershipParts) {
    this.parts = parts;
    const { worker, owner, config, kinds } = parts;
    const ttlMs = config.workers.ttl / 1000;
    this.tables = kinds.map((works) => {
      for (const work of works) this.works.set(work.key, work);
      return new LeaseTable({ worker, owner, ttlMs, keys: works.map(({ key }) => key) });
    });
    this.seen = new SeenWorkers(hostname(), ttlMs);
    this.peers = new Peers({
      ...{ worker, owner, connection: parts.connection, prefix: config.prefix },
      ...{ partitions: config.streams.partitions, url: parts.url },
      owned: () => [...this.owned.keys()],
      heard: (beat) => this.hear(beat),
    });
  }

  get held(): readonly Part[] {
    return [...this.owned.values()];
  }

  /** How all parts stand, as this worker sees it. */
  views(): PartitionView[] {
    const nowMs = performance.now();
    return this.tables
      .flatMap((table) => table.shown(nowMs))
      .map((lease) => {
        return viewOf(this.parts.worker, lease, this.owned.get(lease.key));
      });
  }

  /** Who shares them: this worker, and those that it has heard of lately. */
  workers(): WorkerView[] {
    const host = hostname();
    const url = pageOf(this.parts.url(), host, host);
    const own = { worker: this.parts.worker, isOwn: true, host, url };
    const others = this.seen.shown(performance.now()).map(({ parts, ...other }) => {
      return { ...other, isOwn: false, partitions: parts.map(partitionName) };
    });
    return [{ ...own, partitions: [...this.owned.keys()].map(partitionName) }, ...others];
  }

  /** Until the signal; then gives back what it has. */
  async run(signal: AbortSignal): Promise<void> {
    const ttlMs = this.parts.config.workers.ttl / 1000;
    this.peers.beat();
    const beats = setInterval(() => this.peers.beat(), Math.max(MS_MIN, ttlMs / BEATS));
    try {
      await sleep(GREETING_MS, undefined, { signal }).catch(() => {});
      while (!signal.aborted) {
        await this.look(signal).catch((error: unknown) => this.tellFailure(error));
        await sleep(Math.max(MS_MIN, ttlMs / LOOKS), undefined, { signal }).catch(() => {});
      }
    } finally {
      this.isStopped = true;
      clearInterval(beats);
      await this.close();
    }
  }

  tick(isSourceThere: boolean): void {
    for (const part of this.owned.values()) part.tick(isSourceThere);
  }

  private async look(signal: AbortSignal): Promise<void> {
    const connection = this.parts.connection();
    if (connection === undefined) return;
    const { config, names } = this.parts;
    const leases = await readLeases(connection, config.prefix, names.derived);
    const nowMs = performance.now();
    const claims: LeasePlan['claim'][number][] = [];
    for (const table of this.tables) {
      table.observe(leases, nowMs);
      const { claim, handOver } = table.plan(this.keysOf(table), nowMs);
      claims.push(...claim);
      for (const key of handOver) this.handOver(key);
    }
    // Nothing that is on its way back is taken again before it has arrived.
    const free = claims.filter(({ key }) => !this.leaving.has(key));
    await this.claimAll(free, signal);
    const { own } = this.parts.telemetry;
    const [ofFrames] = this.tables as readonly [LeaseTable];
    own.workersSeen.series().set(ofFrames.live(nowMs));
  }

  private keysOf(table: LeaseTable): ReadonlySet<string> {
    return new Set([...this.owned.keys()].filter((key) => table.has(key)));
  }

  /**
   * Several at once: what one waits for is mostly the server, and parts that begin together read
   * the stream together, so that the server has what they ask for in its memory.
   * @throws what the first of those that failed did, when all have ended
   */
  private async claimAll(claims: LeasePlan['claim'], signal: AbortSignal): Promise<void> {
    if (claims.length === 0) return;
    const left = [...claims];
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        if (signal.aborted) return;
        await this.claim(next.key, next.revision, signal);
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: CLAIMS_AT_ONCE }, work));
    this.peers.beat();
    const failed = ended.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
  }

  private async claim(key: string, revision: number, signal: AbortSignal): Promise<void> {
    const { telemetry, group } = this.parts;
    const work = this.works.get(key) as PartWork;
    const view = await this.parts.look(work.input.stream, signal);
    if (view === undefined) return;
    const beganMs = performance.now();
    const part = new Part(this.parts, work);
    if (!(await part.claim(revision, view.created))) return;
    this.owned.set(key, part);
    group.add(part);
    telemetry.own.partitionChanges.series('taken').add(1);
    const tookMs = Math.round(performance.now() - beganMs);
    telemetry.log.info(`took ${key} (epoch ${part.epoch}) in ${tookMs} ms`);
    part.start((error) => this.lost(part, error));
  }

  /** The part ended by itself: another worker has it, or there is nothing to go on with. */
  private lost(part: Part, error: unknown): void {
    const { log, own } = this.parts.telemetry;
    this.forget(part);
    if (error instanceof FencedError) {
      own.partitionChanges.series('fenced').add(1);
      log.warn(error.message);
    } else if (error instanceof OtherStreamError) {
      log.warn(`the stream of ${part.key} was made anew: its operators begin anew`);
    } else {
      own.partitionChanges.series('failed').add(1);
      log.error(`${part.key} ended`, { error });
    }
    this.track(part.drop());
    this.peers.beat();
  }

  private handOver(key: string): void {
    const part = this.owned.get(key);
    if (part === undefined || this.leaving.has(key)) return;
    this.track(this.giveBack(part));
  }

  /** What is to have ended before the process does. */
  private track(work: Promise<unknown>): void {
    const ended = work.finally(() => this.ending.delete(ended)).catch(() => {});
    this.ending.add(ended);
  }

  private async giveBack(part: Part): Promise<void> {
    const { key } = part;
    const { log, own } = this.parts.telemetry;
    this.leaving.add(key);
    try {
      const beganMs = performance.now();
      const isGiven = await part.giveBack(AbortSignal.timeout(GIVE_BACK_MS_MAX));
      const tookMs = Math.round(performance.now() - beganMs);
      if (isGiven) {
        own.partitionChanges.series('given').add(1);
        log.info(`gave ${key} back in ${tookMs} ms`);
      } else log.warn(`${key} could not be given back: others wait until its lease has ended`);
    } catch (error) {
      log.error(`giving ${key} back failed`, { error });
    } finally {
      this.forget(part);
      this.leaving.delete(key);
      if (!this.isStopped) this.peers.beat();
    }
  }

  private forget(part: Part): void {
    this.parts.group.delete(part);
    if (this.owned.get(part.key) === part) this.owned.delete(part.key);
  }

  private async close(): Promise<void> {
    // Others count on it no more: they take what it gives back as soon as it has.
    this.peers.beat(true);
    for (const part of this.owned.values()) this.handOver(part.key);
    await Promise.allSettled(this.ending);
    this.peers.close();
  }

  private hear(beat: Heartbeat): void {
    const { config, rare, telemetry } = this.parts;
    if (beat.partitions !== config.streams.partitions) {
      rare.warn('partitions', `${beat.owner} has ${beat.partitions} partitions: another stream`);
      return;
    }
    const { worker, owner, leaves } = beat;
    const nowMs = performance.now();
    this.seen.hear(beat, nowMs);
    for (const table of this.tables) table.hear({ worker, owner, isLeaving: leaves }, nowMs);
    telemetry.log.debug(`heard of ${owner}`, { parts: beat.parts.length });
  }

  private tellFailure(error: unknown): void {
    this.parts.rare.warn('leases', `leases can't be looked at: ${(error as Error).message}`);
  }
}
