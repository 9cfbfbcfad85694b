import { type ComponentChild, h } from 'preact';
import type { ReplayState } from '../../sinks/live/replay-schemas.ts';
import { decimal, duration, fullTime, timeOf } from '../format.ts';
import { changeQuery } from '../location.ts';
import { stateWord } from '../parts.ts';
import type { ReplayClient } from '../replay-client.ts';

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 100];
/** Steps of the slider by key. */
const STEPS = 500;
const STEP_US_MIN = 10_000;

/** Play, pause, speed, and a slider over the time of the recording. */
export function replayBar(client: ReplayClient, replay: ReplayState): ComponentChild {
  const { start_us, end_us, speed, state } = replay;
  const lengthUs = Math.max(1, end_us - start_us);
  const stepUs = Math.max(STEP_US_MIN, Math.round(lengthUs / STEPS / STEP_US_MIN) * STEP_US_MIN);
  const intoUs = Math.min(lengthUs, Math.max(0, client.atUs - start_us));
  const isPlaying = replay.playing && state !== 'ended';
  const seek = (us: number): void => {
    client.steer({ at_us: us });
    // The link is the state: another tab shows the same moment.
    changeQuery({ at: String(Math.round(us)), end: undefined });
  };
  const toggle = (): void => {
    client.steer({ playing: !isPlaying });
    changeQuery({ at: isPlaying ? String(Math.round(client.atUs)) : undefined });
  };
  const said =
    state === 'opening' ? 'being opened' : `${duration(intoUs)} of ${duration(lengthUs)}`;
  return h(
    'div',
    { class: 'bar replay', role: 'group', 'aria-label': 'Replay' },
    h('button', { type: 'button', onClick: toggle }, isPlaying ? 'Pause' : 'Play'),
    h('input', {
      type: 'range',
      'aria-label': 'Time in the recording',
      'aria-valuetext': said,
      min: 0,
      max: Math.ceil(lengthUs / stepUs) * stepUs,
      step: stepUs,
      value: intoUs,
      onInput: (event: Event) =>
        seek(start_us + Number((event.currentTarget as HTMLInputElement).value)),
    }),
    h('span', { class: 'counts', 'data-id': 'replay-time', title: fullTime(client.atUs) }, said),
    start_us > 0 ? h('span', { class: 'counts' }, timeOf(client.atUs)) : null,
    h('label', { for: 'speed' }, 'Speed'),
    h(
      'select',
      {
        id: 'speed',
        value: String(speed),
        onChange: (event: Event) =>
          client.steer({ speed: Number((event.currentTarget as HTMLSelectElement).value) }),
      },
      ...SPEEDS.map((each) =>
        h('option', { key: each, value: String(each) }, `${decimal(each)} ×`),
      ),
    ),
    h('span', { 'data-id': 'replay-state' }, stateWord(KINDS[state], state)),
  );
}

const KINDS = {
  opening: 'none',
  seeking: 'none',
  playing: 'good',
  paused: 'none',
  ended: 'none',
  failed: 'bad',
} as const;
