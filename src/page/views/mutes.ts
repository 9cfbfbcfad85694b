import { type ComponentChild, h } from 'preact';
import { useState } from 'preact/hooks';
import type { Incident, LiveMute } from '../../sinks/live/incident-schemas.ts';
import { fullTime, timeOf } from '../format.ts';
import { type Column, stateWord, table } from '../parts.ts';

const TIMES: readonly (readonly [text: string, seconds: number])[] = [
  ['10 minutes', 600],
  ['1 hour', 3600],
  ['8 hours', 28_800],
  ['1 day', 86_400],
  ['7 days', 604_800],
];

/** Asks that incidents of a place wake nobody for a time, with a reason that is recorded. */
export function MuteForm({ incident }: { incident: Incident }): ComponentChild {
  const [said, say] = useState('');
  const { device_type = '', chip_id = '', layer_name } = incident;
  const chip = `${device_type}/${chip_id}`;
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const isChip = layer_name === undefined || form.get('place') === 'chip';
    const body = {
      ...{ device_type, chip_id, ...(isChip ? {} : { layer_name }) },
      for_seconds: Number(form.get('time')),
      reason: String(form.get('reason')),
    };
    const text = JSON.stringify(body);
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: text };
    say(await ask('/api/mutes', json));
  };
  return h(
    'form',
    { class: 'bar', onSubmit: submit, 'aria-label': 'Mute' },
    layer_name === undefined
      ? h('span', null, `Mute ${chip}`)
      : h(
          'label',
          null,
          'Mute ',
          h(
            'select',
            { name: 'place' },
            h('option', { value: 'layer' }, `layer ${layer_name}`),
            h('option', { value: 'chip' }, `all of ${chip}`),
          ),
        ),
    h(
      'label',
      null,
      'for ',
      h(
        'select',
        { name: 'time' },
        ...TIMES.map(([text, seconds]) => h('option', { key: text, value: seconds }, text)),
      ),
    ),
    h('label', { for: 'mute-reason' }, 'because'),
    h('input', { id: 'mute-reason', name: 'reason', required: true, maxLength: 1024 }),
    h('button', { type: 'submit' }, 'Mute'),
    h('span', { role: 'status' }, said),
  );
}

/** Gives what there is to say of it. */
async function ask(path: string, init: RequestInit): Promise<string> {
  try {
    const answer = await fetch(path, init);
    if (answer.ok) return 'Asked for.';
    const { error } = (await answer.json()) as { error?: string };
    return error ?? `The service answers ${answer.status}.`;
  } catch {
    return 'The service does not answer.';
  }
}

/** Mutes that hold now; of a recording they can't be taken back. */
export function mutesTable(mutes: readonly LiveMute[], isReplay: boolean): ComponentChild | null {
  const held = mutes.filter(({ event }) => event === 'muted');
  if (held.length === 0) return null;
  const columns = isReplay ? COLUMNS : [...COLUMNS, UNMUTE];
  return h(
    'section',
    { 'data-id': 'mutes' },
    table('Muted', columns, held, ({ id }) => id),
  );
}

const COLUMNS: readonly Column<LiveMute>[] = [
  {
    name: 'Place',
    cell: ({ device_type, chip_id, layer_name }) =>
      stateWord('none', [`${device_type}/${chip_id}`, layer_name].filter(Boolean).join(', ')),
    isText: true,
  },
  {
    name: 'Until',
    cell: ({ until_us }) =>
      until_us === undefined
        ? 'not begun: no frame of it has come'
        : h('span', { title: fullTime(until_us) }, timeOf(until_us)),
  },
  { name: 'Reason', cell: ({ reason }) => reason, isText: true },
  { name: 'By', cell: ({ user }) => user ?? '–', isText: true },
];

const UNMUTE: Column<LiveMute> = {
  name: 'End',
  cell: ({ device_type, chip_id, layer_name }) => {
    const place = { device_type, chip_id, ...(layer_name === undefined ? {} : { layer_name }) };
    const path = `/api/mutes?${new URLSearchParams(place)}`;
    const label = `Unmute ${device_type}/${chip_id} ${layer_name ?? ''}`;
    const onClick = () => void ask(path, { method: 'DELETE' });
    return h('button', { type: 'button', 'aria-label': label, onClick }, 'Unmute');
  },
};
