import type { Frame } from '../frames/frame.ts';

/**
 * Several streams of frames, each in the order of t0, as one in that order; at the same t0 in the
 * order of the streams. A stream is asked for its next frame only when its last one was passed on
 * and the next is wanted, so that columns stay valid as long as a recording promises.
 */
export async function* mergeFrames(
  streams: readonly AsyncGenerator<Frame, void, void>[],
): AsyncGenerator<Frame, void, void> {
  try {
    const heads: (Frame | undefined)[] = [];
    for (const stream of streams) heads.push((await stream.next()).value ?? undefined);
    for (;;) {
      let first = -1;
      let firstUs = Number.POSITIVE_INFINITY;
      for (const [i, head] of heads.entries()) {
        if (head !== undefined && head.t0Us < firstUs) {
          first = i;
          firstUs = head.t0Us;
        }
      }
      const frame = heads[first];
      if (frame === undefined) return;
      yield frame;
      heads[first] = (await streams[first]?.next())?.value ?? undefined;
    }
  } finally {
    for (const stream of streams) await stream.return();
  }
}
