import { install, isInstalled } from '../../scripts/services/install.ts';
import type { Peer } from './peer.ts';

export interface Roll {
  readonly there: readonly Peer[];
  /** Sentences on those that take no part. */
  readonly missing: readonly string[];
}

/** How a service is had; another in tests. */
export interface Means {
  isThere(peer: Peer): boolean;
  get(peer: Peer): Promise<void>;
}

const REAL: Means = {
  isThere: ({ service }) => service === undefined || isInstalled(service),
  get: async ({ service }) => {
    if (service !== undefined) await install(service);
  },
};

/** Builds or finds each peer, in turn; who can't be had is named, and the others run. */
export async function callRoll(
  peers: readonly Peer[],
  say: (line: string) => void,
  means: Means = REAL,
): Promise<Roll> {
  const there: Peer[] = [];
  const missing: string[] = [];
  for (const peer of peers) {
    try {
      if (!means.isThere(peer)) {
        say(`${nameOf(peer)}: getting it, once`);
        await means.get(peer);
      }
      there.push(peer);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const line = `${nameOf(peer)} takes no part: ${why}`;
      say(line);
      missing.push(line);
    }
  }
  return { there, missing };
}

function nameOf({ name, version }: Peer): string {
  return `${name} ${version}`.trim();
}
