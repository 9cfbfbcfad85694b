/**
 * How often two seeds of the same network are called different, and one of them with every rate
 * × 1.1, by design effect. Usage: node scripts/compare-seeds.ts [PAIRS] [SECONDS] [FIRST_SEED]
 */
import { compare, type Subject } from '../src/analysis/compare/comparison.ts';
import { thresholdsSchema } from '../src/analysis/compare/thresholds.ts';
import { seededSubject } from '../test/analysis/seeded-subjects.ts';

const [pairs = 200, seconds = 10, first = 1] = process.argv.slice(2).map(Number);
const EFFECTS = [1, 2, 3, 4, 5, 6];
const RATIO = 1.1;

const counts = new Map(EFFECTS.map((effect) => [effect, { seeds: 0, faster: 0 }]));
for (let pair = 0; pair < pairs; pair++) {
  const seed = first + 2 * pair;
  const a = seededSubject(seed, seconds);
  tally(a, seededSubject(seed + 1, seconds), 'seeds');
  tally(a, seededSubject(seed + 1, seconds, RATIO), 'faster');
  process.stderr.write(`${pair + 1} of ${pairs}\r`);
}

function tally(a: Subject, b: Subject, what: 'seeds' | 'faster'): void {
  for (const [design_effect, count] of counts) {
    const { different } = compare(a, b, thresholdsSchema.parse({ design_effect }));
    if (different) count[what]++;
  }
}

process.stdout.write(`${pairs} pairs of ${seconds} s from seed ${first}: called different\n`);
for (const [effect, { seeds, faster }] of counts) {
  process.stdout.write(
    `design effect ${effect}: two seeds ${seeds}, rates × ${RATIO} ${faster} times\n`,
  );
}
