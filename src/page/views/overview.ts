import { type ComponentChild, h } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Overview } from '../../sinks/live/schemas.ts';
import { catchingUp, flowTables } from '../delivery-parts.ts';
import { decimal, duration, fullTime, si, timeOf, whole } from '../format.ts';
import { type Column, empty, loading, stateWord, table, tile } from '../parts.ts';
import { drawRaster, heightFor } from '../raster-draw.ts';
import type { PageState } from '../state.ts';

type Chip = Overview['chips'][number];
type Layer = Overview['layers'][number];

/** Silence of a chip after which the page says so, µs. */
const SILENT_US = 5_000_000;

export function OverviewView({ state }: { state: PageState }): ComponentChild {
  const { overview } = state;
  if (overview === undefined) return loading();
  const { chips, layers, errors } = overview;
  return h(
    'div',
    null,
    h('h2', null, 'Overview'),
    catchingUp(overview.delivery),
    h(
      'section',
      { 'aria-label': 'Totals' },
      h('div', { class: 'tiles' }, ...tiles(overview, state.isReplay)),
    ),
    h(Glance, { state }),
    h(
      'section',
      null,
      chips.length === 0
        ? empty('No chip has sent a frame yet.')
        : table('Chips', chipColumns(overview.now_us), chips, ({ id }) => id),
    ),
    layers.length === 0
      ? null
      : h(
          'section',
          null,
          table('Layers', LAYER_COLUMNS, layers, ({ layer_name }) => layer_name),
        ),
    ...flowTables(overview),
    errors.length === 0 ? null : h('section', null, errorTable(errors)),
  );
}

const GLANCE_S = 5;
const GLANCE_PX = 190;

/** The last seconds of every layer, before anything is read. */
function Glance({ state }: { state: PageState }): ComponentChild {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { raster } = state;
  const bands = [...raster.bands.values()];
  const toUs = raster.newestUs ?? 0;
  useEffect(() => {
    const frame = { fromUs: toUs - GLANCE_S * 1e6, toUs, bands };
    if (canvas.current !== null) drawRaster(canvas.current, raster, frame);
  });
  if (bands.length === 0) return null;
  const label = `Spikes of ${bands.length} layers in the last ${GLANCE_S} seconds`;
  const style = { height: `${heightFor(bands, GLANCE_PX)}px` };
  return h(
    'section',
    { class: 'raster' },
    h('h3', null, `The last ${GLANCE_S} seconds, `, h('a', { href: state.link('raster') }, 'more')),
    h('canvas', { ref: canvas, role: 'img', 'aria-label': label, style }),
  );
}

function tiles(overview: Overview, isReplay: boolean): ComponentChild[] {
  const { totals, incidents_open, chips, started_us, now_us } = overview;
  const since = isReplay ? 'of the recording' : 'since the service started';
  const down = chips.filter(({ connected }) => connected === false).length;
  const lost = totals.frames_missing + totals.frames_invalid + totals.dropped;
  const lostNote =
    `${whole(totals.frames_missing)} missing, ${whole(totals.frames_invalid)} invalid, ` +
    `${whole(totals.dropped)} dropped`;
  return [
    tile('Chips', whole(chips.length), down === 0 ? 'none is down' : `${down} down`, 'chips'),
    tile('Spikes', whole(totals.spikes), `${si(totals.spikes_per_second, '/s')}`, 'spikes'),
    tile('Power', si(totals.watts, 'W'), 'all chips now', 'watts'),
    tile('Energy', si(totals.energy_joules, 'J'), 'so far', 'joules'),
    tile('Incidents', whole(incidents_open), 'open now', 'incidents'),
    tile('Frames', whole(totals.frames), si(totals.frames_per_second, '/s'), 'frames'),
    tile('Lost', whole(lost), lostNote, 'lost'),
    tile('Running', duration(now_us - started_us), since, 'running'),
  ];
}

function chipColumns(nowUs: number): Column<Chip>[] {
  return [
    { name: 'Chip', cell: ({ id }) => id, isText: true },
    { name: 'State', cell: (chip) => chipState(chip, nowUs) },
    { name: 'Spikes/s', cell: (chip) => si(chip.spikes_per_second, ''), isNumber: true },
    { name: 'Power', cell: ({ watts }) => exact(watts, 'W'), isNumber: true },
    { name: 'Energy', cell: ({ energy_joules }) => exact(energy_joules, 'J'), isNumber: true },
    { name: 'Lag', cell: ({ lag_seconds }) => si(lag_seconds, 's'), isNumber: true },
    {
      name: 'Temperature',
      cell: ({ temperature_c: celsius }) =>
        celsius === undefined ? '–' : `${decimal(celsius)} °C`,
      isNumber: true,
    },
    { name: 'Frames', cell: ({ frames }) => whole(frames), isNumber: true },
  ];
}

function exact(value: number | null, unit: string): ComponentChild {
  return h('span', { title: value === null ? 'not known' : `${value} ${unit}` }, si(value, unit));
}

function chipState({ connected, status, reason, heard_us }: Chip, nowUs: number): ComponentChild {
  const silentUs = nowUs - heard_us;
  if (connected === false) return stateWord('bad', `down: ${reason ?? 'not connected'}`, reason);
  if (status !== undefined && status !== 'ok') return stateWord('warn', status, reason);
  if (silentUs > SILENT_US) return stateWord('warn', `silent for ${duration(silentUs)}`);
  return stateWord('good', connected === null ? 'sends' : 'connected', reason);
}

const LAYER_COLUMNS: readonly Column<Layer>[] = [
  { name: 'Layer', cell: ({ layer_name }) => layer_name, isText: true },
  { name: 'Neurons', cell: ({ neurons }) => whole(neurons), isNumber: true },
  { name: 'Chips', cell: ({ chips }) => whole(chips), isNumber: true },
  {
    name: 'Spikes',
    cell: ({ layer_name, spikes }) => h('span', { 'data-layer-spikes': layer_name }, whole(spikes)),
    isNumber: true,
  },
  { name: 'Spikes/s', cell: (layer) => si(layer.spikes_per_second, ''), isNumber: true },
  {
    name: 'Mean rate',
    cell: ({ mean_rate_hz: hz }) => (hz === null ? '–' : `${decimal(hz)} Hz`),
    isNumber: true,
  },
];

function errorTable(errors: Overview['errors']): ComponentChild {
  const columns: Column<Overview['errors'][number]>[] = [
    { name: 'Time', cell: ({ t_us }) => h('span', { title: fullTime(t_us) }, timeOf(t_us)) },
    { name: 'Level', cell: ({ level }) => stateWord('bad', level) },
    { name: 'Message', cell: ({ message }) => message, isText: true },
  ];
  return table(
    'Last errors in the log',
    columns,
    [...errors].reverse(),
    (each) => `${each.number}`,
  );
}
