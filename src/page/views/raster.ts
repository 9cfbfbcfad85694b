import { type ComponentChild, h } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { fullTime, timeOf, whole } from '../format.ts';
import { changeQuery, type Place } from '../location.ts';
import { empty, loading } from '../parts.ts';
import { drawRaster, heightFor, placeBands } from '../raster-draw.ts';
import type { RasterBand } from '../raster-store.ts';
import type { PageState } from '../state.ts';

const SPANS = [1, 2, 5, 10, 20, 30, 60, 120];
const SPAN_DEFAULT = 10;

interface RasterRange {
  readonly spanS: number;
  /** End of what is shown; undefined follows the newest. */
  readonly endUs: number | undefined;
  readonly layer: string | undefined;
}

function rangeOf({ query }: Place): RasterRange {
  const span = Number(query['span']);
  const end = Number(query['end']);
  return {
    spanS: SPANS.includes(span) ? span : SPAN_DEFAULT,
    endUs: query['end'] === undefined || !Number.isFinite(end) ? undefined : end,
    layer: query['layer'],
  };
}

export function RasterView({ state, place }: { state: PageState; place: Place }): ComponentChild {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hover, setHover] = useState('');
  const { raster } = state;
  const range = rangeOf(place);
  const all = [...raster.bands.values()];
  const bands = range.layer === undefined ? all : all.filter(({ meta }) => meta.id === range.layer);
  const newestUs = raster.newestUs ?? 0;
  const toUs = range.endUs ?? newestUs;
  const frame = { fromUs: toUs - range.spanS * 1e6, toUs, bands };
  useEffect(() => {
    if (canvas.current !== null) drawRaster(canvas.current, raster, frame);
    void raster.loadFrom(frame.fromUs);
  });
  if (!state.loaded.has('raster')) return loading();
  if (all.length === 0) return nothing();
  const height = heightFor(bands, Math.max(320, Math.min(innerHeight - 290, 620)));
  const move = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLCanvasElement).getBoundingClientRect();
    const us = frame.fromUs + ((event.clientX - box.left) / box.width) * (toUs - frame.fromUs);
    setHover(`${timeOf(us)} · ${neuronAt(bands, box.height, event.clientY - box.top)}`);
  };
  const label =
    `Spike raster of ${bands.length} layers, ${range.spanS} seconds until ${timeOf(toUs)}. ` +
    'Arrows move, plus and minus zoom, space pauses, End follows.';
  return h(
    'section',
    { onKeyDown: (event: KeyboardEvent) => onKey(event, range, newestUs) },
    h('h2', null, 'Raster'),
    controls(range, newestUs, all),
    counts(bands, raster.partsRefused, raster.spikesRefused),
    h(
      'div',
      { class: 'raster' },
      h('canvas', {
        ref: canvas,
        tabIndex: 0,
        role: 'img',
        'aria-label': label,
        style: { height: `${height}px` },
        onPointerMove: move,
        onPointerLeave: () => setHover(''),
        onWheel: (event: WheelEvent) => onWheel(event, range, newestUs),
      }),
    ),
    h(
      'p',
      { class: 'hover' },
      h('span', { title: fullTime(frame.fromUs) }, timeOf(frame.fromUs)),
      ' to ',
      h('span', { title: fullTime(toUs) }, timeOf(toUs)),
      hover === '' ? '' : ` · here: ${hover}`,
    ),
    h(
      'p',
      { class: 'legend' },
      'Each row is a neuron, or as many as fit; brighter is more spikes. Grey: no frame covers ',
      'this time, so nothing is known. Arrow keys move, + and − zoom, space pauses, End follows.',
    ),
  );
}

function nothing(): ComponentChild {
  return empty(
    h('p', null, 'No spikes have come yet.'),
    h(
      'p',
      null,
      'They are on the subject ',
      h('code', null, '<prefix>.spikes.<device>.<chip>'),
      '.',
    ),
  );
}

