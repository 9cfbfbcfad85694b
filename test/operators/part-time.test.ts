import { setFlagsFromString } from 'node:v8';
import { expect, it } from 'vitest';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { restorePart, snapshotPart } from '../../src/operators/part-time.ts';
import { CountsPool, newPart, openWindow } from '../../src/operators/spike-windows.ts';

setFlagsFromString('--allow-natives-syntax');
/** Whether V8 takes two objects for the same kind of thing. */
const isSameKind = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (
  a: object,
  b: object,
) => boolean;

it('a part that was restored is one to what was compiled for parts, its copy is none', () => {
  const pool = new CountsPool(1 << 20);
  const frame = { neuronType: 'lif', neuronCount: 4, restarts: 0, t0Us: 0, arrivedUs: 0.5 };
  const part = newPart(frame as SpikesFrame);
  const window = openWindow(part, 3, null, pool);
  const copy = snapshotPart(part) as unknown as { readonly windows: readonly object[] };
  const restored = restorePart(structuredClone(snapshotPart(part)), pool);
  expect(restored).toEqual(part);
  expect(isSameKind(restored, part)).toBe(true);
  expect(isSameKind(restored.windows[0] as object, window)).toBe(true);
  expect(isSameKind(copy, part)).toBe(false);
  expect(isSameKind(copy.windows[0] as object, window)).toBe(false);
});
