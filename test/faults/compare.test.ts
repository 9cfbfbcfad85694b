import { describe, expect, it } from 'vitest';
import { compareOutcomes, type Outcome } from '../../scripts/faults/compare.ts';
import { comparable } from '../../scripts/faults/compared.ts';
import { CounterWatch } from '../../scripts/faults/counter-watch.ts';
import { readExposition } from '../../scripts/faults/exposition.ts';
import { JointRuns } from '../../scripts/faults/joint-runs.ts';
import { KnownStream } from '../../scripts/faults/known-stream.ts';
import { compareWithTally } from '../../scripts/faults/oracle.ts';
import { withoutTail } from '../../scripts/faults/tail.ts';

const record = (frame: number, index: number, payload = `p${frame}.${index}`) => ({
  ...{ position: `00${frame}-000${index}`, payload },
  subject: 'spikeformer.derived.power.loihi2.a',
});

const CLEAN: Outcome = {
  derived: [record(1, 0), record(1, 1), record(4, 0), record(7, 0)],
  documents: [
    ['power/001-0000', '{"watts":1}'],
    ['power/004-0000', '{"watts":2}'],
  ],
  counters: new Map([
    ['spikescope_frames_total{kind="power"}', 7],
    ['spike_rate_hz_bucket{le="1"}', 3],
  ]),
  dead: [['3', 'kind abc']],
};

const found = (changed: Partial<Outcome>) =>
  compareOutcomes({ ...CLEAN, ...changed }, CLEAN).map(({ what, count }) => `${count} ${what}`);

describe('the comparison of two runs', () => {
  it('finds nothing where they are equal', () => {
    expect(found({})).toEqual([]);
  });

  it('finds a record that is missing, twice, altered, out of place or too much', () => {
    const [a, b, c, d] = CLEAN.derived as [never, never, never, never];
    expect(found({ derived: [a, c, d] })).toEqual(['1 derived records missing']);
    expect(found({ derived: [a, b, b, c, d] })).toEqual(['1 derived records twice']);
    expect(found({ derived: [a, b, record(4, 0, 'other'), d] })).toEqual([
      '1 derived records altered',
    ]);
    expect(found({ derived: [a, c, b, d] })).toEqual(['1 derived records out of place']);
    expect(found({ derived: [a, b, c, record(5, 0), d] })).toEqual([
      '1 derived records that should not be there',
    ]);
    // Written again at the end, as after a checkpoint that was behind.
    expect(found({ derived: [a, b, c, d, c, d] })).toEqual([
      '2 derived records twice',
      '1 derived records out of place',
    ]);
  });

  it('finds a record on another subject', () => {
    const moved = CLEAN.derived.map((each, i) => (i === 2 ? { ...each, subject: 'x' } : each));
    expect(found({ derived: moved })).toEqual(['1 derived records altered']);
  });

  it('finds documents, dead messages and counters that differ', () => {
    const [one, two] = CLEAN.documents as [never, never];
    expect(found({ documents: [one] })).toEqual(['1 documents missing']);
    expect(found({ documents: [one, two, two] })).toEqual(['1 documents twice']);
    expect(found({ documents: [one, ['power/004-0000', '{"watts":3}']] })).toEqual([
      '1 documents altered',
    ]);
    expect(found({ dead: [] })).toEqual(['1 dead messages missing']);
    const off = new Map(CLEAN.counters).set('spikescope_frames_total{kind="power"}', 8);
    expect(found({ counters: off })).toEqual(['1 counters altered']);
  });

  it('leaves out what the clean run found behind the end of the stream, and nothing else', () => {
    const clean: Outcome = {
      ...CLEAN,
      derived: [...CLEAN.derived, record(9, 0)],
      documents: [...CLEAN.documents, ['health/009-0000', '{}']],
    };
    expect(compareOutcomes(CLEAN, withoutTail(CLEAN, clean))).toEqual([]);
    const short = { ...CLEAN, derived: CLEAN.derived.slice(1) };
    expect(compareOutcomes(short, withoutTail(short, clean))).toHaveLength(1);
  });
});

const exposed = (frames: number, more = '') =>
  readExposition(
    `# TYPE spikescope_frames_total counter\nspikescope_frames_total{kind="log"} ${frames}\n` +
      `# TYPE spikescope_queue_depth gauge\nspikescope_queue_depth{queue="nats"} 3\n${more}`,
  );

describe('the watch over counters', () => {
  it('finds one that fell or went, and lets gauges be', () => {
    const watch = new CounterWatch('http://127.0.0.1:1');
    watch.judge(exposed(5));
    watch.judge(exposed(7));
    expect(watch.faults).toEqual([]);
    watch.judge(exposed(6));
    expect(watch.faults.join()).toContain('{kind="log"} fell from 7 to 6');
    watch.judge(readExposition('# TYPE up gauge\nup 1\n'));
    expect(watch.faults.join()).toContain('{kind="log"} has gone');
  });

  it('takes only own gauges while the service catches up', () => {
    const watch = new CounterWatch('http://127.0.0.1:1');
    const gauge = '# TYPE spikescope_catching_up gauge\nspikescope_catching_up 1\n';
    watch.judge(exposed(5));
    watch.judge(readExposition(gauge));
    expect(watch.faults).toEqual([]);
    expect(watch.samplesCatchingUp).toBe(1);
    watch.judge(exposed(2, gauge));
    expect(watch.faults.join()).toContain('while it catches up it shows 1 series');
  });
});

