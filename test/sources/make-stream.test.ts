import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { makeStream, StreamSetupError } from '../../src/sources/make-stream.ts';

/** Making a stream by a server that refuses to, so. */
async function refusal(err_code: number, description: string): Promise<unknown> {
  const refused = new JetStreamApiError({ code: 500, err_code, description });
  const streams = {
    add: () => Promise.reject(refused),
    find: () => Promise.reject(new Error('none')),
  };
  const config = { subjects: ['a.>'], max_bytes: 1024 };
  const manager = { streams } as unknown as JetStreamManager;
  return await makeStream(manager, { name: 'S', config }).catch((error: unknown) => error);
}

it('a server that can make no folder now is asked again, and no configuration blamed', async () => {
  const error = await refusal(10049, 'error creating store for stream');
  expect(error).not.toBeInstanceOf(StreamSetupError);
  expect((error as Error).message).toBe(
    "stream S can't be made now: error creating store for stream",
  );
});

it('what will never do is an error of the set-up', async () => {
  const error = await refusal(10065, 'subjects overlap with an existing stream');
  expect(error).toBeInstanceOf(StreamSetupError);
});
