import fc from 'fast-check';
import { expect, it } from 'vitest';
import { healthFrame } from '../../src/emitter/frame-builders.ts';
import { StreamInlet } from '../../src/topology/stream-inlet.ts';

/** An inlet, and what happened behind it, in order. */
function inletFrom(position: number | undefined) {
  const happened: string[] = [];
  const inlet = new StreamInlet({
    inlet: {
      message: ({ sequence }) => happened.push(`message ${sequence}`),
      frame: () => happened.push('frame'),
    },
    begin: (sequence) => happened.push(`begin ${sequence}`),
    gap: ({ from, to, atUs }) => happened.push(`gap ${from} to ${to} at ${atUs}`),
    processed: () => happened.push(`at ${inlet.position}`),
  });
  inlet.startAt(position);
  const send = (...sequences: number[]) => {
    for (const sequence of sequences) inlet.message(message(sequence));
    return happened.splice(0);
  };
  return { inlet, happened, send };
}

function message(sequence: number | undefined) {
  const subject = 'spikeformer.health.cpu.0';
  const arrivedUs = (sequence ?? 0) * 10;
  return { subject, data: new Uint8Array(), contentType: undefined, arrivedUs, sequence };
}

it('processes each message once, and names it before what it derives', () => {
  const { send } = inletFrom(4);
  expect(send(5, 5, 4, 6)).toEqual([
    ...['begin 5', 'message 5', 'at 5'],
    ...['begin 6', 'message 6', 'at 6'],
  ]);
});

it('tells a gap once, ahead of the message that shows it, as a record of that message', () => {
  const { send } = inletFrom(4);
  const told = ['begin 8', 'gap 5 to 7 at 80', 'begin 8', 'message 8', 'at 8'];
  expect(send(8)).toEqual(told);
  expect(send(8, 7, 9)).toEqual(['begin 9', 'message 9', 'at 9']);
  // Read again after a restart from the same checkpoint, it is the same record.
  expect(inletFrom(4).send(8)).toEqual(told);
});

it('finds no gap before the first message that it ever sees', () => {
  const { inlet, send } = inletFrom(undefined);
  expect(inlet.position).toBeUndefined();
  expect(send(1000)).toEqual(['begin 1000', 'message 1000', 'at 1000']);
});

it('tells what is gone at the end of the stream, where no later message shows it', () => {
  const { inlet, happened, send } = inletFrom(4);
  inlet.skipTo(4, 1);
  expect(happened).toEqual([]);
  inlet.skipTo(9, 123);
  expect(happened.splice(0)).toEqual(['begin 9', 'gap 5 to 9 at 123', 'at 9']);
  inlet.skipTo(9, 124);
  expect(send(10)).toEqual(['begin 10', 'message 10', 'at 10']);
});

it('skips nothing before its position is known', () => {
  const { inlet, happened } = inletFrom(undefined);
  inlet.skipTo(9, 1);
  expect(happened).toEqual([]);
  expect(inlet.position).toBeUndefined();
});

it('refuses what does not come from a stream', () => {
  const { inlet } = inletFrom(4);
  expect(() => inlet.message(message(undefined))).toThrow('a message of a stream has a sequence');
  const frame = healthFrame({ deviceType: 'cpu', chipId: '0', t0Us: 5, status: 'ok' });
  expect(() => inlet.frame(frame)).toThrow('a stream gives messages, not frames');
});

it('accounts for every message of the stream once, whatever comes and comes again', () => {
  const steps = fc.array(
    fc.oneof(
      fc.nat(60),
      fc.nat(60).map((to) => -to),
    ),
  );
  fc.assert(
    fc.property(steps, (sequences) => {
      const { inlet, happened } = inletFrom(0);
      for (const sequence of sequences) {
        // A negative one stands for what was found to be gone.
        if (sequence < 0) inlet.skipTo(-sequence, 1);
        else inlet.message(message(sequence));
      }
      const accounted: number[] = [];
      for (const line of happened) {
        const [word, first, , last] = line.split(' ');
        if (word === 'message') accounted.push(Number(first));
        if (word !== 'gap') continue;
        for (let each = Number(first); each <= Number(last); each++) accounted.push(each);
      }
      const end = Math.max(0, ...sequences.map(Math.abs));
      expect(accounted).toEqual(Array.from({ length: end }, (_, i) => i + 1));
      expect(inlet.position).toBe(end);
    }),
  );
});