describe('the known stream', () => {
  it('is the same for a seed, and all of it is in its tally', () => {
    const [one, two, other] = [new KnownStream(5), new KnownStream(5), new KnownStream(6)];
    const ids = (stream: KnownStream) => {
      const messages = Array.from({ length: 3000 }, () => stream.next());
      return [...messages, ...stream.rest()].map(({ id, data }) => `${id} ${data.length}`);
    };
    const list = ids(one);
    expect(ids(two)).toEqual(list);
    expect(ids(other)).not.toEqual(list);
    expect(new Set(list).size).toBe(list.length);
    const { tally } = one;
    const frames = [...tally.framesByKind.values()].reduce((sum, count) => sum + count, 0);
    expect(frames + tally.repeated + tally.invalid).toBe(list.length);
    expect(tally.framesByKind.size).toBe(11);
    for (const share of [tally.lost, tally.late, tally.restarts]) expect(share).toBeGreaterThan(0);
  });

  it('has runs of chips in several partitions, each of which ends on each chip', () => {
    const stream = new KnownStream(5, 16);
    const ends = new Map<string, Set<string>>();
    const messages = [...Array.from({ length: 3000 }, () => stream.next()), ...stream.rest()];
    for (const { subject, data } of messages) {
      const runId = /run-joint\d+-\d+/.exec(Buffer.from(data).toString('latin1'))?.[0];
      if (runId === undefined) continue;
      const chips = ends.get(runId) ?? new Set();
      if (/\.log\./.test(subject)) chips.add(subject);
      ends.set(runId, chips);
    }
    const sizes = new Map([...ends].map(([runId, { size }]) => [runId, size]));
    expect(sizes).toEqual(stream.tally.jointRuns);
    expect(sizes.size).toBeGreaterThan(50);
    expect([...sizes.values()].filter((chips) => chips === 2).length).toBeGreaterThan(50);
  });

  it('tells totals that are off by one', () => {
    const { tally } = new KnownStream(5);
    tally.invalid = 2;
    const right = new Map([['spikescope_frames_invalid_total{reason="kind"}', 2]]);
    expect(compareWithTally(right, tally)).toEqual([]);
    const wrong = new Map([['spikescope_frames_invalid_total{reason="kind"}', 3]]);
    expect(compareWithTally(wrong, tally)[0]?.examples).toEqual([
      'spikescope_frames_invalid_total is 3, published were 2',
    ]);
  });
});

describe('joint runs', () => {
  const half = { chips: 1, frames: 4, spikes: 10, energy_joules: 0.1, frames_lost: 1 };
  const ID = 'run-joint1-0';

  it('are the same in one record and in several', () => {
    const [one, two] = [new JointRuns(), new JointRuns()];
    const whole = { chips: 2, frames: 7, spikes: 11, energy_joules: 0.3, frames_lost: 1 };
    one.add(ID, 100, { ...whole, span_us: 50, hardware: 'cpu,loihi2' });
    two.add(ID, 120, { ...half, span_us: 30, hardware: 'loihi2' });
    const rest = { chips: 1, frames: 3, spikes: 1, energy_joules: 0.2, frames_lost: 0 };
    two.add(ID, 100, { ...rest, span_us: 10, hardware: 'cpu' });
    expect(two.texts).toEqual(one.texts);
    expect([one.records, two.records]).toEqual([1, 2]);
    expect(two.differences(new Map([[ID, 2]]))).toEqual([]);
  });

  it('differ where a part was joined twice or not at all', () => {
    const runs = new JointRuns();
    runs.add(ID, 100, half);
    expect(runs.differences(new Map([[ID, 2]]))).toEqual([
      {
        what: 'joint runs other than published',
        count: 1,
        examples: [`${ID}: 1 chips, published 2`],
      },
    ]);
    const once = runs.texts;
    runs.add(ID, 100, half);
    expect(runs.texts).not.toEqual(once);
    expect(JointRuns.isOne(ID)).toBe(true);
    expect(JointRuns.isOne('run-a-0')).toBe(false);
  });
});

it('counters of a process are not compared, all others are', () => {
  const counters = new Map([
    ['spikescope_nats_disconnects_total', 1],
    ['spikescope_nats_disconnects_totals', 1],
    ['spikescope_frames_missing_total', 2],
  ]);
  expect([...comparable(counters).keys()]).toEqual([
    'spikescope_nats_disconnects_totals',
    'spikescope_frames_missing_total',
  ]);
});
