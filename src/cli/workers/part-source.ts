import { inboxInPlace } from '../../sources/inbox.ts';
import { JetStreamSource, type JetStreamSourceParts } from '../../sources/jetstream.ts';
import type { PartWork } from './part-work.ts';
import type { WorkerParts } from './worker-parts.ts';

type Position = Pick<JetStreamSourceParts, 'hasRoom' | 'next' | 'opened' | 'seen' | 'vanished'>;

/** The messages of a part, by a reader of its own. */
export function partSource(
  parts: WorkerParts,
  { key, input }: PartWork,
  position: Position,
): JetStreamSource {
  const { own, log } = parts.telemetry;
  const { stream, filters, subjectOf } = input;
  return new JetStreamSource({
    ...{ connection: parts.connection, stream, filters, subjectOf, window: parts.pulls.window() },
    ...position,
    inbox: inboxInPlace(),
    missing: () => parts.makeStreams(),
    began: (next) => log.info(`reading ${key} of ${stream} from message ${next ?? 1} on`),
    interrupted: (reason) => {
      own.streamInterruptions.series('frames').add(1);
      parts.rare.warn('frames', `reading ${key} of ${stream} begins anew: ${reason}`);
    },
  });
}
