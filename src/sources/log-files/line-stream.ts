import { cut, type FileLine, LINE_BYTES_MAX } from './log-file.ts';

const NEWLINE = 0x0a;
/** Kept of a line that has no end yet: more than is shipped of it. */
const KEPT_BYTES_MAX = LINE_BYTES_MAX + 1;

/** Lines of a stream that can be read once, with where they begin in it. */
export async function* linesOfStream(stream: AsyncIterable<Buffer>): AsyncGenerator<FileLine[]> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  /** Bytes of the line in `rest` that are not kept. */
  let dropped = 0;
  for await (const chunk of stream) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) {
      const all = Buffer.concat([rest, chunk]);
      rest = all.subarray(0, KEPT_BYTES_MAX);
      dropped += all.length - rest.length;
      continue;
    }
    const first = chunk.indexOf(NEWLINE);
    const lines = cut(Buffer.concat([rest, chunk.subarray(0, first)]), offset);
    offset += rest.length + dropped + first + 1;
    if (end > first) lines.push(...cut(chunk.subarray(first + 1, end), offset));
    offset += end - first;
    rest = chunk.subarray(end + 1);
    dropped = 0;
    if (lines.length > 0) yield lines;
  }
  const last = cut(rest, offset);
  if (last.length > 0) yield last;
}
