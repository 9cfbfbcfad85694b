import { describe, expect, it } from 'vitest';
import type { InboundMessage } from '../../src/component/message.ts';
import { healthFrame } from '../../src/emitter/frame-builders.ts';
import { FrameDecoder } from '../../src/frames/decode.ts';
import { FRAME_LIMITS } from '../../src/frames/limits.ts';
import { parseSubject } from '../../src/frames/subject.ts';
import type { NatsOutbox, OutboxMessage } from '../../src/sinks/nats-outbox.ts';
import { OwnFrames } from '../../src/sinks/own-frames.ts';

/** What the service publishes, as its outbox is given it. */
function ownFrames(): { frames: OwnFrames; sent: OutboxMessage[] } {
  const sent: OutboxMessage[] = [];
  const outbox: Pick<NatsOutbox, 'offer'> = { offer: (message) => sent.push(message) };
  return { frames: new OwnFrames('lab', outbox as NatsOutbox), sent };
}

const chip = { deviceType: 'loihi2', chipId: '7' };

describe('what the service itself finds', () => {
  it('is published as any other frame', () => {
    const { frames, sent } = ownFrames();
    const frame = healthFrame({ ...chip, t0Us: 5, status: 'down', text: 'silent' });
    frames.frame({ ...frame, emitter: 'spikescope' });
    const [{ subject, data, headers }] = sent as [OutboxMessage];
    expect(subject).toBe('lab.health.loihi2.7');
    const contentType = headers.get('Content-Type');
    const read = new FrameDecoder(FRAME_LIMITS).decode(
      data,
      parseSubject('lab', subject),
      contentType,
    );
    expect(read).toMatchObject({ ...chip, kind: 'health', status: 'down', emitter: 'spikescope' });
  });

  it('has an id of its own each time, by which the stream knows what is sent again', () => {
    const { frames, sent } = ownFrames();
    const frame = healthFrame({ ...chip, t0Us: 5, status: 'ok' });
    for (let i = 0; i < 3; i++) frames.frame(frame);
    const ids = sent.map(({ headers }) => headers.get('Nats-Msg-Id'));
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => id.length > 10)).toBe(true);
    // Each has bytes of its own, though one encoder makes them all.
    const [first, second] = sent as [OutboxMessage, OutboxMessage];
    expect(first.data.buffer).not.toBe(second.data.buffer);
    expect(first.data).toEqual(second.data);
  });
});

describe('an answer to the service', () => {
  const answer = (more: Partial<InboundMessage> = {}): InboundMessage => ({
    ...{ subject: 'lab.health.loihi2.7', data: Uint8Array.of(123, 125) },
    ...{ contentType: 'application/json', arrivedUs: 9, sequence: undefined },
    ...more,
  });

  it('is published byte for byte, with its type and its span', () => {
    const { frames, sent } = ownFrames();
    const trace = { traceparent: '00-ab-cd-01', tracestate: 'a=b' };
    frames.message(answer({ trace }));
    const [{ subject, data, headers }] = sent as [OutboxMessage];
    expect([subject, [...data]]).toEqual(['lab.health.loihi2.7', [123, 125]]);
    expect(headers.get('Content-Type')).toBe('application/json');
    expect(headers.get('traceparent')).toBe('00-ab-cd-01');
    expect(headers.get('tracestate')).toBe('a=b');
  });

  it('is copied, and has no header that it did not have', () => {
    const { frames, sent } = ownFrames();
    const data = Buffer.from([123, 125]);
    frames.message(answer({ data, contentType: undefined }));
    data.fill(0);
    expect([...(sent[0]?.data ?? [])]).toEqual([123, 125]);
    expect([...(sent[0]?.headers.keys() ?? [])]).toEqual(['Nats-Msg-Id']);
  });
});
