import { type ComponentChild, type FunctionComponent, h } from 'preact';
import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type {
  ListedRecording,
  RecordingsAnswer,
  ReplayState,
} from '../../sinks/live/replay-schemas.ts';
import { duration, si, whole } from '../format.ts';
import { changeQuery, type Place } from '../location.ts';
import { type Column, empty, loading, stateWord, table } from '../parts.ts';
import { linkTo, listRecordings, ReplayClient } from '../replay-client.ts';
import type { PageState } from '../state.ts';
import { compareForm } from './compare-form.ts';
import { ConversionsView } from './conversions.ts';
import { CoresView } from './cores.ts';
import { IncidentsView } from './incidents.ts';
import { LogsView } from './logs.ts';
import { MembraneView } from './membrane.ts';
import { OverviewView } from './overview.ts';
import { PowerView } from './power.ts';
import { RasterView } from './raster.ts';
import { RatesView } from './rates.ts';
import { replayBar } from './replay-bar.ts';

interface Part {
  readonly name: string;
  readonly title: string;
  readonly component: FunctionComponent<{ state: PageState; place: Place }>;
}

/** What is shown of a replay: the same views as of what is live. */
const PARTS: readonly Part[] = [
  { name: 'raster', title: 'Raster', component: RasterView },
  { name: 'overview', title: 'Overview', component: OverviewView },
  { name: 'rates', title: 'Rates', component: RatesView },
  { name: 'power', title: 'Power', component: PowerView },
  { name: 'cores', title: 'Core map', component: CoresView },
  { name: 'incidents', title: 'Incidents', component: IncidentsView },
  { name: 'logs', title: 'Logs', component: LogsView },
  { name: 'conversions', title: 'Conversions', component: ConversionsView },
  { name: 'membrane', title: 'Membrane', component: MembraneView },
];

/** Recordings of the configured folder; one of them replayed, with a slider over its time. */
export function RecordingsView({ place }: { place: Place }): ComponentChild {
  const name = place.query['name'];
  return name === undefined ? h(List, null) : h(Replay, { key: name, name, place });
}

const ASK_MS = 2000;
const ASK_LATER_MS = 20_000;

function List(): ComponentChild {
  const [answer, setAnswer] = useState<RecordingsAnswer | string | undefined>(undefined);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const look = async (): Promise<void> => {
      const found = await listRecordings();
      if (isOver) return;
      setAnswer(found);
      const isDone =
        typeof found !== 'string' &&
        found.recordings.every(({ state }) => state !== 'reading' && state !== 'waiting');
      timer = setTimeout(() => void look(), isDone ? ASK_LATER_MS : ASK_MS);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, []);
  return h('div', null, h('h2', null, 'Recordings'), listed(answer));
}

function listed(answer: RecordingsAnswer | string | undefined): ComponentChild {
  if (answer === undefined) return loading();
  if (typeof answer === 'string') return empty(h('p', null, answer));
  if (!answer.is_configured) {
    return h(
      'div',
      null,
      empty(
        h('p', null, 'No folder of recordings is configured.'),
        h('p', null, 'Name one in ', h('code', null, 'http.recordings'), ' to replay them here.'),
      ),
      compareForm([]),
    );
  }
  if (answer.problem !== undefined) return empty(h('p', null, stateWord('bad', answer.problem)));
  if (answer.recordings.length === 0) return empty(h('p', null, 'The folder is empty.'));
  const more =
    answer.left === 0 ? null : h('p', null, `${whole(answer.left)} more are not listed.`);
  return h(
    'div',
    null,
    h(
      'section',
      null,
      table('In the folder', COLUMNS, answer.recordings, ({ name }) => name),
      more,
    ),
    compareForm(answer.recordings),
  );
}

