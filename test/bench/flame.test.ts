import { expect, test } from 'vitest';
import { type CpuProfile, flameOf } from '../../bench/flame/frames.ts';
import { flameSvg } from '../../bench/flame/svg.ts';

function node(id: number, functionName: string, url: string, children: number[] = []) {
  return { id, callFrame: { functionName, url, lineNumber: 9 }, children };
}

const PROFILE: CpuProfile = {
  nodes: [
    node(1, '(root)', '', [2, 3, 6]),
    node(2, '(idle)', ''),
    node(3, 'read', 'node:net', [4, 5]),
    node(4, 'decode', 'file:///home/me/src/frames/decode.ts'),
    node(5, '', 'file:///home/me/node_modules/@nats-io/nats-core/lib/parser.js'),
    node(6, '(garbage collector)', ''),
  ],
  samples: [2, 4, 4, 5, 3, 6, 2],
  // The first delta is before the first sample; each of the others is the time of the one before.
  timeDeltas: [1, 1000, 20, 30, 40, 50, 60],
};

test('stacks are merged, waiting is left out, places are the same on every machine', () => {
  const root = flameOf(PROFILE);
  expect(root).toMatchObject({ name: 'all', us: 200 });
  const [read, collector] = root.calls;
  expect(read).toMatchObject({ name: 'read', place: 'node:net:10', us: 140 });
  expect(read?.calls).toEqual([
    { name: 'decode', place: 'src/frames/decode.ts:10', us: 50, calls: [] },
    { name: '(anonymous)', place: '@nats-io/nats-core', us: 40, calls: [] },
  ]);
  expect(collector).toMatchObject({ name: '(garbage collector)', place: '', us: 60 });
});

test('a box is as wide as its time, on the one that called it, and names are escaped', () => {
  const root = flameOf(PROFILE);
  const svg = flameSvg({ ...root, calls: [{ ...root.calls[0], name: 'a<b' } as never] }, 'A & B');
  expect(svg).toContain('A &amp; B');
  expect(svg).toContain('<title>a&lt;b (node:net:10): 70.0 %</title>');
  const boxOf = (title: string) => {
    const [, x, y, width] =
      new RegExp(
        `<title>${title}[^<]*</title><rect x="([\\d.]+)" y="(\\d+)" width="([\\d.]+)"`,
      ).exec(svg) ?? [];
    return { x: Number(x), y: Number(y), width: Number(width) };
  };
  const [caller, called] = [boxOf('a&lt;b'), boxOf('decode')];
  expect(called.width / caller.width).toBeCloseTo(50 / 140, 2);
  expect(called.x).toBe(caller.x);
  expect(called.y).toBeLessThan(caller.y);
});

test('what is too narrow to be seen is left out', () => {
  const small = { name: 'small', place: '', us: 1, calls: [] };
  const root = { name: 'all', place: '', us: 1_000_000, calls: [small] };
  expect(flameSvg(root, 'A')).not.toContain('small');
});
