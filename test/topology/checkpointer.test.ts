import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { CheckpointContent } from '../../src/topology/checkpoint-file.ts';
import { Checkpointer, type CheckpointerParts } from '../../src/topology/checkpointer.ts';
import { checkpointContent } from './checkpoint-content.ts';

const HOUR_MS = 3_600_000;

/** A checkpointer over a state that is one number, with what it wrote and said. */
function checkpointing(parts: Partial<CheckpointerParts> = {}) {
  const written: CheckpointContent[] = [];
  const said: string[] = [];
  const state = { sequence: 1 as number | undefined };
  const checkpointer = new Checkpointer({
    folder: {
      write: async (content) => {
        written.push(content);
        return 100;
      },
    },
    everyMs: HOUR_MS,
    framesMax: 1_000_000,
    copy: () => (state.sequence === undefined ? undefined : checkpointContent(state.sequence)),
    settled: async (copy) => copy,
    events: {
      written: (bytes, heldMs, tookMs) => {
        said.push(`written ${bytes} ${heldMs >= 0 && tookMs >= heldMs}`);
      },
      failed: (error) => said.push(`failed: ${(error as Error).message}`),
    },
    ...parts,
  });
  const sequences = () => written.map(({ sequence }) => sequence);
  return { checkpointer, written, said, state, sequences };
}

/** Whatever can go on without a timer has done so. */
async function settledTurns(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

it('copies at once, and writes the copy only when its outputs are where they belong', async () => {
  const stored = Promise.withResolvers<void>();
  const { checkpointer, state, sequences, written } = checkpointing({
    settled: async (copy) => {
      await stored.promise;
      return { ...copy, documentsTo: 99 };
    },
  });
  const writing = checkpointer.write();
  // Frames go on meanwhile: what is written is the state as it was.
  state.sequence = 5;
  await settledTurns();
  expect(sequences()).toEqual([]);
  stored.resolve();
  expect(await writing).toBe(true);
  expect(written).toMatchObject([{ sequence: 1, documentsTo: 99 }]);
});

it('writes nothing before there is anything, nor again what was written', async () => {
  const { checkpointer, state, sequences, said } = checkpointing();
  state.sequence = undefined;
  expect(await checkpointer.write()).toBe(false);
  expect(checkpointer.ageMs).toBeUndefined();
  state.sequence = 4;
  expect(await checkpointer.write()).toBe(true);
  expect(await checkpointer.write()).toBe(true);
  expect(sequences()).toEqual([4]);
  expect(said).toEqual(['written 100 true']);
});

it('goes on from the checkpoint that the service began with, of that age', async () => {
  const { checkpointer, state, sequences } = checkpointing();
  checkpointer.began(1, HOUR_MS);
  expect(checkpointer.ageMs).toBeGreaterThanOrEqual(HOUR_MS);
  // It covers all that there is: as good as written now.
  expect(await checkpointer.write()).toBe(true);
  expect(sequences()).toEqual([]);
  expect(checkpointer.ageMs).toBeLessThan(HOUR_MS);
  state.sequence = 2;
  await checkpointer.write();
  expect(sequences()).toEqual([2]);
});

it('tells what fails, keeps the age of the one before, and tries again', async () => {
  let isFull = true;
  const { checkpointer, said } = checkpointing({
    folder: {
      write: async () => {
        if (isFull) throw new Error('ENOSPC: no space left on device');
        return 7;
      },
    },
  });
  checkpointer.began(0, 9000);
  expect(await checkpointer.write()).toBe(false);
  expect(checkpointer.ageMs).toBeGreaterThanOrEqual(9000);
  isFull = false;
  expect(await checkpointer.write()).toBe(true);
  expect(said).toEqual(['failed: ENOSPC: no space left on device', 'written 7 true']);
});

it('does not write what was copied where its outputs will never be stored', async () => {
  const { checkpointer, sequences, said } = checkpointing({
    settled: () => Promise.reject(new Error('another one has taken over')),
  });
  expect(await checkpointer.write()).toBe(false);
  expect(sequences()).toEqual([]);
  expect(said).toEqual(['failed: another one has taken over']);
});

it('writes when so many frames have come, before its time', async () => {
  const { checkpointer, state, sequences } = checkpointing({ framesMax: 3 });
  const stop = new AbortController();
  const running = checkpointer.run(stop.signal);
  const frames = async (count: number) => {
    for (let i = 0; i < count; i++) {
      state.sequence = (state.sequence as number) + 1;
      checkpointer.count();
    }
    await settledTurns();
  };
  await frames(2);
  expect(sequences()).toEqual([]);
  await frames(1);
  expect(sequences()).toEqual([4]);
  await frames(2);
  expect(sequences()).toEqual([4]);
  await frames(3);
  expect(sequences()).toEqual([4, 9]);
  stop.abort();
  await running;
});

it('writes from time to time until the signal, one after the other', async () => {
  const third = Promise.withResolvers<void>();
  let open = 0;
  const { checkpointer, state } = checkpointing({
    everyMs: 1,
    folder: {
      write: async (content) => {
        expect(++open).toBe(1);
        await settledTurns();
        open--;
        state.sequence = content.sequence + 1;
        if (content.sequence === 3) third.resolve();
        return 1;
      },
    },
  });
  const stop = new AbortController();
  const running = checkpointer.run(stop.signal);
  await third.promise;
  stop.abort();
  await running;
  const last = state.sequence;
  await settledTurns();
  expect(state.sequence).toBe(last);
});

it('ends at the signal though what it waits for never comes; writes one at a time', async () => {
  const stored = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  const { checkpointer, sequences, state } = checkpointing({
    everyMs: 1,
    settled: async (copy) => {
      waiting.resolve();
      await stored.promise;
      return copy;
    },
  });
  const stop = new AbortController();
  const running = checkpointer.run(stop.signal);
  await waiting.promise;
  stop.abort();
  await running;
  state.sequence = 9;
  const last = checkpointer.write();
  await settledTurns();
  expect(sequences()).toEqual([]);
  stored.resolve();
  expect(await last).toBe(true);
  expect(sequences()).toEqual([1, 9]);
});
