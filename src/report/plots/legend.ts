import { colourVariable, dashOf } from '../colours.ts';
import { element, type Markup } from '../markup.ts';

/** Names of series beside a piece of their line. */
export function legend(names: readonly (readonly [name: string, series: number])[]): Markup {
  return element(
    'ul',
    { class: 'legend' },
    names.map(([name, series]) =>
      element(
        'li',
        {},
        element(
          'svg',
          { viewBox: '0 0 26 10', 'aria-hidden': 'true' },
          element('path', {
            d: 'M0 5h26',
            stroke: colourVariable(series),
            'stroke-width': 3,
            'stroke-dasharray': dashOf(series),
          }),
        ),
        name,
      ),
    ),
  );
}
