import { expect, it } from 'vitest';
import type { Frame } from '../../src/frames/frame.ts';
import { SequenceTracker } from '../../src/operators/track-sequence.ts';

interface Given {
  readonly seq?: number;
  readonly t0?: number;
  readonly emitter?: string;
  readonly layer?: string;
}

function frame({ seq, t0 = (seq ?? 0) * 10, emitter, layer = 'l' }: Given): Frame {
  return {
    kind: 'spikes',
    deviceType: 'cpu',
    chipId: '0',
    t0Us: t0,
    spanUs: 10,
    seq,
    runId: undefined,
    emitter,
    arrivedUs: Number.NaN,
    restarts: 0,
    layerName: layer,
    neuronType: 'lif',
    neuronCount: 1,
    neuronId: new Uint32Array(0),
    dtUs: new Uint32Array(0),
    timestep0: undefined,
    timestepUs: undefined,
    neuronOffset: 0,
  };
}

/**
 * What becomes of each frame: `+` counted, `+n` with n lost before it, `=` repeat, `<` recovered.
 */
function follow(given: readonly Given[]): string {
  const tracker = new SequenceTracker(10);
  let restarts = 0;
  return given
    .map((each) => {
      const made = frame(each);
      const verdict = tracker.track('s', made);
      const anew = made.restarts > restarts ? '!' : '';
      restarts = made.restarts;
      if (verdict.repeated) return `${anew}=`;
      if (verdict.recovered) return `${anew}<`;
      return verdict.missing > 0 ? `${anew}+${verdict.missing}` : `${anew}+`;
    })
    .join(' ');
}

const seqs = (...list: number[]): Given[] => list.map((seq) => ({ seq }));

it('counts frames in order, and frames without a number, as they come', () => {
  expect(follow(seqs(0, 1, 2))).toBe('+ + +');
  expect(follow([{}, {}, {}])).toBe('+ + +');
  expect(follow(seqs(7, 8))).toBe('+ +');
});

it('finds lost, repeated and recovered frames', () => {
  expect(follow(seqs(0, 3, 1, 1, 2, 3, 4))).toBe('+ +2 < = < = +');
});

it('recognises a repeat among the last 1,024 and no further', () => {
  const many = seqs(...Array.from({ length: 1100 }, (_, i) => i));
  const after = (seq: number): string | undefined =>
    follow([...many, { seq, emitter: undefined as never }])
      .split(' ')
      .at(-1);
  expect(after(1099)).toBe('=');
  expect(after(76)).toBe('=');
  expect(after(75)).toBe('<');
});

it('takes a new emitter for a restart, and goes on with an old one', () => {
  const given = [
    { seq: 5, emitter: 'a' },
    { seq: 6, emitter: 'a' },
    { seq: 0, emitter: 'b' },
    { seq: 1, emitter: 'b' },
    { seq: 8, emitter: 'a' },
  ];
  expect(follow(given)).toBe('+ + !+ + +1');
});

it('takes an unnamed 0 with another t0 or layer for a restart', () => {
  expect(follow([{ seq: 0 }, { seq: 1 }, { seq: 0 }])).toBe('+ + =');
  expect(follow([{ seq: 0 }, { seq: 1 }, { seq: 0, t0: 99 }, { seq: 1, t0: 109 }])).toBe(
    '+ + !+ +',
  );
  expect(follow([{ seq: 0 }, { seq: 1 }, { seq: 0, layer: 'm' }])).toBe('+ + !+');
});

it('takes a number seen with another t0 for a restart: a repeat has the same', () => {
  expect(follow([{ seq: 0 }, { seq: 1 }, { seq: 1, t0: 500 }, { seq: 2, t0: 510 }])).toBe(
    '+ + !+ +',
  );
});

it('lets frames of Spikescope itself pass without a restart', () => {
  expect(follow([{ seq: 0 }, { seq: 9, emitter: 'spikescope' }, { seq: 1 }])).toBe('+ + +');
});

it('forgets the oldest of more than 64 emitters', () => {
  const given = Array.from({ length: 65 }, (_, i) => ({ seq: 3, emitter: `e${i}` }));
  const verdicts = follow([...given, { seq: 3, emitter: 'e64' }, { seq: 3, emitter: 'e0' }]);
  expect(verdicts.split(' ').slice(-2)).toEqual(['=', '!+']);
});
