import type { JointRuns } from './joint-runs.ts';

/** A record of the derived stream. */
export interface DerivedEntry {
  /** Sequence of the frame that gave it, and number among that frame's records: `12-0`. */
  readonly position: string;
  readonly subject: string;
  /** Hash of the payload. */
  readonly payload: string;
  /** Of the frames, where workers share them: order is within one. */
  readonly part?: string;
}

/** All that a run left behind. */
export interface Outcome {
  /** In the order of the stream. */
  readonly derived: readonly DerivedEntry[];
  /** Of what joins chips, each with which of its kind it is; in no order. */
  readonly joined?: readonly string[];
  /** How many records those are. */
  readonly joinedRecords?: number;
  /** Those of them that chips of several partitions have together, which are compared as sums. */
  readonly jointRuns?: JointRuns;
  /** `<index>/<id without the origin>` to its fields, as text. */
  readonly documents: readonly (readonly [id: string, fields: string])[];
  readonly counters: ReadonlyMap<string, number>;
  /** Sequence of the message to reason and payload. */
  readonly dead: readonly (readonly [sequence: string, content: string])[];
}

export interface Difference {
  readonly what: string;
  readonly count: number;
  /** The first of them, one a line. */
  readonly examples: readonly string[];
}

const EXAMPLES_MAX = 5;

/** What is in one run and not, or otherwise, in the other; empty where both are equal. */
export function compareOutcomes(faulty: Outcome, clean: Outcome): Difference[] {
  const derived = (outcome: Outcome) =>
    outcome.derived.map((each) => [each.position, `${each.subject} ${each.payload}`] as const);
  return [
    ...compareKeyed('derived records', derived(faulty), derived(clean)),
    ...outOfPlace(faulty.derived),
    ...compareKeyed('joined records', asKeys(faulty.joined), asKeys(clean.joined)),
    ...compareKeyed('documents', faulty.documents, clean.documents),
    ...compareKeyed('dead messages', faulty.dead, clean.dead),
    ...compareKeyed('counters', asText(faulty.counters), asText(clean.counters)),
  ];
}

type Keyed = readonly (readonly [key: string, content: string])[];

function asKeys(keys: readonly string[] = []): Keyed {
  return keys.map((key) => [key, '']);
}

function asText(counters: ReadonlyMap<string, number>): Keyed {
  return [...counters].map(([series, value]) => [series, String(value)]);
}

/** Missing, twice, altered, surplus: each by key. */
export function compareKeyed(what: string, faulty: Keyed, clean: Keyed): Difference[] {
  const want = new Map(clean);
  const seen = new Set<string>();
  const twice: string[] = [];
  const surplus: string[] = [];
  const altered: string[] = [];
  for (const [key, content] of faulty) {
    const wanted = want.get(key);
    if (seen.has(key)) twice.push(`${key}: ${content}`);
    else if (wanted === undefined) surplus.push(`${key}: ${content}`);
    else if (wanted !== content) altered.push(`${key}: ${content}, without faults ${wanted}`);
    seen.add(key);
  }
  const missing = clean.filter(([key]) => !seen.has(key)).map(([key, text]) => `${key}: ${text}`);
  // A run without faults that says something twice is no measure.
  const doubtful = clean.length - want.size;
  return [
    ...differenceOf(`${what} missing`, missing),
    ...differenceOf(`${what} twice`, twice),
    ...differenceOf(`${what} altered`, altered),
    ...differenceOf(`${what} that should not be there`, surplus),
    ...(doubtful === 0
      ? []
      : [{ what: `${what} twice without faults`, count: doubtful, examples: [] }]),
  ];
}

function differenceOf(what: string, found: readonly string[]): Difference[] {
  if (found.length === 0) return [];
  return [{ what, count: found.length, examples: found.slice(0, EXAMPLES_MAX) }];
}

/** Records whose position is below that of one before them, of the same part. */
function outOfPlace(derived: readonly DerivedEntry[]): Difference[] {
  const byPart = Map.groupBy(derived, ({ part = '' }) => part);
  const found = [...byPart.values()].flatMap(outOfPlaceWithin);
  return differenceOf('derived records out of place', found);
}

function outOfPlaceWithin(derived: readonly DerivedEntry[]): string[] {
  const found: string[] = [];
  let highest: readonly number[] = [];
  let last = '';
  for (const { position, subject } of derived) {
    const numbers = position.split('-').map(Number);
    if (isBelow(numbers, highest)) found.push(`${position} (${subject}) after ${last}`);
    else {
      highest = numbers;
      last = position;
    }
  }
  return found;
}

function isBelow(a: readonly number[], b: readonly number[]): boolean {
  for (const [i, each] of b.entries()) {
    const other = a[i] ?? -1;
    if (other !== each) return other < each;
  }
  return false;
}
