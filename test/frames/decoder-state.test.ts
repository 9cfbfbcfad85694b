import { expect, it } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { FrameEncoder } from '../../src/frames/encode.ts';
import { FrameError } from '../../src/frames/frame-error.ts';
import { parseSubject } from '../../src/frames/subject.ts';
import { malformedCase } from './malformed.ts';
import { toJson, toMsgpack } from './pack.ts';
import { seededRandom, validMessage } from './valid-fields.ts';

const MESSAGES = 500;

/** Half of them msgpack, half JSON. */
function message(i: number): { readonly subject: string; readonly data: Uint8Array } {
  const { shape, fields } = validMessage(seededRandom(i + 1));
  const subject = `spikeformer.${shape.kind}.${fields.get('device_type')}.${fields.get('chip_id')}`;
  return { subject, data: i % 2 === 0 ? toMsgpack(fields) : toJson(fields) };
}

it('nothing stays in a decoder: not of messages that were none, not of other senders', () => {
  const decoders = [new FrameDecoder(), new FrameDecoder()];
  const encoder = new FrameEncoder();
  for (let i = 0; i < MESSAGES; i++) {
    const { subject, data } = message(i);
    const fresh = new FrameDecoder().decode(data, parseSubject('spikeformer', subject), undefined);
    const bytes = encoder.encode(structuredClone(fresh));
    const broken = malformedCase(11, i);
    for (const decoder of decoders) {
      const read = () => decoder.decode(broken.data, undefined, broken.contentType);
      try {
        // Without its subject it may be a frame after all; what follows must not care.
        read();
      } catch (error) {
        expect(error).toBeInstanceOf(FrameError);
      }
      expect(structuredClone(decoder.decode(bytes))).toEqual(structuredClone(fresh));
    }
  }
});
