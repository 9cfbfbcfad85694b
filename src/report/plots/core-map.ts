import { scaleColour } from '../colours.ts';
import { element, type Markup } from '../markup.ts';
import { shown } from '../values.ts';
import { picture } from './axes.ts';

export interface CoreValue {
  readonly id: number;
  /** Undefined where nothing is known of it. */
  readonly value: number | undefined;
  /** Where it is, in words: its layer. */
  readonly about: string;
}

export interface CoreMap {
  readonly label: string;
  readonly unit: string;
  /** The value of the lightest colour. */
  readonly max: number;
  readonly cores: readonly CoreValue[];
}

/** Above this, cores are squares without numbers. */
const NUMBERS_MAX = 256;
const WIDTH = 560;

/** The cores of a chip in the order of their numbers, coloured by a value. */
export function coreMap({ label, unit, max, cores }: CoreMap): Markup {
  const hasNumbers = cores.length <= NUMBERS_MAX;
  const across = Math.ceil(Math.sqrt(cores.length * (hasNumbers ? 1.4 : 2)));
  const columns = Math.max(hasNumbers ? 8 : 24, Math.min(hasNumbers ? 12 : 64, across));
  const step = WIDTH / columns;
  const tall = hasNumbers ? Math.min(step, 34) : step;
  const height = Math.ceil(cores.length / columns) * tall;
  return picture(
    label,
    { width: WIDTH, height: Math.ceil(height) },
    cores.map((core, i) => {
      const x = (i % columns) * step;
      const y = Math.floor(i / columns) * tall;
      return square(core, { x, y, width: step - 2, height: tall - 2 }, { unit, max, hasNumbers });
    }),
  );
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function square(
  { id, value, about }: CoreValue,
  box: Box,
  { unit, max, hasNumbers }: { unit: string; max: number; hasNumbers: boolean },
): Markup {
  const place = Object.fromEntries(
    Object.entries(box).map(([name, at]) => [name, Number(at.toFixed(1))]),
  );
  const amount = value === undefined ? 'not known' : `${shown(value)}${unit}`;
  const title = element('title', {}, `core ${id}: ${amount}${about}`);
  const { back, text } = scaleColour(max > 0 ? (value ?? 0) / max : 0);
  const fill = value === undefined ? undefined : back;
  const rect = element('rect', { ...place, rx: 3, fill, class: fill ? undefined : 'none' }, title);
  if (!hasNumbers) return rect;
  const style = value === undefined ? undefined : `fill:${text}`;
  const middle = {
    x: (box.x + box.width / 2).toFixed(1),
    y: (box.y + box.height / 2 + 4).toFixed(1),
  };
  const number = value === undefined ? '?' : short(value);
  return element('g', {}, rect, element('text', { class: 'm', ...middle, style }, number));
}

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(2))}M`;
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return String(Number(value.toPrecision(value >= 100 ? 4 : 2)));
}

/** What the colours stand for, in five steps. */
export function scaleLegend(max: number, unit: string): Markup {
  return element(
    'ul',
    { class: 'legend' },
    [0, 0.25, 0.5, 0.75, 1].map((share) =>
      element(
        'li',
        {},
        element(
          'svg',
          { viewBox: '0 0 26 10', 'aria-hidden': 'true' },
          element('rect', { width: 26, height: 10, fill: scaleColour(share).back }),
        ),
        `${shown(share * max)}${unit}`,
      ),
    ),
  );
}
