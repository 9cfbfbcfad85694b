import type { DerivedRecord } from '../component/derived-record.ts';
import { DerivedWriter, derivedHeaders } from './derived-message.ts';
import type { NatsOutbox, OutboxLimits } from './nats-outbox.ts';

/** Records come in bursts, one for each layer when a window closes; their headers are shared. */
export const DERIVED_LIMITS: OutboxLimits = {
  bytesMax: 64 * 1024 * 1024,
  batchBytesMax: 4 * 1024 * 1024,
  retryMs: 500,
  messageBytes: 512,
};

/** Derived records on core NATS, best effort: `<prefix>.derived.<record>.<key…>`. */
export function derivedStream(
  prefix: string,
  outbox: NatsOutbox,
): (derived: DerivedRecord) => void {
  const writer = new DerivedWriter(prefix);
  const about = derivedHeaders();
  return (derived) => {
    outbox.offer({ subject: writer.subject(derived), headers: about, data: writer.data(derived) });
  };
}
