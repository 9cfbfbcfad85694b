import { expect, test } from 'vitest';
import { publishedSubjects } from '../../src/component/partition.ts';

test("a stored subject is the emitter's without the partition, however many there are", () => {
  const published = publishedSubjects(13);
  for (let round = 0; round < 2; round++) {
    for (let chip = 0; chip < 20_000; chip++) {
      const subject = `lab.spikeformer.spikes.loihi2.chip${chip}`;
      expect(published(`${subject}.13`)).toBe(subject);
    }
  }
});
