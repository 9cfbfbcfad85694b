import { type ComponentChild, type FunctionComponent, h } from 'preact';
import type { Place } from './location.ts';
import { hashOf } from './location.ts';
import { isDark } from './palette.ts';
import { stateWord } from './parts.ts';
import type { PageState } from './state.ts';
import type { Connection } from './stream.ts';
import { BenchmarksView } from './views/benchmarks.ts';
import { ConversionsView } from './views/conversions.ts';
import { CoresView } from './views/cores.ts';
import { IncidentsView } from './views/incidents.ts';
import { LogsView } from './views/logs.ts';
import { MembraneView } from './views/membrane.ts';
import { OverviewView } from './views/overview.ts';
import { PowerView } from './views/power.ts';
import { RasterView } from './views/raster.ts';
import { RatesView } from './views/rates.ts';
import { RecordingsView } from './views/recordings.ts';
import { TopologyView } from './views/topology.ts';

export interface ViewProps {
  readonly state: PageState;
  readonly place: Place;
}

interface View {
  readonly name: string;
  readonly title: string;
  readonly component: FunctionComponent<ViewProps>;
}

/** In the order of the keys 1 to 9 and 0. */
export const VIEWS: readonly View[] = [
  { name: 'overview', title: 'Overview', component: OverviewView },
  { name: 'raster', title: 'Raster', component: RasterView },
  { name: 'rates', title: 'Rates', component: RatesView },
  { name: 'power', title: 'Power', component: PowerView },
  { name: 'cores', title: 'Core map', component: CoresView },
  { name: 'incidents', title: 'Incidents', component: IncidentsView },
  { name: 'logs', title: 'Logs', component: LogsView },
  { name: 'conversions', title: 'Conversions', component: ConversionsView },
  { name: 'topology', title: 'Topology', component: TopologyView },
  { name: 'membrane', title: 'Membrane', component: MembraneView },
  { name: 'benchmarks', title: 'Benchmarks', component: BenchmarksView },
  { name: 'recordings', title: 'Recordings', component: RecordingsView },
];

export interface AppProps extends ViewProps {
  readonly connection: Connection;
}

export function App({ state, place, connection }: AppProps): ComponentChild {
  const view = VIEWS.find(({ name }) => name === place.view);
  return h(
    'div',
    null,
    top(state, place, connection),
    h(
      'nav',
      { class: 'views', 'aria-label': 'Views' },
      ...VIEWS.map((each) => link(each, place, state)),
    ),
    banner(connection),
    h(
      'main',
      { id: 'main', tabIndex: -1 },
      view === undefined
        ? h(
            'p',
            { class: 'notice' },
            `There is no view named ${place.view}. `,
            h('a', { href: '#/overview' }, 'Overview'),
          )
        : h(view.component, { key: view.name, state, place }),
    ),
  );
}

function toMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function link({ name, title }: View, place: Place, state: PageState): ComponentChild {
  const open = state.overview?.incidents_open ?? 0;
  const more = name === 'incidents' && open > 0 ? ` (${open})` : '';
  const current = name === place.view ? 'page' : undefined;
  return h('a', { key: name, href: `#/${name}`, 'aria-current': current }, `${title}${more}`);
}

function top(state: PageState, place: Place, connection: Connection): ComponentChild {
  const { overview } = state;
  const isOff = overview?.connected === false;
  return h(
    'header',
    { class: 'top' },
    h('a', { class: 'skip', href: hashOf(place), onClick: toMain }, 'To the content'),
    h('h1', null, h('img', { src: '/page/icon.svg', alt: '' }), 'Spikescope'),
    h('span', { class: 'source' }, overview?.source ?? ''),
    isOff ? stateWord('bad', 'source not connected') : null,
    h('span', { class: 'spring' }),
    h('span', { 'data-id': 'connection' }, connectionWord(connection)),
    h(
      'button',
      { type: 'button', onClick: changeTheme, 'aria-label': 'Light or dark' },
      isDark() ? 'Light' : 'Dark',
    ),
    h('a', { href: '/metrics' }, '/metrics'),
    h('a', { href: '/api/openapi.json' }, 'API'),
  );
}

function connectionWord(connection: Connection): ComponentChild {
  if (connection === 'open') return stateWord('good', 'live');
  if (connection === 'connecting') return stateWord('none', 'connecting');
  return stateWord('bad', connection === 'full' ? 'too many pages' : 'no connection');
}

function banner(connection: Connection): ComponentChild | null {
  const texts: Partial<Record<Connection, string>> = {
    lost: 'The service does not answer. What is shown is what was last known; trying again.',
    full: 'As many pages are open as may be. Close one, or raise http.pages_max; trying again.',
    refused: 'The service refuses to answer; its log says why. Trying again.',
  };
  const text = texts[connection];
  return text === undefined ? null : h('div', { class: 'banner', role: 'alert' }, text);
}

function changeTheme(): void {
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = theme;
  localStorage.setItem('spikescope-theme', theme);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
