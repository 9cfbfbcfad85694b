import { parseArgs } from 'node:util';

const SEEDS = 2 ** 31;

const USAGE = `usage: faults [--seed N] [--kills K] [--store sqlite|elasticsearch] [--rate N]
       faults --workers N [--partitions P] [--servers N] [--faults K] [--seed N] [--rate N]
`;

/** What was asked for; a run of one process on one server, or of workers on a cluster. */
export interface FaultsAsked {
  readonly seed: number;
  readonly messagesPerS: number;
  readonly delivery: string;
  readonly isKept: boolean;
  readonly isQuiet: boolean;
  readonly one: { readonly kills: number; readonly store: 'sqlite' | 'elasticsearch' } | undefined;
  readonly cluster:
    | {
        readonly workers: number;
        readonly partitions: number;
        readonly servers: number;
        readonly faults: number;
      }
    | undefined;
}

/** Undefined where that is no way to ask, which is then said. */
export function faultsAsked(args: readonly string[]): FaultsAsked | undefined {
  try {
    return read(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${USAGE}`);
    return undefined;
  }
}

function read(args: readonly string[]): FaultsAsked {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      kills: { type: 'string', default: '60' },
      store: { type: 'string' },
      rate: { type: 'string' },
      delivery: { type: 'string', default: 'jetstream' },
      workers: { type: 'string' },
      partitions: { type: 'string', default: '16' },
      servers: { type: 'string', default: '3' },
      faults: { type: 'string', default: '40' },
      keep: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
    },
  });
  const number = (name: string, text: string, least: number): number => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new Error(`--${name} needs a whole number from ${least} on, got ${text}`);
  };
  const isCluster = values.workers !== undefined;
  const seed = number('seed', values.seed ?? String(Math.floor(Math.random() * SEEDS)), 0);
  // Every fifth seed has the store that can be killed.
  const store = values.store ?? (seed % 5 === 0 ? 'elasticsearch' : 'sqlite');
  if (store !== 'sqlite' && store !== 'elasticsearch') throw new Error(`no store ${store}`);
  return {
    seed,
    messagesPerS: number('rate', values.rate ?? (isCluster ? '100' : '300'), 1),
    delivery: values.delivery,
    isKept: values.keep,
    isQuiet: values.quiet,
    one: isCluster ? undefined : { kills: number('kills', values.kills, 0), store },
    cluster: isCluster
      ? {
          workers: number('workers', values.workers ?? '', 1),
          partitions: number('partitions', values.partitions, 1),
          servers: number('servers', values.servers, 1),
          faults: number('faults', values.faults, 0),
        }
      : undefined,
  };
}
