import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SCENARIO_NAMES, STEADY } from '../../src/simulation/scenario.ts';
import { ofRecording, ofSimulation, type Watched } from '../faults/incidents-of.ts';
import { faultOf, judge, type Verdict } from '../faults/judge.ts';
import { type BenchOptions, median, type Row } from './report.ts';

/** Seeds that nothing was tuned on; 1 to 20 were. */
const FIRST_SEED = 101;
const SEEDS = 20;
const SECONDS = 10;
const HOUR_S = 3600;

/**
 * Recall, delay and false incidents: recordings of a folder, if one is named, every scenario, and
 * an hour of a steady network for each seed. `--scale` shortens that hour.
 */
export async function faultsEval({ faults, scale }: BenchOptions): Promise<Row[]> {
  const rows = faults === undefined ? [] : await recordings(faults);
  for (const scenario of SCENARIO_NAMES) {
    if (scenario !== STEADY) rows.push(ofSeeds(scenario));
  }
  rows.push(peace(scale));
  return rows;
}

async function recordings(folder: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of readdirSync(folder).sort()) {
    const watched = await ofRecording(join(folder, name));
    rows.push(row(name, [watched]));
  }
  return rows;
}

function ofSeeds(scenario: string): Row {
  const runs: Watched[] = [];
  for (let i = 0; i < SEEDS; i++) runs.push(ofSimulation(scenario, FIRST_SEED + i, SECONDS));
  return row(`simulate ${scenario}, ${SEEDS} seeds`, runs);
}

function peace(scale: number): Row {
  let incidents = 0;
  const seconds = Math.round(HOUR_S * scale);
  for (let i = 0; i < SEEDS; i++) {
    const watched = ofSimulation(STEADY, FIRST_SEED + i, seconds);
    incidents += judge(watched.incidents, undefined).others.length;
    process.stderr.write(`faults-eval: steady, seed ${FIRST_SEED + i}: ${incidents} so far\n`);
  }
  const hours = (SEEDS * seconds) / HOUR_S;
  return { ...NONE, what: `simulate steady, ${hours} h`, false: incidents };
}

const NONE = {
  what: '',
  faults: 0,
  found: '-',
  placed: '-',
  closed: '-',
  'starts after, ms': '-',
  'told after, ms': '-',
  by: '-',
  false: 0,
};

function row(what: string, runs: readonly Watched[]): Row {
  const judged = runs.map(({ incidents, truth, durationUs }) => {
    const fault = faultOf(truth, durationUs);
    return { fault, verdict: judge(incidents, fault) };
  });
  const ofFaults = judged.flatMap(({ fault, verdict }) => (fault === undefined ? [] : [verdict]));
  const found = ofFaults.filter(({ isFound }) => isFound);
  const others = judged.reduce((sum, { verdict }) => sum + verdict.others.length, 0);
  if (ofFaults.length === 0) return { ...NONE, what, false: others };
  const share = (is: (verdict: Verdict) => boolean) =>
    `${ofFaults.filter(is).length} of ${ofFaults.length}`;
  const ms = (of: (verdict: Verdict) => number) =>
    found.length === 0 ? '-' : String(Math.round(median(found.map(of)) / 1000));
  return {
    what,
    faults: ofFaults.length,
    found: share(({ isFound }) => isFound),
    placed: share(({ isPlaced }) => isPlaced),
    closed: share(({ isClosed }) => isClosed),
    'starts after, ms': ms(({ startedAfterUs }) => startedAfterUs),
    'told after, ms': ms(({ openedAfterUs }) => openedAfterUs),
    by: [...new Set(found.map(({ detector }) => detector))].sort().join(', '),
    false: others,
  };
}
