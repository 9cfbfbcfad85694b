import { expect, test } from 'vitest';
import { SubjectCache } from '../../src/sources/subject-cache.ts';

test('the same bytes are the same text, and no others, whatever their hash', () => {
  const cache = new SubjectCache();
  const subjects = Array.from({ length: 10_000 }, (_, i) => `spikes.loihi2.chip${i}.ü`);
  for (const hashOf of [(i: number) => i * 7919, () => 5, (i: number) => -i]) {
    for (const [i, subject] of subjects.entries()) {
      const bytes = Buffer.from(`MSG ${subject} 1 3`);
      const to = 4 + Buffer.byteLength(subject);
      expect(cache.textOf(bytes, 4, to, hashOf(i))).toBe(subject);
      expect(cache.textOf(bytes, 4, to, hashOf(i))).toBe(subject);
    }
  }
});
