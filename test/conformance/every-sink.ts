import type { RecordSinks } from '../../src/component/record-sinks.ts';
import { MsgpackWriter } from '../../src/frames/msgpack-write.ts';
import { isToken } from '../../src/frames/subject.ts';

/** All sinks at once; what they are given is checked and not kept. */
export function everySink(): RecordSinks {
  const writer = new MsgpackWriter();
  return {
    derived: (made) => {
      if (!isToken(made.record)) throw new Error(`${made.record} is no token`);
      if (!Number.isFinite(made.t0Us) || made.spanUs < 0) throw new Error('a record needs a time');
      for (const name of Object.keys(made.fields)) {
        if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`${name} is no wire name`);
      }
      writer.write(made.fields);
    },
    derivedLog: () => true,
    log: {
      isEnabled: () => true,
      write: (event) => {
        if (event.message === '') throw new Error('a log line needs a message');
        if (!Number.isFinite(event.timeUs)) throw new Error('a log line needs a time');
        JSON.stringify(event);
      },
    },
    spans: (spans) => {
      for (const span of spans) {
        if (!/^[0-9a-f]{32}$/.test(span.traceId)) throw new Error(`trace id ${span.traceId}`);
        if (!/^[0-9a-f]{16}$/.test(span.spanId)) throw new Error(`span id ${span.spanId}`);
        if (!(span.endUs >= span.startUs)) throw new Error(`${span.name} ends before it starts`);
      }
    },
  };
}
