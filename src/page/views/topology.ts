import { type ComponentChild, h } from 'preact';
import type { TopologyUpdate } from '../../sinks/live/schemas.ts';
import { deliveryCard } from '../delivery-parts.ts';
import { flowPicture } from '../flow-picture.ts';
import { si, whole } from '../format.ts';
import { type Column, loading, stateWord, table } from '../parts.ts';
import type { PageState } from '../state.ts';

/** The way of a frame as a picture: kinds, pipelines and sinks with their speeds; every queue. */
export function TopologyView({ state }: { state: PageState }): ComponentChild {
  const { topology } = state;
  if (topology === undefined) return loading();
  const { source, connected, kinds, pipelines, queues, dropped, page } = topology;
  const word =
    connected === null
      ? stateWord('good', 'plays')
      : connected
        ? stateWord('good', 'connected')
        : stateWord('bad', 'not connected');
  return h(
    'div',
    null,
    h('h2', null, 'Topology'),
    h('p', null, word, ` ${source}`),
    flowPicture(kinds, pipelines),
    state.overview === undefined ? null : deliveryCard(state.overview.delivery),
    h('p', { class: 'legend' }, `${page.clients} of ${page.clients_max} live pages are open.`),
    h('h3', null, 'Queues'),
    queues.length === 0
      ? h('p', { class: 'legend' }, 'This command has none.')
      : table('What waits', QUEUES, queues, ({ queue }) => queue),
    dropped.length === 0
      ? h('p', null, stateWord('good', 'Nothing has been dropped.'))
      : table('What was dropped', DROPPED, dropped, ({ sink, reason }) => `${sink} ${reason}`),
  );
}

const QUEUES: readonly Column<TopologyUpdate['queues'][number]>[] = [
  { name: 'Queue', cell: ({ queue }) => queue },
  { name: 'Entries', cell: ({ entries }) => whole(entries), isNumber: true },
  { name: 'Size', cell: ({ bytes }) => si(bytes, 'B'), isNumber: true },
];

const DROPPED: readonly Column<TopologyUpdate['dropped'][number]>[] = [
  { name: 'Sink', cell: ({ sink }) => sink },
  { name: 'Reason', cell: ({ reason }) => reason },
  { name: 'Count', cell: ({ count }) => whole(count), isNumber: true },
];
