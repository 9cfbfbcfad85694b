import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';

/** A lease is renewed with commits: they have to come often enough. */
const COMMITS_IN_TTL = 4;

/** @throws ConfigError where frames can't be shared as the configuration wants it */
export function checkWorkers(config: Config): void {
  const { workers, streams, checkpoints, delivery, adapters } = config;
  const { partitions } = streams;
  if (partitions === 1) {
    if (workers.count === 1) return;
    throw new ConfigError(
      `workers.count: ${workers.count} workers need partitions to share, and streams.partitions \
is 1: set it to some times the workers there may ever be, such as 16 (it is fixed when the stream \
is made)`,
    );
  }
  if (delivery === 'core') {
    throw new ConfigError(
      `delivery: core NATS has no partitions, and streams.partitions is ${partitions}: set \
delivery to jetstream, or streams.partitions to 1`,
    );
  }
  if (adapters.length > 0) {
    throw new ConfigError(
      `adapters: a stream has one rule of partitions, and it reads the subjects of frames; \
streams.partitions is ${partitions}: set it to 1, or leave the adapters to a service of their own`,
    );
  }
  if (checkpoints.commit_interval * COMMITS_IN_TTL > workers.ttl) {
    throw new ConfigError(
      `checkpoints.commit_interval: ${checkpoints.commit_interval / 1e6} s is more than a quarter \
of workers.ttl, ${workers.ttl / 1e6} s: commits renew what a worker owns`,
    );
  }
}
