import { JetStreamApiError, type JetStreamManager, type StreamInfo } from '@nats-io/jetstream';
import type { WantedStream } from './jetstream-streams.ts';

/** A stream that can't be made as it is wanted; the message says why and what to do. */
export class StreamSetupError extends Error {
  override readonly name = 'StreamSetupError';
}

/** The default where a stream's bytes are not configured: at most this, of what is free half. */
export const BYTES_MAX = 8 * 1024 ** 3;
const BYTES_MIN = 16 * 1024 ** 2;

const SUBJECTS_OVERLAP = 10065;
/** Of the server, of the account, and "no suitable peers" in a cluster. */
const STORE_FULL: readonly number[] = [10047, 10002, 10028, 10005];

/** @throws StreamSetupError where the server won't */
export async function makeStream(jsm: JetStreamManager, wanted: WantedStream): Promise<StreamInfo> {
  const { name, config } = wanted;
  try {
    if (config.max_bytes !== undefined) return await jsm.streams.add({ ...config, name });
    return await makeWithinStore(jsm, wanted);
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    throw new StreamSetupError(await whyNot(jsm, wanted, error), { cause: error });
  }
}

/**
 * The lesser of 8 GiB and half the free store. A server tells nobody what its store holds, but it
 * reserves a stream's bytes: what it would reserve twice is at most half of what is free.
 */
async function makeWithinStore(jsm: JetStreamManager, wanted: WantedStream): Promise<StreamInfo> {
  const { name, config } = wanted;
  for (let bytes = BYTES_MAX; ; bytes /= 2) {
    try {
      await jsm.streams.add({ ...config, name, max_bytes: 2 * bytes });
      return await jsm.streams.update(name, { max_bytes: bytes });
    } catch (error) {
      const isFull = error instanceof JetStreamApiError && STORE_FULL.includes(error.code);
      if (!isFull || bytes / 2 < BYTES_MIN) throw error;
    }
  }
}

async function whyNot(
  jsm: JetStreamManager,
  { name, config }: WantedStream,
  error: JetStreamApiError,
): Promise<string> {
  if (error.code === SUBJECTS_OVERLAP) {
    for (const subject of config.subjects) {
      const other = await jsm.streams.find(subject).catch(() => undefined);
      if (other === undefined) continue;
      return (
        `stream ${name} can't be made: the stream ${other} has subjects of ${subject} already; ` +
        'name it in streams.name, or take another prefix'
      );
    }
  }
  const bytes = config.max_bytes === undefined ? '' : ` of ${config.max_bytes} bytes`;
  return `stream ${name}${bytes} can't be made: ${error.message}`;
}
