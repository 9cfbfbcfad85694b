import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Horizon, streamOf } from '../../src/anomalies/horizon.ts';

const LAG_US = 2_000_000;
const SPAN_US_MAX = 60_000_000;

/** The same as its words say it, worked out anew each time. */
class PlainHorizon {
  readonly done = new Map<string, number>();
  private spanUs = 0;
  private firstUs = -1;

  reach(stream: string, doneUs: number, spanUs: number): void {
    this.done.set(stream, doneUs);
    this.spanUs = Math.max(this.spanUs, Math.min(spanUs, SPAN_US_MAX));
    if (this.firstUs < 0) this.firstUs = doneUs - spanUs;
  }

  knownUs(): number {
    const front = Math.max(0, ...this.done.values());
    if (front < this.firstUs + 2 * this.spanUs && front >= this.firstUs) return this.firstUs;
    const near = [...this.done.values()].filter((done) => front - done <= LAG_US + 2 * this.spanUs);
    return Math.min(front, ...near);
  }
}

const step = fc.record({
  stream: fc.nat(5),
  doneUs: fc.integer({ min: 1, max: 12_000_000 }),
  spanUs: fc.constantFrom(0, 50_000, 100_000, 1_000_000),
  leaves: fc.boolean(),
});

test('what is known is what the furthest behind knows, however streams come and go', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const [fast, plain] = [new Horizon(), new PlainHorizon()];
      for (const { stream, doneUs, spanUs, leaves } of steps) {
        const name = streamOf(String(stream), {
          ...{ deviceType: 'cpu', chipId: '0', layerName: undefined, coreId: undefined },
        });
        if (leaves) {
          fast.leave(name);
          plain.done.delete(name);
        } else {
          fast.reach(name, doneUs, spanUs);
          plain.reach(name, doneUs, spanUs);
        }
        expect(fast.knownUs()).toBe(plain.knownUs());
      }
    }),
  );
});
