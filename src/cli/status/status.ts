import type { Config } from '../config/schema.ts';
import { type Lag, lagOf } from './lag.ts';
import { type NatsStatus, readNats } from './nats-status.ts';
import { readService, type ServiceStatus } from './service-status.ts';
import { readState, type StateStatus } from './state-status.ts';

/** All that `spikescope status` shows; its names are those of the JSON (docs/operating.md). */
export interface Status extends NatsStatus, StateStatus {
  readonly time: string;
  /** As configured; a service may have been started with another by its flag. */
  readonly delivery: Config['delivery'];
  readonly prefix: string;
  readonly service: ServiceStatus;
  readonly lag: Lag;
  /** What could not be read or does not fit, each a sentence. */
  readonly problems: readonly string[];
}

/** Looks at NATS, the state's folder and the service at once; none of them has to be there. */
export async function readStatus(config: Config): Promise<Status> {
  const nowMs = Date.now();
  const problems: string[] = [];
  const [nats, state, service] = await Promise.all([
    readNats(config, problems),
    readState(config, nowMs, problems),
    readService(config),
  ]);
  const { generations } = state.checkpoints;
  const whole = lagOf(nats.streams.frames, nats.marker, generations, problems);
  const { partitions } = nats;
  const lag = partitions === null ? whole : { ...whole, not_derived: partitions.lag_messages };
  const { delivery, prefix } = config;
  const time = new Date(nowMs).toISOString();
  return { time, delivery, prefix, ...nats, lag, ...state, service, problems };
}

/** Whether there was anything to be read at all. */
export function isAnything({ nats, state, service }: Status): boolean {
  return nats.connected || state.found || service.answers;
}
