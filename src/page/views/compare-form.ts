import { type ComponentChild, h } from 'preact';
import type { ListedRecording } from '../../sinks/live/replay-schemas.ts';

const NAMES_ID = 'compared-names';

/**
 * Asks for two of the recordings, or runs by their ids, side by side on a page of their own: an
 * ordinary form, so what it asks for is an address that can be kept.
 */
export function compareForm(recordings: readonly ListedRecording[]): ComponentChild {
  const names = recordings.filter(({ state }) => state !== 'unreadable').map(({ name }) => name);
  return h(
    'section',
    { class: 'card', 'data-id': 'compare' },
    h('h3', { id: 'compare-title' }, 'Compare'),
    h(
      'form',
      {
        ...{ class: 'bar', action: '/api/comparisons', method: 'get', target: '_blank' },
        ...{ rel: 'noopener', 'aria-labelledby': 'compare-title' },
      },
      side('a', 'What to compare with'),
      side('b', 'What is compared with it'),
      h('datalist', { id: NAMES_ID }, ...names.map((name) => h('option', { key: name }, name))),
      h('button', { type: 'submit' }, 'Compare'),
    ),
    h(
      'p',
      { class: 'legend' },
      'A recording of the list, or a stored run: ',
      h('code', null, 'run:'),
      ' and its id.',
    ),
  );
}

function side(name: 'a' | 'b', label: string): ComponentChild {
  return h(
    'label',
    null,
    `${label} `,
    h('input', {
      ...{ name, list: NAMES_ID, required: true, maxLength: 512, autocomplete: 'off' },
      ...{ spellcheck: false, placeholder: 'recording or run:id' },
    }),
  );
}
