import { type Child, element, type Markup } from './markup.ts';

export interface Tile {
  readonly name: string;
  readonly value: Child;
  readonly note?: Child;
}

/** A few numbers in large letters. */
export function tiles(list: readonly Tile[]): Markup {
  return element(
    'dl',
    { class: 'tiles' },
    list.map(({ name, value, note }) =>
      element(
        'div',
        { class: 'tile' },
        element('dt', {}, name),
        element('dd', {}, value),
        note !== undefined && element('dd', { class: 'note' }, note),
      ),
    ),
  );
}

/** A picture with its title above and, where there is something to say, a line below. */
export function figure(title: Child, picture: Child, note?: Child): Markup {
  return element(
    'figure',
    {},
    element('figcaption', {}, title),
    picture,
    note !== undefined && element('p', { class: 'note' }, note),
  );
}

/** Figures beside each other where there is room. */
export function figures(list: readonly Child[]): Markup {
  return element('div', { class: 'figures' }, list);
}

export function note(...text: readonly Child[]): Markup {
  return element('p', { class: 'note' }, text);
}

export type Verdict = 'good' | 'warn' | 'bad' | 'info';

/** A word in a frame; its colour says nothing that the word does not. */
export function badge(kind: Verdict, text: string): Markup {
  return element('strong', { class: `badge ${kind}` }, text);
}
