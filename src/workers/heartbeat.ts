import { PARTITIONS_MAX } from '../component/partition.ts';

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

/** Of a worker that has all partitions there may be: a few kilobytes. */
const BYTES_MAX = 64 * 1024;
const TEXT_MAX = 512;
/** All partitions, and what joins them. */
const PARTS_MAX = PARTITIONS_MAX + 1;
/** As workers are named. */
const WORKER = /^[A-Za-z0-9_-]{1,64}$/;
const PART = /^(p\d{1,4}|join)$/;

export function heartbeatSubject(prefix: string, worker: string): string {
  return `${prefix}.worker.${worker}`;
}

/**
 * Undefined for what is no heartbeat of this version: anybody may publish there. What is kept of
 * one is only what it should say, and no longer than it should be.
 */
export function parseHeartbeat(data: Uint8Array): Heartbeat | undefined {
  if (data.length > BYTES_MAX) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return undefined;
  }
  const beat = value as Readonly<Partial<Record<keyof Heartbeat, unknown>>> | null;
  const { worker, owner, partitions, parts, host, pid, url } = beat ?? {};
  if (beat?.v !== 1 || !isText(owner) || !isText(worker) || !WORKER.test(worker)) return undefined;
  if (typeof partitions !== 'number' || !Array.isArray(parts)) return undefined;
  return {
    ...{ v: 1, worker, owner, partitions },
    host: isText(host) ? host : '',
    pid: typeof pid === 'number' ? pid : 0,
    url: isText(url) ? url : null,
    parts: parts.slice(0, PARTS_MAX).filter((part) => isText(part) && PART.test(part)),
    ...{ asks: beat.asks === true, leaves: beat.leaves === true },
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_MAX;
}
