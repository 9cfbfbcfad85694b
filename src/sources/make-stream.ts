import {
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { NO_PEERS, NOT_AVAILABLE } from '../component/jetstream-codes.ts';

/** A stream to be made; where it has no `max_bytes`, as many as the store has room for. */
export interface StreamToMake {
  readonly name: string;
  readonly config: Partial<StreamConfig> & { readonly subjects: string[] };
}

/** A stream that can't be made as it is wanted; the message says why and what to do. */
export class StreamSetupError extends Error {
  override readonly name = 'StreamSetupError';
}

/** A cluster that is not whole has no room for a stream at the moment; it may have it later. */
export class ClusterFormingError extends Error {
  override readonly name = 'ClusterFormingError';
}

/** The default where a stream's bytes are not configured: at most this, of what is free half. */
export const BYTES_MAX = 8 * 1024 ** 3;
/** In the metadata of a stream whose bytes are being found out. */
const TRIAL = 'spikescope.trial';
const BYTES_MIN = 16 * 1024 ** 2;
const SUBJECTS_OVERLAP = 10065;
const NAME_IN_USE = 10058;
/** Its folder can't be made: of what was just deleted the server still removes files. */
const STORE_FAILED = 10049;
/** Of the server, of the account. */
const STORE_FULL: readonly number[] = [10047, 10002, 10028];

/** Also where no server of a cluster has that much, which is one reason of several there. */
function isStoreFull({ code, message }: JetStreamApiError): boolean {
  return STORE_FULL.includes(code) || (code === NO_PEERS && /insufficient storage/.test(message));
}

/**
 * Whether a cluster may yet do what it can't do now: it has no leader, or servers are missing. Its
 * answer does not tell one that is being started from one that will never have so many.
 */
function isClusterForming(error: JetStreamApiError): boolean {
  return error.code === NOT_AVAILABLE || (error.code === NO_PEERS && !isStoreFull(error));
}

/**
 * Makes a stream that was not there.
 * @throws StreamSetupError where it can't be made, another error where it can't be made now
 */
export async function makeStream(jsm: JetStreamManager, wanted: StreamToMake): Promise<StreamInfo> {
  const { name, config } = wanted;
  try {
    if (config.max_bytes !== undefined) return await jsm.streams.add({ ...config, name });
    return await makeWithinStore(jsm, wanted);
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    // Somebody else was faster, with other bytes: what it is like is looked at as ever.
    if (error.code === NAME_IN_USE) return await jsm.streams.info(name);
    if (isClusterForming(error)) {
      const copies = config.num_replicas ?? 1;
      const why = `stream ${name} in ${copies} copies can't be made now: ${error.message}`;
      throw new ClusterFormingError(why, { cause: error });
    }
    // No configuration is wrong: whoever asks again may have it.
    if (error.code === STORE_FAILED) {
      throw new Error(`stream ${name} can't be made now: ${error.message}`, { cause: error });
    }
    throw new StreamSetupError(await whyNot(jsm, wanted, error), { cause: error });
  }
}

/**
 * The lesser of 8 GiB and half the free store. A server tells nobody what its store holds, but it
 * reserves a stream's bytes: what it would reserve twice is at most half of what is free.
 */
async function makeWithinStore(jsm: JetStreamManager, wanted: StreamToMake): Promise<StreamInfo> {
  const { name, config } = wanted;
  for (let bytes = BYTES_MAX; ; bytes /= 2) {
    try {
      const trial = { ...config, name, max_bytes: 2 * bytes, metadata: { [TRIAL]: 'true' } };
      return await endTrial(jsm, await jsm.streams.add(trial));
    } catch (error) {
      const isFull = error instanceof JetStreamApiError && isStoreFull(error);
      if (!isFull || bytes / 2 < BYTES_MIN) throw error;
    }
  }
}

/**
 * Whether a stream still has twice its bytes, since whoever made it did not come to the end: it
 * crashed, or the answer of a cluster was too late for it.
 */
export function isTrial({ config }: StreamInfo): boolean {
  return config.metadata?.[TRIAL] !== undefined;
}

export async function endTrial(jsm: JetStreamManager, { config }: StreamInfo): Promise<StreamInfo> {
  const { [TRIAL]: _trial, ...metadata } = config.metadata ?? {};
  return await jsm.streams.update(config.name, { max_bytes: config.max_bytes / 2, metadata });
}

async function whyNot(
  jsm: JetStreamManager,
  { name, config }: StreamToMake,
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
