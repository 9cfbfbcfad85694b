import { parseArgs } from 'node:util';
import { parseDurationUs } from '../src/component/duration.ts';
import type { BenchOptions } from './parts/report.ts';
import type { PeersOptions } from './peers/peers.ts';

export class BenchUsageError extends Error {}

export interface BenchCommand {
  readonly parts: readonly string[];
  readonly options: BenchOptions;
  /** Whether sections of the document are written. */
  readonly write: boolean;
  /** In place of parts. */
  readonly peers: PeersOptions | undefined;
}

const FLAGS = {
  rounds: { type: 'string' },
  scale: { type: 'string', default: '1' },
  python: { type: 'string' },
  away: { type: 'string', default: '5s' },
  nab: { type: 'string' },
  faults: { type: 'string' },
  write: { type: 'boolean' },
  peers: { type: 'boolean', default: false },
  seconds: { type: 'string', default: '1.2' },
  minutes: { type: 'string', default: '12' },
  only: { type: 'string' },
} as const;

const ROUNDS = '3';
const ROUNDS_BESIDE_PEERS = '5';

/** What was asked for; throws a sentence that says what is wrong with it. */
export function parseBench(args: readonly string[], known: readonly string[]): BenchCommand {
  const { values, positionals } = parsed(args);
  const rounds = positive(values.rounds ?? (values.peers ? ROUNDS_BESIDE_PEERS : ROUNDS), 'rounds');
  const options: BenchOptions = {
    rounds,
    scale: positive(values.scale, 'scale'),
    python: values.python,
    nab: values.nab,
    faults: values.faults,
    awaySeconds: positive(String((parseDurationUs(values.away) ?? Number.NaN) / 1e6), 'away'),
  };
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new BenchUsageError(`no part is called ${unknown}; there are: ${known.join(', ')}`);
  }
  if (values.peers && positionals.length > 0) {
    throw new BenchUsageError('--peers runs no parts: name its workloads with --only');
  }
  if (!values.peers && values.only !== undefined) {
    throw new BenchUsageError('--only names workloads of --peers; parts are named without a flag');
  }
  const only = values.only === undefined ? [] : values.only.split(',');
  const seconds = positive(values.seconds, 'seconds');
  const minutes = positive(values.minutes, 'minutes');
  const write = values.write ?? values.peers;
  const peers = values.peers ? { rounds, seconds, minutes, only, write } : undefined;
  const [first = ''] = known;
  return {
    parts: partsOf(positionals, values.nab, known, first),
    options,
    write,
    peers,
  };
}

/** Who says where the benchmark of detectors lies wants that part. */
function partsOf(
  named: readonly string[],
  nab: string | undefined,
  known: readonly string[],
  usual: string,
): readonly string[] {
  if (named.length === 0) return [nab === undefined ? usual : 'nab'];
  return known.filter((name) => named.includes(name));
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: FLAGS,
    });
  } catch (error) {
    throw new BenchUsageError((error as Error).message, { cause: error });
  }
}

function positive(text: string, flag: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new BenchUsageError(`--${flag} needs a number above 0, not ${text}`);
}
