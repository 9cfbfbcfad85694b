import { type AnyMessage, faultsOf } from './judge.ts';
import { JSON_BYTE_FAULTS, MSGPACK_BYTE_FAULTS, truncated, width } from './malformed-bytes.ts';
import { type Draft, FIELD_FAULTS, MSGPACK_FIELD_FAULTS } from './malformed-fields.ts';
import { toJson, toMsgpack } from './pack.ts';
import { pick, type Random, seededRandom, validMessage } from './valid-fields.ts';

/**
 * Messages that are no frames, as many as anyone wants, the same in every run: case number `i` of
 * a seed is made alone, from a valid message and one fault (a few changed bytes, a field of
 * another type, a bomb, a subject that says something else …). Used by the tests and the bench.
 */
export interface MalformedCase extends AnyMessage {
  /** What was done to the valid message. */
  readonly what: string;
}

/** Large cases cost a thousand times what others do. */
const WIDTH_SHARE = 1 / 4000;
const SUBJECT_SHARE = 0.08;
const CONTENT_TYPE_SHARE = 0.02;
const BYTES_SHARE = 0.45;

const CONTENT_TYPES = {
  msgpack: [undefined, 'application/msgpack', 'application/x-msgpack', 'text/plain', ''],
  json: [undefined, 'application/json', 'Application/JSON; charset=utf-8', 'text/plain'],
} as const;

const ODD_SUBJECTS = [
  '',
  'spikeformer',
  'spikeformer.spikes',
  'spikeformer.spikes.cpu',
  'spikeformer.spikes.cpu.0.1',
  'spikeformer.spikes..0',
  'spikeformer.spikes.cpu.',
  'spikeformer.spikes.c pu.0',
  `spikeformer.spikes.cpu.${'x'.repeat(65)}`,
  'spikeformer.spike.cpu.0',
  'spikeformer.__proto__.cpu.0',
  'spikeformer.dead.cpu.0',
  'Spikeformer.spikes.cpu.0',
  'spikeformers.spikes.cpu.0',
  'other.spikes.cpu.0',
  'spikeformer.spikes.cpu.é',
  'spikeformer.spikes.cpu.0\n',
];

/** A message that is surely no frame: the reference validator has looked at it. */
export function malformedCase(seed: number, i: number): MalformedCase {
  const random = randomOf(seed, i);
  const made = attempt(random);
  if (faultsOf(made).size > 0) return made;
  // This fault left a frame that is one: its first bytes are none for sure.
  const data = truncated(made.data, undefined, random);
  return { ...made, what: `${made.what}, truncated`, data };
}

/** The same with whatever the fault left, be it a frame. */
export function mutatedCase(seed: number, i: number): MalformedCase {
  return attempt(randomOf(seed, i));
}

function randomOf(seed: number, i: number): Random {
  return seededRandom(seed ^ Math.imul(i + 1, 0x9e37_79b1));
}

function attempt(random: Random): MalformedCase {
  const draft: Draft = new Map(validMessage(random).fields);
  const json = random() < 0.4;
  const names = ['kind', 'device_type', 'chip_id'].map((name) => String(draft.get(name)));
  const subject = ['spikeformer', ...names].join('.');
  const contentType = pick(random, json ? CONTENT_TYPES.json : CONTENT_TYPES.msgpack);
  const write = json ? toJson : toMsgpack;
  const chance = random();
  if (chance < SUBJECT_SHARE) {
    const data = write(draft);
    return { what: 'subject', subject: oddSubject(names, random), contentType, data };
  }
  if (chance < SUBJECT_SHARE + CONTENT_TYPE_SHARE) {
    const wrong = json ? 'application/msgpack' : 'application/json';
    return { what: 'content type', subject, contentType: wrong, data: write(draft) };
  }
  if (chance > 1 - WIDTH_SHARE) {
    return { what: 'width', subject, contentType: undefined, data: width(EMPTY, draft, random) };
  }
  if (chance < SUBJECT_SHARE + CONTENT_TYPE_SHARE + BYTES_SHARE) {
    const fault = pick(random, json ? JSON_BYTE_FAULTS : MSGPACK_BYTE_FAULTS);
    return { what: fault.name, subject, contentType, data: fault(write(draft), draft, random) };
  }
  const faults = json ? FIELD_FAULTS : [...FIELD_FAULTS, ...MSGPACK_FIELD_FAULTS];
  let fault = pick(random, faults);
  while (!fault(draft, random)) fault = pick(random, faults);
  return { what: fault.name, subject, contentType, data: write(draft) };
}

const EMPTY = new Uint8Array(0);

/** A subject that is none, or that of another kind or chip. */
function oddSubject(names: readonly string[], random: Random): string {
  if (random() < 0.6) return pick(random, ODD_SUBJECTS);
  const [kind, deviceType, chipId] = names as [string, string, string];
  return pick(random, [
    `spikeformer.${kind}.${deviceType}.not-${chipId.slice(0, 32)}`,
    `spikeformer.${kind}.not-${deviceType}.${chipId}`,
    `spikeformer.${kind === 'power' ? 'spikes' : 'power'}.${deviceType}.${chipId}`,
  ]);
}
