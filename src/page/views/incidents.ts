import { type ComponentChild, h } from 'preact';
import type { Incident } from '../../sinks/live/incident-schemas.ts';
import { decimal, duration, fullTime, timeOf } from '../format.ts';
import { changeQuery, type Place } from '../location.ts';
import { type Column, empty, loading, stateWord, table } from '../parts.ts';
import type { PageState } from '../state.ts';
import { IncidentDetail } from './incident-detail.ts';
import { mutesTable } from './mutes.ts';

/** What detectors found: open first, the newest first. */
export function IncidentsView({
  state,
  place,
}: {
  state: PageState;
  place: Place;
}): ComponentChild {
  if (!state.loaded.has('incidents')) return loading();
  const all = [...state.incidents.values()].sort((a, b) => b.started_us - a.started_us);
  const open = all.filter(({ event }) => event !== 'closed');
  const closed = all.filter(({ event }) => event === 'closed');
  const looked = state.incidents.get(place.query['incident'] ?? '');
  return h(
    'div',
    null,
    h('h2', null, 'Incidents'),
    looked === undefined
      ? null
      : h(IncidentDetail, { key: looked.incident_id, state, incident: looked }),
    open.length === 0
      ? empty(h('p', null, stateWord('good', 'Nothing is wrong that a detector has found.')))
      : table('Open', COLUMNS, open, ({ incident_id }) => incident_id),
    mutesTable([...state.mutes.values()], state.isReplay),
    closed.length === 0
      ? null
      : h(
          'section',
          null,
          table('Closed', COLUMNS, closed, ({ incident_id }) => incident_id),
        ),
  );
}

const COLUMNS: readonly Column<Incident>[] = [
  {
    name: 'Since',
    cell: ({ started_us }) => h('span', { title: fullTime(started_us) }, timeOf(started_us)),
  },
  { name: 'Severity', cell: severity },
  { name: 'Where', cell: whereOf, isText: true },
  { name: 'What', cell: ({ text, series }) => (text === '' ? series : text), isText: true },
  { name: 'Series', cell: seriesButton },
  { name: 'Detector', cell: ({ detector }) => detector },
  { name: 'Score', cell: ({ score }) => decimal(score, 3), isNumber: true },
  { name: 'Observed', cell: ({ observed }) => decimal(observed), isNumber: true },
  { name: 'Expected', cell: ({ expected }) => decimal(expected), isNumber: true },
  {
    name: 'Lasted',
    cell: ({ started_us, ended_us }) =>
      ended_us === undefined ? 'goes on' : duration(ended_us - started_us),
    isNumber: true,
  },
];

function seriesButton({ incident_id, text, series }: Incident): ComponentChild {
  const label = `Show the series around: ${text === '' ? series : text}`;
  const onClick = (): void => changeQuery({ incident: incident_id });
  return h('button', { type: 'button', 'aria-label': label, onClick }, 'Show');
}

function severity({ severity: word, muted, event }: Incident): ComponentChild {
  const kind = event === 'closed' || muted ? 'none' : word === 'critical' ? 'bad' : 'warn';
  return stateWord(kind, muted ? `${word}, muted` : word);
}

function whereOf({ device_type, chip_id, layer_name, core_id }: Incident): string {
  const chip = [device_type, chip_id].filter((name) => name !== undefined).join('/');
  const core = core_id === undefined ? undefined : `core ${core_id}`;
  return [chip, layer_name, core].filter((part) => part !== undefined && part !== '').join(', ');
}
