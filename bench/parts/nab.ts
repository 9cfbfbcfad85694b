import {
  NearestDetector,
  type NearestOptions,
  nearestOptions,
} from '../../src/detectors/nearest.ts';
import { readCorpus, type Series } from '../nab/corpus.ts';
import { halves } from '../nab/folds.ts';
import { candidates } from '../nab/grid.ts';
import { type Alarms, alarmsOf, bestScore, PROFILES, scoreAt } from '../nab/score.ts';
import type { BenchOptions, Row } from './report.ts';

const TIMES = 5;
/** A blind alarm every so many rows: what NAB gives for no detection at all, at its best. */
const BLIND_EVERY = [100, 150, 200, 300, 400, 600, 800, 1200, 1600];

type Profiles = keyof typeof PROFILES;
const NAMES = Object.keys(PROFILES) as Profiles[];

/** Scores on the Numenta Anomaly Benchmark: of what was never seen, of all, and of nothing. */
export async function nab({ nab: folder }: BenchOptions): Promise<Row[]> {
  if (folder === undefined) throw new Error('nab: name the folder of the benchmark with --nab DIR');
  const corpus = readCorpus(folder);
  const grid = candidates();
  const alarms = grid.map((options, i) => {
    if (i % 100 === 0) process.stderr.write(`nab: ${i} of ${grid.length} candidates\n`);
    return run(corpus, options);
  });
  const defaults = run(corpus, nearestOptions.parse({}));
  const best = argmax(alarms.map((each) => bestScore(each, PROFILES.standard).score));
  process.stderr.write(`nab: best on all series: ${JSON.stringify(grid[best])}\n`);
  return [
    heldOut('held out: parameters and threshold chosen on the other half, 5 × 2', alarms),
    heldOut('defaults (chosen on all series), threshold chosen on the other half', [defaults]),
    inSample('in sample: defaults', defaults),
    inSample('in sample: best of the search on all series', alarms[best] as Alarms[]),
    blind(corpus),
  ];
}

/** What the detector says of every series, in its own process of time. */
function run(corpus: readonly Series[], options: NearestOptions): Alarms[] {
  return corpus.map((series) => {
    const baseline = Math.max(30, series.probation);
    const detector = new NearestDetector({ ...options, baseline });
    const scores = new Float64Array(series.values.length);
    for (let row = 0; row < scores.length; row++) {
      const time = series.timesUs[row] as number;
      scores[row] = detector.next(time, series.values[row] as number).score;
    }
    return alarmsOf(series, scores);
  });
}

/** The candidate that is best on one half, with its threshold there, scored on the other. */
function heldOut(what: string, candidatesOf: readonly (readonly Alarms[])[]): Row {
  const folds = halves((candidatesOf[0] as readonly Alarms[]).length, TIMES);
  const cells: Record<string, string> = {};
  for (const name of NAMES) {
    const profile = PROFILES[name];
    const scores = folds.map(({ chosenOn, scoredOn }) => {
      const trained = candidatesOf.map((all) => bestScore(pick(all, chosenOn), profile));
      const chosen = argmax(trained.map((each) => each.score));
      const unseen = pick(candidatesOf[chosen] as readonly Alarms[], scoredOn);
      return scoreAt(unseen, trained[chosen]?.threshold as number, profile);
    });
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const squares = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0);
    cells[name] = `${mean.toFixed(2)} ± ${Math.sqrt(squares / scores.length).toFixed(2)}`;
  }
  return { what, ...cells };
}

function inSample(what: string, alarms: readonly Alarms[]): Row {
  const cells = NAMES.map((name) => [name, bestScore(alarms, PROFILES[name]).score.toFixed(2)]);
  return { what, ...Object.fromEntries(cells) };
}

function blind(corpus: readonly Series[]): Row {
  const periods = BLIND_EVERY.map((every) =>
    corpus.map((series) => {
      const scores = new Float64Array(series.values.length);
      for (let row = 0; row < scores.length; row += every) scores[row] = 1;
      return alarmsOf(series, scores);
    }),
  );
  const cells = NAMES.map((name) => {
    const scores = periods.map((alarms) => bestScore(alarms, PROFILES[name]).score);
    return [name, Math.max(...scores).toFixed(2)];
  });
  return {
    what: 'blind: an alarm every N rows, N the best in sample',
    ...Object.fromEntries(cells),
  };
}

function pick(all: readonly Alarms[], which: readonly number[]): Alarms[] {
  return which.map((i) => all[i] as Alarms);
}

function argmax(list: readonly number[]): number {
  return list.indexOf(Math.max(...list));
}
