import { type ComponentChild, type ComponentChildren, h } from 'preact';

/** Small pieces that views are made of. Text is always a text node: names come from outside. */

export function tile(
  name: string,
  value: string,
  note?: ComponentChildren,
  id?: string,
): ComponentChild {
  return h(
    'dl',
    { class: 'tile', 'data-id': id },
    h('dt', null, name),
    h('dd', null, value),
    note === undefined ? null : h('dd', { class: 'note' }, note),
  );
}

export function empty(...children: ComponentChildren[]): ComponentChild {
  return h('div', { class: 'empty', role: 'status' }, ...children);
}

export function loading(): ComponentChild {
  return h('div', { class: 'empty', role: 'status' }, 'Waiting for the first data…');
}

export interface Column<R> {
  readonly name: string;
  readonly cell: (row: R) => ComponentChildren;
  readonly isNumber?: boolean;
  readonly isText?: boolean;
}

/** A table that scrolls by itself where the window is narrow, also by keyboard. */
export function table<R>(
  caption: string,
  columns: readonly Column<R>[],
  rows: readonly R[],
  keyOf: (row: R) => string,
): ComponentChild {
  const classOf = ({ isNumber, isText }: Column<R>) =>
    isNumber ? 'n' : isText ? 'text' : undefined;
  const heads = columns.map((each) => h('th', { scope: 'col', class: classOf(each) }, each.name));
  return h(
    'div',
    { class: 'scroll card', tabIndex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      null,
      h('caption', null, caption),
      h('thead', null, h('tr', null, ...heads)),
      h(
        'tbody',
        null,
        ...rows.map((row) =>
          h(
            'tr',
            { key: keyOf(row) },
            ...columns.map((each) => h('td', { class: classOf(each) }, each.cell(row))),
          ),
        ),
      ),
    ),
  );
}

export function stateWord(
  kind: 'good' | 'warn' | 'bad' | 'none',
  word: string,
  title?: string,
): ComponentChild {
  return h('span', { class: `state ${kind}`, title }, word);
}

/** Labels that fit below bars; the others are in titles. */
const LABELS_MAX = 12;

/**
 * Bars with their bounds below, without the empty ones at both ends; the numbers are in the label
 * for those who do not see them.
 */
export function bars(
  label: string,
  counts: readonly number[],
  bounds: readonly string[],
): ComponentChild {
  const max = Math.max(1, ...counts);
  const first = Math.max(0, counts.findIndex((count) => count > 0) - 1);
  const end = Math.min(counts.length, counts.findLastIndex((count) => count > 0) + 2);
  const shown = counts.slice(first, end);
  const every = Math.ceil(shown.length / LABELS_MAX);
  const spoken = shown.map((count, i) => `${bounds[first + i]}: ${count}`).join(', ');
  return h(
    'div',
    { class: 'bars', role: 'img', 'aria-label': `${label}: ${spoken}` },
    ...shown.map((count, i) =>
      h(
        'div',
        { key: bounds[first + i], title: `${bounds[first + i]}: ${count}` },
        h('i', { style: { height: `${(count / max) * 72}px` } }),
        h('span', null, i % every === 0 ? bounds[first + i] : '\u00a0'),
      ),
    ),
  );
}