/** What became of every spike that came: nothing on the page may look whole and not be. */
function counts(bands: readonly RasterBand[], parts: number, refused: number): ComponentChild {
  const sum = (of: (meta: RasterBand['meta']) => number) =>
    bands.reduce((total, { meta }) => total + of(meta), 0);
  const received = sum((meta) => meta.received) + refused;
  const dropped = sum((meta) => meta.dropped) + refused;
  const why = parts === 0 ? '' : ` (${parts} layers past what the page shows)`;
  return h(
    'p',
    { class: 'counts', 'data-id': 'raster-counts' },
    'received ',
    h('b', { 'data-id': 'received' }, whole(received)),
    ' · shown ',
    h('b', { 'data-id': 'shown' }, whole(sum((meta) => meta.shown))),
    ' · dropped ',
    h('b', { 'data-id': 'dropped' }, whole(dropped)),
    ` spikes${why}`,
  );
}

function controls(
  range: RasterRange,
  newestUs: number,
  all: readonly RasterBand[],
): ComponentChild {
  const { spanS, endUs, layer } = range;
  const isPaused = endUs !== undefined;
  const pick = (event: Event) => {
    const { value } = event.currentTarget as HTMLSelectElement;
    changeQuery({ layer: value === '' ? undefined : value });
  };
  return h(
    'div',
    { class: 'bar' },
    h(
      'button',
      {
        type: 'button',
        'aria-pressed': String(isPaused),
        onClick: () => togglePause(range, newestUs),
      },
      isPaused ? 'Follow' : 'Pause',
    ),
    button('◀ Earlier', undefined, () => pan(range, newestUs, -0.5)),
    button('Later ▶', undefined, () => pan(range, newestUs, 0.5)),
    button('−', 'Longer time', () => zoom(range, 1)),
    button('+', 'Shorter time', () => zoom(range, -1)),
    h('span', null, `${spanS} s`),
    h('label', { for: 'layer' }, 'Layer'),
    h(
      'select',
      { id: 'layer', value: layer ?? '', onChange: pick },
      h('option', { value: '' }, 'all'),
      ...all.map(({ meta }) => h('option', { key: meta.id, value: meta.id }, meta.id)),
    ),
  );
}

function button(text: string, label: string | undefined, onClick: () => void): ComponentChild {
  return h('button', { type: 'button', 'aria-label': label, onClick }, text);
}

function togglePause({ endUs }: RasterRange, newestUs: number): void {
  changeQuery({ end: endUs === undefined ? String(Math.round(newestUs)) : undefined });
}

/** Moves by a share of what is shown; past the newest it follows again. */
function pan({ spanS, endUs }: RasterRange, newestUs: number, share: number): void {
  const end = Math.round((endUs ?? newestUs) + spanS * share * 1e6);
  changeQuery({ end: end >= newestUs ? undefined : String(end) });
}

function zoom({ spanS }: RasterRange, steps: number): void {
  const at = Math.min(SPANS.length - 1, Math.max(0, SPANS.indexOf(spanS) + steps));
  changeQuery({ span: String(SPANS[at]) });
}

function onWheel(event: WheelEvent, range: RasterRange, newestUs: number): void {
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    event.preventDefault();
    pan(range, newestUs, Math.sign(event.deltaX || event.deltaY) * 0.1);
  } else if (event.ctrlKey) {
    event.preventDefault();
    zoom(range, Math.sign(event.deltaY));
  }
}

function onKey(event: KeyboardEvent, range: RasterRange, newestUs: number): void {
  if ((event.target as HTMLElement).tagName !== 'CANVAS') return;
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => pan(range, newestUs, -0.25),
    ArrowRight: () => pan(range, newestUs, 0.25),
    '+': () => zoom(range, -1),
    '-': () => zoom(range, 1),
    ' ': () => togglePause(range, newestUs),
    End: () => changeQuery({ end: undefined }),
  };
  const act = keys[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}

function neuronAt(bands: readonly RasterBand[], height: number, y: number): string {
  for (const { band, top, height: own } of placeBands(bands, height)) {
    if (y < top || y >= top + own) continue;
    const { rows, neurons_per_row, neuron_count, neuron_offset, layer_name } = band.meta;
    const first = Math.floor(((y - top) / own) * rows) * neurons_per_row;
    const last = Math.min(neuron_count, first + neurons_per_row) - 1;
    const ids =
      first === last
        ? `neuron ${first + neuron_offset}`
        : `neurons ${first + neuron_offset} to ${last + neuron_offset}`;
    return `${layer_name}, ${ids}`;
  }
  return '';
}
