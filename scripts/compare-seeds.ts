/**
 * How often two seeds of the same network are called different, and one of them with every rate
 * × 1.1, by design effect. With HALVES it is not two seeds but the first and the second half of one
 * run: the same weights, other input.
 * Usage: node scripts/compare-seeds.ts [PAIRS] [SECONDS] [FIRST_SEED] [HALVES]
 */
import { compare, type Subject } from '../src/analysis/compare/comparison.ts';
import { thresholdsSchema } from '../src/analysis/compare/thresholds.ts';
import { seededSubject } from '../test/analysis/seeded-subjects.ts';

const [pairs = 200, seconds = 10, first = 1] = process.argv.slice(2, 5).map(Number);
const areHalves = process.argv[5] !== undefined;
const EFFECTS = [1, 2, 3, 4, 5, 6, 8, 10];
const RATIO = 1.1;

const counts = new Map(EFFECTS.map((effect) => [effect, { seeds: 0, faster: 0 }]));
for (let pair = 0; pair < pairs; pair++) {
  const seed = first + 2 * pair;
  const other = areHalves ? seed : seed + 1;
  const from = areHalves ? seconds : 0;
  const a = seededSubject(seed, seconds);
  tally(a, seededSubject(other, seconds, 1, from), 'seeds');
  tally(a, seededSubject(other, seconds, RATIO, from), 'faster');
  process.stderr.write(`${pair + 1} of ${pairs}\r`);
}

function tally(a: Subject, b: Subject, what: 'seeds' | 'faster'): void {
  for (const [design_effect, count] of counts) {
    const effects = areHalves ? { design_effect_matched: design_effect } : { design_effect };
    const { different } = compare(a, b, thresholdsSchema.parse(effects));
    if (different) count[what]++;
  }
}

const what = areHalves ? 'two halves' : 'two seeds';
process.stdout.write(`${pairs} pairs of ${seconds} s from seed ${first}: called different\n`);
for (const [effect, { seeds, faster }] of counts) {
  process.stdout.write(
    `design effect ${effect}: ${what} ${seeds}, rates × ${RATIO} ${faster} times\n`,
  );
}