const COLUMNS: readonly Column<ListedRecording>[] = [
  {
    name: 'Recording',
    cell: ({ name }) => h('a', { href: linkTo(name, 'raster') }, name),
    isText: true,
  },
  { name: 'Duration', cell: ({ duration_us }) => duration(duration_us), isNumber: true },
  { name: 'Spikes', cell: ({ spikes }) => whole(spikes), isNumber: true },
  { name: 'Layers', cell: ({ layers }) => whole(layers), isNumber: true },
  { name: 'Size', cell: ({ bytes }) => si(bytes, 'B'), isNumber: true },
  { name: 'Format', cell: ({ format }) => format ?? '–' },
  { name: 'Read', cell: stateOf, isText: true },
  { name: 'Report', cell: reportOf },
];

/** A page of its own, to print or to send. */
function reportOf({ name, state }: ListedRecording): ComponentChild {
  if (state === 'unreadable') return '–';
  const href = `/api/reports/${encodeURIComponent(name)}`;
  return h('a', { href, target: '_blank', 'aria-label': `Report of ${name}` }, 'report');
}

function stateOf({ state, problem }: ListedRecording): ComponentChild {
  if (state === 'known') return stateWord('good', 'readable');
  if (state === 'unreadable') return stateWord('bad', problem ?? 'can not be read');
  return stateWord('none', state === 'unread' ? 'not read: large' : state);
}

interface ReplayProps {
  readonly name: string;
  readonly place: Place;
}

function Replay({ name, place }: ReplayProps): ComponentChild {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const held = useRef<ReplayClient | undefined>(undefined);
  held.current ??= new ReplayClient(() => redraw(undefined));
  const client = held.current;
  const part = PARTS.find((each) => each.name === place.query['show']) ?? (PARTS[0] as Part);
  const topics = topicsOf(part);
  useEffect(() => {
    const at = Number(place.query['at'] ?? Number.NaN);
    // A link to a moment shows that moment; one to a recording plays it.
    const control = Number.isFinite(at) ? { at_us: at, playing: false } : { playing: true };
    void client.open(name, topics, control);
    return () => client.close();
  }, []);
  useEffect(() => client.show(topics));
  const { replay, error, state } = client;
  return h(
    'div',
    null,
    h('h2', null, 'Recording ', name),
    h('p', null, h('a', { href: '#/recordings' }, 'All recordings')),
    error === undefined ? null : failure(error, () => void client.open(name, topics, {})),
    replay === undefined
      ? error === undefined
        ? loading()
        : null
      : h(
          'div',
          null,
          replayBar(client, replay),
          notes(replay),
          h(
            'nav',
            { class: 'views parts', 'aria-label': 'Views of the recording' },
            ...PARTS.map((each) => partLink(each, part)),
          ),
          replay.state === 'failed'
            ? empty(h('p', null, stateWord('bad', replay.error ?? 'The replay failed.')))
            : h(part.component, { key: part.name, state, place }),
        ),
  );
}

function topicsOf({ name }: Part): string[] {
  return name === 'overview' ? ['overview', 'raster'] : ['overview', name];
}

function failure(error: string, retry: () => void): ComponentChild {
  return h(
    'div',
    { class: 'banner', role: 'alert' },
    `${error} `,
    h('button', { type: 'button', onClick: retry }, 'Try again'),
  );
}

function partLink({ name, title }: Part, current: Part): ComponentChild {
  const isCurrent = name === current.name;
  const onClick = (event: Event): void => {
    event.preventDefault();
    changeQuery({ show: name });
  };
  return h(
    'a',
    { key: name, href: '#/recordings', onClick, 'aria-current': isCurrent ? 'true' : undefined },
    title,
  );
}

/** What is missing of the recording: nothing on the page may look whole and not be. */
function notes(replay: ReplayState): ComponentChild | null {
  const { samples_outside, samples_invalid, frames_damaged, truncated, remarks } = replay;
  const counts = [
    [samples_outside, 'samples of no layer'],
    [samples_invalid, 'invalid samples'],
    [frames_damaged, 'damaged frames'],
  ] as const;
  const said = counts.flatMap(([count, what]) => (count > 0 ? [`${whole(count)} ${what}`] : []));
  const all = [...said, ...(truncated ? ['the file ends inside a value'] : []), ...remarks];
  if (all.length === 0) return null;
  return h('p', { class: 'legend', 'data-id': 'replay-notes' }, stateWord('warn', all.join('; ')));
}
