import { FrameError, shown } from './frame-error.ts';
import { FRAME_KINDS, type FrameKind } from './header.ts';

/** What a subject says: `<prefix>.<kind>.<device_type>.<chip_id>`. */
export interface FrameSubject {
  readonly kind: FrameKind;
  readonly deviceType: string;
  readonly chipId: string;
}

const TOKEN = /^[A-Za-z0-9_-]{1,64}$/;
const PREFIX = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,3}$/;

export const PREFIX_DEFAULT = 'spikeformer';

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

export function isPrefix(text: string): boolean {
  return PREFIX.test(text);
}

export function formatSubject(prefix: string, subject: FrameSubject): string {
  return `${prefix}.${subject.kind}.${subject.deviceType}.${subject.chipId}`;
}

/** Reads a frame's subject; throws a FrameError with the reason `subject` or `kind`. */
export function parseSubject(prefix: string, subject: string): FrameSubject {
  const tokens = subject.startsWith(`${prefix}.`)
    ? subject.slice(prefix.length + 1).split('.')
    : [];
  const [kind, deviceType, chipId] = tokens;
  if (tokens.length !== 3 || !deviceType || !chipId || !isToken(deviceType) || !isToken(chipId)) {
    const form = `${prefix}.<kind>.<device_type>.<chip_id>`;
    throw new FrameError('subject', 'subject', `${shown(subject)} is not ${form}`);
  }
  if (!FRAME_KINDS.includes(kind as FrameKind)) {
    throw new FrameError('kind', 'subject', `${shown(kind)} is none of ${FRAME_KINDS.join(', ')}`);
  }
  return { kind: kind as FrameKind, deviceType, chipId };
}
