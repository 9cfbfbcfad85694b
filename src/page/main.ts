import { h, render } from 'preact';
import { App, VIEWS } from './app.ts';
import { readPlace } from './location.ts';
import { PageState } from './state.ts';
import { LiveStream } from './stream.ts';

/** The page: one state, one stream, one drawing for each change at most as often as the screen. */
const root = document.getElementById('app') as HTMLElement;
const theme = localStorage.getItem('spikescope-theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
root.replaceChildren();

const state = new PageState();
let isDue = false;

function draw(): void {
  isDue = false;
  const place = readPlace(location.hash);
  document.title = `${VIEWS.find(({ name }) => name === place.view)?.title ?? 'Page'} · Spikescope`;
  render(h(App, { state, place, connection: stream.connection }), root);
}

function drawSoon(): void {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(draw);
}

const stream = new LiveStream(state, drawSoon);

/** The header wants the overview on every view. */
function follow(): void {
  const { view } = readPlace(location.hash);
  const isView = VIEWS.some(({ name }) => name === view);
  // A recording has a stream of its own.
  const more = view === 'overview' ? ['raster'] : view === 'recordings' ? [] : [view];
  stream.show(['overview', ...(isView ? more : [])]);
  drawSoon();
}

addEventListener('hashchange', follow);
addEventListener('resize', drawSoon);
addEventListener('keydown', (event) => {
  const { tagName } = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(tagName))
    return;
  const at = '1234567890'.indexOf(event.key);
  const view = at < 0 ? undefined : VIEWS[at];
  if (view !== undefined) location.hash = `#/${view.name}`;
});
follow();
