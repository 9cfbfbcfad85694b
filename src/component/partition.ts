/**
 * Partitions of a stream by chip. The server computes them when it stores a frame, and adds the
 * number as one more token to the subject: `<prefix>.<kind>.<device_type>.<chip_id>.<partition>`.
 */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Partitions a stream may have: each costs a consumer, and a marker a second. */
export const PARTITIONS_MAX = 512;

/** The partition of a chip, as nats-server's `partition()` computes it: FNV-1a over both tokens. */
export function partitionOf(deviceType: string, chipId: string, partitions: number): number {
  let hash = FNV_OFFSET;
  // Tokens are ASCII: a character is a byte.
  for (const text of [deviceType, chipId]) {
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME) >>> 0;
    }
  }
  return hash % partitions;
}

/** What the server makes of a frame's subject; `prefix` may have several tokens. */
export function partitionTransform(
  prefix: string,
  partitions: number,
): { readonly src: string; readonly dest: string } {
  const names = '{{wildcard(1)}}.{{wildcard(2)}}.{{wildcard(3)}}';
  return {
    src: `${prefix}.*.*.*`,
    dest: `${prefix}.${names}.{{partition(${partitions},2,3)}}`,
  };
}

/** All frames of a partition, as they are stored. */
export function partitionFilter(prefix: string, partition: number): string {
  return `${prefix}.*.*.*.${partition}`;
}

/** Subjects whose plain form is remembered, by each reader of a partition. */
const SUBJECTS_MAX = 16_384;

/**
 * Gives frames' subjects as they were published, of those of one partition as they are stored. The
 * same string each time: all that is looked up by it on the way of a frame need not hash it anew.
 */
export function publishedSubjects(partition: number): (stored: string) => string {
  const cut = `.${partition}`.length;
  const known = new Map<string, string>();
  return (stored) => {
    const before = known.get(stored);
    if (before !== undefined) return before;
    if (known.size >= SUBJECTS_MAX) known.clear();
    const subject = stored.slice(0, -cut);
    known.set(stored, subject);
    return subject;
  };
}
