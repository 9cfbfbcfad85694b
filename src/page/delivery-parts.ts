import { type ComponentChild, h } from 'preact';
import type { Delivery, SinkState } from '../sinks/live/delivery-schemas.ts';
import type { Overview } from '../sinks/live/schemas.ts';
import { duration, fullTime, si, timeOf, whole } from './format.ts';
import { type Column, empty, stateWord, table, tile } from './parts.ts';

/** Said before anything else: what is shown is of another time. */
export function catchingUp({ jetstream }: Delivery): ComponentChild | null {
  if (jetstream?.catching_up !== true) return null;
  return h(
    'p',
    { class: 'notice', role: 'status', 'data-id': 'catching-up' },
    stateWord('warn', 'catching up'),
    ` with what the stream held at the start: ${whole(jetstream.lag_messages)} messages to go. `,
    'Until then /metrics holds back what frames say.',
  );
}

/** How far behind the stream is read, how safe the state is, what was lost last. */
export function deliveryCard(delivery: Delivery): ComponentChild {
  const { jetstream } = delivery;
  return h(
    'section',
    { 'aria-label': 'Delivery' },
    h('h3', null, 'Delivery'),
    jetstream === null
      ? h('p', { class: 'legend' }, 'Best effort: no JetStream, so no lag and no checkpoints.')
      : h('div', { class: 'tiles' }, ...streamTiles(jetstream)),
    h('p', { 'data-id': 'last-gap' }, ...lastGap(delivery)),
    partitionTable(delivery.partitions),
  );
}

function streamTiles(stream: NonNullable<Delivery['jetstream']>): ComponentChild[] {
  const { catching_up, lag_messages, checkpoints, commit_seconds, commit_failures } = stream;
  const held = si(stream.checkpoint_held_seconds, 's');
  const failed = Object.entries(checkpoints).filter(([outcome]) => outcome !== 'written');
  const odd = failed.map(([outcome, count]) => `, ${whole(count)} ${outcome}`).join('');
  const interruptions = Object.values(stream.interruptions).reduce((sum, count) => sum + count, 0);
  const again = `reading began anew ${whole(interruptions)} times`;
  const age = stream.checkpoint_age_seconds;
  return [
    tile('Stream', catching_up ? 'catching up' : 'live', again, 'stream'),
    tile('Lag', whole(lag_messages), 'messages not processed', 'stream-lag'),
    tile('Lost', whole(stream.messages_lost), 'messages gone before they were read', 'stream-lost'),
    tile(
      'Checkpoint',
      age === null ? 'none yet' : duration(age * 1e6),
      `ago, ${si(stream.checkpoint_bytes, 'B')}, held ${held}${odd}`,
      'checkpoint',
    ),
    tile('Commit', si(commit_seconds, 's'), `${whole(commit_failures)} failed`, 'commit'),
  ];
}

type Partitions = NonNullable<Delivery['partitions']>;

const WORKERS: readonly Column<Partitions['workers'][number]>[] = [
  { name: 'Worker', cell: (each) => workerLink(each) },
  { name: 'Machine', cell: ({ host }) => host },
  { name: 'Partitions', cell: ({ partitions }) => inOrder(partitions).join(', ') || 'none' },
];

/** Its own page shows the chips of its partitions. */
function workerLink({ worker, own, url }: Partitions['workers'][number]): ComponentChild {
  if (own) return `${worker} (this one)`;
  return url === null ? worker : h('a', { href: url, rel: 'noreferrer' }, worker);
}

/** By number, and what joins chips last. */
function inOrder(names: readonly string[]): string[] {
  return names.toSorted((a, b) => (Number(a) || 0) - (Number(b) || 0) || a.localeCompare(b));
}

