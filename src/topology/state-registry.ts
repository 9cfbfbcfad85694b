import type { HeldState, Snapshot, StateSlot } from '../component/state.ts';

/**
 * The states that operators have declared, by name. A snapshot of all of them between two frames,
 * restored into fresh operators, goes on as if nothing had happened.
 */
export class StateRegistry {
  private readonly held = new Map<string, HeldState>();

  /** A slot for a state; its name is unique in the topology. */
  slot(name: string): StateSlot {
    return {
      hold: (held) => {
        if (this.held.has(name)) throw new Error(`the state ${name} is declared twice`);
        this.held.set(name, held);
      },
    };
  }

  snapshot(): Record<string, Snapshot> {
    return Object.fromEntries([...this.held].map(([name, held]) => [name, held.snapshot()]));
  }

  /** Restores what both know; gives the names that only one side has. */
  restore(snapshot: Readonly<Record<string, Snapshot>>): string[] {
    const odd = Object.keys(snapshot).filter((name) => !this.held.has(name));
    for (const [name, held] of this.held) {
      const kept = snapshot[name];
      if (kept === undefined) odd.push(name);
      else held.restore(kept);
    }
    return odd;
  }
}
