import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analysisSchema } from '../../src/analysis/result.ts';
import { analyzePath } from './analyze-folder.ts';
import { compareWithOracle, oracleOf } from './oracle.ts';

/** Recordings with numbers from Elephant, PySpike and NumPy beside them. */
const FOLDERS = ['fixtures/demo', 'fixtures/recordings'].flatMap((root) =>
  readdirSync(root).map((name) => join(root, name)),
);

describe.each(FOLDERS)('%s', (folder) => {
  it.each([100, 1000])("has the oracle's numbers, with windows of %i ms", async (windowMs) => {
    const reading = { windowUs: windowMs * 1000, listsWindows: true, frameSpanUs: 100_000 };
    const { analysis, remarks } = await analyzePath(folder, reading);
    const { found, compared } = compareWithOracle(analysis, oracleOf(folder), windowMs);
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(50);
    expect(remarks).toEqual([]);
    expect(analysisSchema.parse(analysis)).toEqual(analysis);
    expect(analysis.completeness).toEqual({
      frames_lost: 0,
      samples_late: 0,
      samples_invalid: 0,
      samples_outside: 0,
      truncated: false,
    });
  });

  it('is the same to the byte in frames of any span', async () => {
    const texts: string[] = [];
    for (const frameSpanUs of [1_000, 7_300, 100_000, 60_000_000]) {
      const reading = { windowUs: 100_000, listsWindows: true, frameSpanUs };
      texts.push(JSON.stringify((await analyzePath(folder, reading)).analysis));
    }
    expect(new Set(texts).size).toBe(1);
  });
});
