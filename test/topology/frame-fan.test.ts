import { expect, test } from 'vitest';
import { healthFrame } from '../../src/emitter/frame-builders.ts';
import type { Frame } from '../../src/frames/frame.ts';
import { FrameFan } from '../../src/topology/frame-fan.ts';

const health = healthFrame({ deviceType: 'cpu', chipId: '0', t0Us: 5, status: 'ok' });

function heardBy(fan: FrameFan, kinds: readonly Frame['kind'][], heard: string[], name: string) {
  return fan.of(kinds).subscribe({
    next: ({ kind }) => heard.push(`${name} ${kind}`),
    complete: () => heard.push(`${name} ends`),
  });
}

test('a frame comes to those that read its kind, in the order they came', () => {
  const fan = new FrameFan();
  const heard: string[] = [];
  heardBy(fan, ['health', 'log'], heard, 'both');
  heardBy(fan, ['spikes'], heard, 'spikes');
  heardBy(fan, ['health'], heard, 'one');
  fan.next(health);
  expect(heard).toEqual(['both health', 'one health']);
});

test('who leaves hears nothing more, also where it leaves while a frame is handed round', () => {
  const fan = new FrameFan();
  const heard: string[] = [];
  const first = fan.of(['health']).subscribe(() => last.unsubscribe());
  const last = heardBy(fan, ['health'], heard, 'last');
  heardBy(fan, ['health'], heard, 'other');
  fan.next(health);
  first.unsubscribe();
  fan.next(health);
  expect(heard).toEqual(['other health', 'other health']);
});

test('each ends once, and nothing comes after the end', () => {
  const fan = new FrameFan();
  const heard: string[] = [];
  heardBy(fan, ['log', 'spikes'], heard, 'both');
  heardBy(fan, ['spikes'], heard, 'spikes');
  heardBy(fan, ['health'], heard, 'health');
  fan.complete();
  fan.complete();
  fan.next(health);
  expect(heard).toEqual(['spikes ends', 'health ends', 'both ends']);
});
