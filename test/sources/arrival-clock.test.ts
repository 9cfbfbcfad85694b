import { expect, test } from 'vitest';
import { ArrivalClock } from '../../src/sources/arrival-clock.ts';

function clock(): { arrival: ArrivalClock; pass: (ms: number) => void; set: (ms: number) => void } {
  let monotonicMs = 5_000.25;
  let setBackMs = 0;
  const wallMs = () => Math.floor(1_700_000_000_000 + monotonicMs - setBackMs);
  return {
    arrival: new ArrivalClock(() => monotonicMs, wallMs),
    pass: (ms) => {
      monotonicMs += ms;
    },
    set: (ms) => {
      setBackMs -= ms;
    },
  };
}

test('times are whole µs since the epoch, and keep the distance of what arrived', () => {
  const { arrival, pass } = clock();
  const firstUs = arrival.nowUs();
  expect(Number.isSafeInteger(firstUs)).toBe(true);
  expect(Math.abs(firstUs - 1_700_000_005_000_000)).toBeLessThan(2000);
  pass(0.125);
  expect(arrival.nowUs() - firstUs).toBe(125);
  for (let i = 0; i < 100; i++) pass(99.5);
  expect(arrival.nowUs() - firstUs).toBe(9_950_125);
});

test('a system clock that is set is followed within a second', () => {
  const { arrival, pass, set } = clock();
  const firstUs = arrival.nowUs();
  set(3_600_000);
  pass(10);
  expect(arrival.nowUs() - firstUs).toBe(10_000);
  pass(1000);
  expect(Math.abs(arrival.nowUs() - firstUs - 3_601_010_000)).toBeLessThan(2000);
  set(-7_200_000);
  pass(1000);
  expect(Math.abs(arrival.nowUs() - firstUs + 3_597_990_000)).toBeLessThan(2000);
});
