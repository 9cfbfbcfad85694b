import { type Child, element, type Markup } from './markup.ts';

export interface Table {
  /** What the table is of, for those who hear it and as its caption. */
  readonly caption: string;
  readonly titles: readonly string[];
  /** The first cell of a row names it. */
  readonly rows: readonly (readonly Child[])[];
  /** Columns of text, which stand to the left; numbers stand to the right. */
  readonly textColumns?: readonly number[];
}

/** Tables of no more rows than this stand on one page in print. */
const ROWS_KEPT = 25;

/** A table that scrolls by itself where it is wider than the page. */
export function table({ caption, titles, rows, textColumns = [] }: Table): Markup {
  const isText = (column: number) => column === 0 || textColumns.includes(column);
  const alignment = (column: number) => (isText(column) ? undefined : 'n');
  const head = titles.map((title, i) =>
    element('th', { scope: 'col', class: alignment(i) }, title),
  );
  const body = rows.map((cells) =>
    element(
      'tr',
      {},
      cells.map((cell, i) =>
        i === 0
          ? element('th', { scope: 'row' }, cell)
          : element('td', { class: alignment(i) }, cell),
      ),
    ),
  );
  return element(
    'div',
    {
      class: rows.length > ROWS_KEPT ? 'scroll' : 'scroll keep',
      tabindex: 0,
      role: 'region',
      'aria-label': caption,
    },
    element(
      'table',
      {},
      element('caption', {}, caption),
      element('thead', {}, element('tr', {}, head)),
      element('tbody', {}, body),
    ),
  );
}
