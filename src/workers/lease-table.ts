/** A lease as its control subject says it: who has a partition, and the message that says so. */
export interface SeenLease {
  readonly key: string;
  /** Sequence of the control message: a write that follows must name it. 0 for none yet. */
  readonly revision: number;
  /** The worker that wrote it last; undefined where it was given back. */
  readonly worker: string | undefined;
  /** That worker's process: new at each start. */
  readonly owner: string;
  /** One more with each owner. */
  readonly epoch?: number;
}

/** A lease as it is shown. */
export interface ShownLease {
  readonly key: string;
  /** Undefined where nobody has it. */
  readonly worker: string | undefined;
  readonly epoch: number;
  /** Since this worker saw it renewed; undefined where it never was. */
  readonly ageMs: number | undefined;
}

/** Another worker, as its heartbeat says. */
export interface SeenPeer {
  readonly worker: string;
  readonly owner: string;
  readonly isLeaving: boolean;
}

export interface LeaseTableParts {
  readonly worker: string;
  readonly owner: string;
  /** All that is to be shared: partitions, or the one that joins them. */
  readonly keys: readonly string[];
  /** A lease that nobody renewed for so long is anybody's; a peer not heard for so long is gone. */
  readonly ttlMs: number;
}

export interface LeasePlan {
  /** Leases to take, the best first; each only if its control message is still that one. */
  readonly claim: readonly { readonly key: string; readonly revision: number }[];
  /** Leases to give back, because others have too few. */
  readonly handOver: readonly string[];
}

interface Known extends SeenLease {
  /** When this revision was first seen, by our own clock. */
  readonly sinceMs: number;
}

/** What nobody has taken for so many times to live is taken beyond one's share. */
const ORPHAN_TTLS = 2;
/** Somebody who makes up workers fills no memory. */
const PEERS_MAX = 4096;
/** A share that others lack is given back when they have lacked it for this part of a ttl. */
const SETTLE_TTLS = 0.5;

/**
 * Who should have which lease: what one worker knows of the others, and what follows from it. It
 * decides nothing by itself: a claim is a write that names the message it replaces, so of two
 * workers that plan the same one gets it. Time is the caller's monotonic clock, never another's.
 */
export class LeaseTable {
  private readonly parts: LeaseTableParts;
  private readonly leases = new Map<string, Known>();
  private readonly peers = new Map<string, { readonly worker: string; readonly heardMs: number }>();
  private tooManySinceMs: number | undefined;

  constructor(parts: LeaseTableParts) {
    this.parts = parts;
  }

  has(key: string): boolean {
    return this.parts.keys.includes(key);
  }

  /** All that is to be shared, as this worker sees it. */
  shown(nowMs: number): ShownLease[] {
    return this.parts.keys.map((key) => {
      const lease = this.leases.get(key);
      if (lease === undefined || lease.revision === 0) {
        return { key, worker: undefined, epoch: 0, ageMs: undefined };
      }
      const worker = this.isFree(lease, nowMs) ? undefined : lease.worker;
      return { key, worker, epoch: lease.epoch ?? 0, ageMs: nowMs - lease.sinceMs };
    });
  }

  /** Workers that are there, with this one. */
  live(nowMs: number): number {
    return this.liveWorkers(nowMs).size;
  }

  /** How many leases a worker should have. */
  share(nowMs: number): number {
    return Math.ceil(this.parts.keys.length / this.live(nowMs));
  }

  hear({ worker, owner, isLeaving }: SeenPeer, nowMs: number): void {
    if (owner === this.parts.owner) return;
    if (isLeaving) this.peers.delete(owner);
    else if (this.peers.size < PEERS_MAX || this.peers.has(owner)) {
      this.peers.set(owner, { worker, heardMs: nowMs });
    }
  }

  /** The control messages as they are now; one that is not among them does not exist. */
  observe(seen: readonly SeenLease[], nowMs: number): void {
    const byKey = new Map(seen.map((lease) => [lease.key, lease]));
    for (const key of this.parts.keys) {
      const lease = byKey.get(key) ?? { key, revision: 0, worker: undefined, owner: '' };
      const known = this.leases.get(key);
      if (known?.revision === lease.revision) continue;
      this.leases.set(key, { ...lease, sinceMs: nowMs });
    }
  }

  /** What to take and what to give back, for who has those. */
  plan(owned: ReadonlySet<string>, nowMs: number): LeasePlan {
    const share = this.share(nowMs);
    const surplus = owned.size - share;
    if (surplus > 0) return { claim: [], handOver: this.surplus(owned, surplus, nowMs) };
    this.tooManySinceMs = undefined;
    const free = [...this.leases.values()]
      .filter((lease) => !owned.has(lease.key) && this.isFree(lease, nowMs))
      .sort((a, b) => this.liking(b.key) - this.liking(a.key));
    const room = share - owned.size;
    const within = free.slice(0, room);
    // Views of who is there may differ for long: nothing stays without an owner for that.
    const orphans = free.slice(room).filter((lease) => this.isOrphan(lease, nowMs));
    const claim = [...within, ...orphans.slice(0, 1)];
    return { claim: claim.map(({ key, revision }) => ({ key, revision })), handOver: [] };
  }

  private surplus(owned: ReadonlySet<string>, surplus: number, nowMs: number): readonly string[] {
    this.tooManySinceMs ??= nowMs;
    if (nowMs - this.tooManySinceMs < this.parts.ttlMs * SETTLE_TTLS) return [];
    this.tooManySinceMs = undefined;
    const liked = [...owned].sort((a, b) => this.liking(a) - this.liking(b));
    return liked.slice(0, surplus);
  }

  private isFree(lease: Known, nowMs: number): boolean {
    if (lease.revision === 0 || lease.worker === undefined) return true;
    // The process before this one, which is gone: no other has its folder of state.
    const { worker, owner, ttlMs } = this.parts;
    if (lease.worker === worker && lease.owner !== owner) return true;
    return nowMs - lease.sinceMs > ttlMs;
  }

  private isOrphan(lease: Known, nowMs: number): boolean {
    const { ttlMs } = this.parts;
    const wasHeld = lease.revision !== 0 && lease.worker !== undefined;
    return nowMs - lease.sinceMs > ttlMs * (wasHeld ? 1 + ORPHAN_TTLS : ORPHAN_TTLS);
  }

  private liveWorkers(nowMs: number): ReadonlySet<string> {
    const { worker, ttlMs } = this.parts;
    const live = new Set([worker]);
    for (const [owner, peer] of this.peers) {
      if (nowMs - peer.heardMs > ttlMs) this.peers.delete(owner);
      else live.add(peer.worker);
    }
    return live;
  }

  /** How much this worker likes a lease: so that workers begin with different ones. */
  private liking(key: string): number {
    let hash = 0x811c9dc5;
    for (const text of [this.parts.worker, '/', key]) {
      for (let i = 0; i < text.length; i++) {
        hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
      }
    }
    // The last character alone hardly moves the upper bits.
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
    return (hash ^ (hash >>> 13)) >>> 0;
  }
}
