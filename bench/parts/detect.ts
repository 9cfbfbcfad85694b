import { DETECTORS } from '../../src/detectors/named-detectors.ts';
import { createRandom } from './random-series.ts';
import type { BenchOptions, Row } from './report.ts';
import { median } from './report.ts';

const POINTS = 1e6;
/** The default, and what suits panes of 10 ms. */
const FORMS: readonly (readonly [string, object])[] = [
  ['defaults', {}],
  ['baseline 30, history 300', { baseline: 30, history: 300 }],
];

/** What a point costs a detector, and what memory it holds after a million of them. */
export async function detect({ rounds, scale }: BenchOptions): Promise<Row[]> {
  return FORMS.map(([what, options]) => {
    const costs: number[] = [];
    let heldMb = 0;
    for (let round = 0; round < rounds; round++) {
      const detector = (DETECTORS['nearest'] as (typeof DETECTORS)[string]).create(options);
      const next = createRandom(round + 1);
      const points = Math.round(POINTS * scale);
      const before = heldMegabytes();
      const started = performance.now();
      for (let i = 0; i < points; i++) detector.next(i * 1000, next());
      costs.push(((performance.now() - started) * 1000) / points);
      heldMb = Math.max(heldMb, heldMegabytes() - before);
      detector.snapshot();
    }
    return {
      detector: `nearest, ${what}`,
      points: Math.round(POINTS * scale),
      'µs a point': median(costs).toFixed(2),
      'memory grown, MB': heldMb.toFixed(1),
    };
  });
}

function heldMegabytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1e6;
}