const PARTITIONS: readonly Column<Partitions['list'][number]>[] = [
  { name: 'Partition', cell: ({ partition }) => partition },
  {
    name: 'Worker',
    cell: ({ worker, own }) =>
      worker === null ? stateWord('bad', 'nobody') : own ? `${worker} (this one)` : worker,
  },
  { name: 'Epoch', cell: ({ epoch }) => whole(epoch), isNumber: true },
  { name: 'Lag', cell: ({ lag_messages }) => whole(lag_messages), isNumber: true },
  { name: 'Lease', cell: ({ lease_age_seconds }) => si(lease_age_seconds, 's'), isNumber: true },
];

/** Who of the workers has which partition; what this page shows is of its own ones. */
function partitionTable(partitions: Delivery['partitions']): ComponentChild | null {
  if (partitions === null) return null;
  const { count, owned, without_owner: free, workers, list } = partitions;
  return h(
    'div',
    { 'data-id': 'partitions' },
    h(
      'p',
      null,
      free === 0
        ? stateWord('good', 'Every partition has an owner')
        : stateWord('bad', `${whole(free)} partitions have no owner`),
      `; this worker has ${whole(owned)} of ${whole(count)}, and this page shows their chips.`,
    ),
    table('Workers', WORKERS, workers, ({ worker }) => worker),
    table('Partitions', PARTITIONS, list, ({ partition }) => partition),
  );
}

function lastGap({ last_gap, frames_missing }: Delivery): ComponentChild[] {
  if (last_gap === null) {
    const before = frames_missing > 0 ? `; ${whole(frames_missing)} frames before that` : '';
    return [stateWord('good', `Nothing was lost since the service started${before}.`)];
  }
  const { at_us, messages, frames } = last_gap;
  const lost = [
    ...(messages > 0 ? [`${whole(messages)} messages of the stream`] : []),
    ...(frames > 0 ? [`${whole(frames)} frames by their numbers`] : []),
  ];
  return [
    stateWord('warn', 'Last gap'),
    ' at ',
    h('span', { title: fullTime(at_us) }, timeOf(at_us)),
    `: ${lost.join(', ')}; ${whole(frames_missing)} frames in all.`,
  ];
}

const PIPELINES: readonly Column<Overview['pipelines'][number]>[] = [
  { name: 'Pipeline', cell: ({ name }) => name },
  {
    name: 'State',
    cell: ({ failures }) =>
      failures > 0 ? stateWord('bad', 'ended with an error') : stateWord('good', 'runs'),
  },
  { name: 'Records/s', cell: (each) => si(each.records_per_second, ''), isNumber: true },
  { name: 'Records', cell: ({ records }) => whole(records), isNumber: true },
];

const SINKS: readonly Column<SinkState>[] = [
  { name: 'Sink or queue', cell: ({ name }) => name },
  { name: 'State', cell: sinkWord },
  { name: 'Waiting', cell: ({ waiting }) => whole(waiting), isNumber: true },
  { name: 'Size', cell: ({ bytes }) => si(bytes, 'B'), isNumber: true },
  { name: 'Written/s', cell: ({ per_second }) => si(per_second, ''), isNumber: true },
  { name: 'Lag', cell: ({ lag_seconds }) => si(lag_seconds, 's'), isNumber: true },
  { name: 'Dropped', cell: ({ dropped }) => whole(dropped), isNumber: true },
];

function sinkWord({ works, dropped }: SinkState): ComponentChild {
  if (works === false) return stateWord('bad', 'does not work');
  if (dropped > 0) return stateWord('warn', 'has dropped');
  return stateWord('good', 'works');
}

/** Pipelines and sinks with their rates and lags. */
export function flowTables({ pipelines, sinks }: Overview): ComponentChild[] {
  return [
    h(
      'section',
      null,
      table('Pipelines', PIPELINES, pipelines, ({ name }) => name),
    ),
    h(
      'section',
      null,
      sinks.length === 0
        ? empty('No sink has a queue here, and none has dropped anything.')
        : table('Sinks and queues', SINKS, sinks, ({ name }) => name),
    ),
  ];
}
