import { DerivedCommit } from '../../sinks/derived-commit.ts';
import { stateHash } from '../../topology/checkpoint-file.ts';
import { hashesOf } from '../jetstream/keeping.ts';
import type { PartWork } from './part-work.ts';
import type { WorkerParts } from './worker-parts.ts';

/** A lease is renewed so often while it lives: a renewal or two may fail. */
const RENEWALS = 4;

/** What a part derives on its way into the derived stream; its markers are the part's lease. */
export function partCommit(
  parts: WorkerParts,
  { key, idMark, input, pipelines }: PartWork,
  roomMade: () => void,
): DerivedCommit {
  const { config, telemetry, connection, names, owner, worker, rare } = parts;
  const { own, log } = telemetry;
  return new DerivedCommit({
    connection,
    place: { prefix: config.prefix, stream: names.derived, part: key, idMark },
    frames: input.stream,
    ...{ owner, roomMade },
    share: {
      worker,
      renewMs: config.workers.ttl / 1000 / RENEWALS,
      marks: config.workers.marks,
      pipelines: stateHash(hashesOf(pipelines, config)),
    },
    limits: {
      everyMs: config.checkpoints.commit_interval / 1000,
      waitingBytesMax: config.checkpoints.waiting_bytes_max,
    },
    missing: () => parts.makeStreams(),
    events: {
      stored: (_records, tookMs) => own.commitSeconds.series().set(tookMs / 1000),
      failed: (reason) => {
        own.commitFailures.series().add(1);
        rare.warn('commit', `can't store what ${key} derives now: ${reason}; it waits`);
      },
      worked: () => log.info(`what ${key} derives is stored again`),
      tooLarge: (records) => {
        own.dropped.series('derived', 'too_large').add(records);
        rare.warn('too_large', 'a derived record is larger than max_payload of nats-server');
      },
    },
  });
}
