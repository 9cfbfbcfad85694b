import type { InboundMessage } from '../../component/message.ts';
import { FrameDecoder } from '../../frames/decode.ts';
import { parseSubject } from '../../frames/subject.ts';
import type { Config } from '../config/schema.ts';
import { limitsOf } from '../frame-side.ts';

/** Whether a message is a health frame, as the door will see it. */
export function healthTest(config: Config): (answer: InboundMessage) => boolean {
  const decoder = new FrameDecoder(limitsOf(config));
  return ({ subject, data, contentType }) => {
    try {
      const frame = decoder.decode(data, parseSubject(config.prefix, subject), contentType);
      return frame.kind === 'health';
    } catch {
      return false;
    }
  };
}
