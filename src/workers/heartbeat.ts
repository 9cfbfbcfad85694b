/**
 * What a worker says of itself, on core NATS: `<prefix>.worker.<worker>`. Nothing depends on it but
 * how many parts each takes: who owns what is in the control messages of the derived stream.
 */
export interface Heartbeat {
  readonly v: 1;
  /** Over restarts of its process. */
  readonly worker: string;
  /** New at each start. */
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  /** Where its /metrics are; null before it serves. */
  readonly url: string | null;
  /** Parts that it has, such as `p7`. */
  readonly parts: readonly string[];
  /** How many partitions it was told that there are. */
  readonly partitions: number;
  /** It has just come, and wants to hear who else is there. */
  readonly asks: boolean;
  /** It is about to go. */
  readonly leaves: boolean;
}

export function heartbeatSubject(prefix: string, worker: string): string {
  return `${prefix}.worker.${worker}`;
}

/** Undefined for what is no heartbeat of this version: anybody may publish there. */
export function parseHeartbeat(data: Uint8Array): Heartbeat | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return undefined;
  }
  const beat = value as Partial<Heartbeat> | null;
  const isBeat =
    beat?.v === 1 &&
    typeof beat.worker === 'string' &&
    typeof beat.owner === 'string' &&
    typeof beat.partitions === 'number' &&
    Array.isArray(beat.parts);
  return isBeat ? (beat as Heartbeat) : undefined;
}
