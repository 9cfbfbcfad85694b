import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '../../src/frames/decode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FrameError, INVALID_REASONS } from '../../src/frames/frame-error.ts';
import { parseSubject } from '../../src/frames/subject.ts';
import { type AnyMessage, faultsOf, isJson } from './judge.ts';
import { malformedCase, mutatedCase } from './malformed.ts';
import { toJson, toMsgpack } from './pack.ts';
import { violations } from './slow-check.ts';
import { seededRandom, validMessage } from './valid-fields.ts';

/** The decoder and the slow judge are two readings of the same design. */
const decoder = new FrameDecoder();

function verdictOf({ subject, contentType, data }: AnyMessage): Frame | FrameError {
  try {
    return decoder.decode(data, parseSubject('spikeformer', subject), contentType);
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
}

function subjectOf(fields: ReadonlyMap<string, unknown>): string {
  const names = ['kind', 'device_type', 'chip_id'].map((name) => String(fields.get(name)));
  return ['spikeformer', ...names].join('.');
}

describe('decoder and judge agree', () => {
  it('that valid messages are frames, and on what is in them', () => {
    for (let seed = 0; seed < 4000; seed++) {
      const { fields } = validMessage(seededRandom(seed));
      const data = seed % 2 === 0 ? toMsgpack(fields) : toJson(fields);
      const message = { subject: subjectOf(fields), contentType: undefined, data };
      expect([...faultsOf(message)], `seed ${seed}`).toEqual([]);
      const frame = verdictOf(message);
      if (frame instanceof FrameError) throw frame;
      expect(violations(frame, data, seed % 2 === 1), `seed ${seed}`).toEqual([]);
    }
  });

  it('on which changed messages are frames, and on the reason where they are none', () => {
    let valid = 0;
    let certain = 0;
    const cases = 20_000;
    for (let i = 0; i < cases; i++) {
      const message = mutatedCase(11, i);
      const faults = faultsOf(message);
      const verdict = verdictOf(message);
      const where = `case ${i} (${message.what})`;
      if (verdict instanceof FrameError) {
        expect([...faults], where).toContain(verdict.reason);
        if (faults.size === 1) certain++;
      } else {
        expect([...faults], where).toEqual([]);
        expect(violations(verdict, message.data, isJson(message)), where).toEqual([]);
        valid++;
      }
    }
    // Most have one fault, so that there is one right reason; some are frames after all.
    expect(certain).toBeGreaterThan(cases * 0.8);
    expect(valid).toBeGreaterThan(cases * 0.02);
  });

  it('on malformed messages, whose errors name a field and fit on a line', () => {
    const reasons = new Set<string>();
    for (let i = 0; i < 10_000; i++) {
      const message = malformedCase(12, i);
      const verdict = verdictOf(message);
      expect(verdict, `case ${i} (${message.what})`).toBeInstanceOf(FrameError);
      const { reason, field, message: text } = verdict as FrameError;
      expect(faultsOf(message).has(reason), `case ${i} (${message.what})`).toBe(true);
      expect(text.startsWith(`${field}: `), text).toBe(true);
      expect(text, `case ${i}`).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}]{10,600}$/u);
      reasons.add(reason);
    }
    expect([...reasons].sort()).toEqual(Object.keys(INVALID_REASONS).sort());
  });
});
