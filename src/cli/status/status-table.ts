import { printable, section } from '../text-table.ts';
import { ageText, bytesText, NOT_KNOWN } from './amounts.ts';
import { partitionRows } from './partition-table.ts';
import type { CheckpointStatus } from './state-status.ts';
import type { Status } from './status.ts';
import type { StreamStatus } from './stream-status.ts';

/** The status as a person reads it. */
export function statusTable(status: Status): string {
  const lines = [
    ...overview(status),
    ...streamRows(status),
    ...lagRows(status),
    ...partitionRows(status.partitions),
    ...checkpointRows(status),
    ...queueRows(status),
    '',
    ...pairs(details(status)),
    ...status.problems.map((problem) => `! ${problem}`),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function overview({ nats, delivery, service, state, prefix }: Status): string[] {
  const how = nats.connected ? 'connected' : `can't be reached: ${nats.error}`;
  const folder = state.found ? state.folder : `${state.folder} is not there`;
  const user = state.in_use_by === null ? 'in use by nobody' : `in use by ${state.in_use_by}`;
  return pairs([
    ['NATS', `${nats.servers.join(', ')}, ${how}`],
    ['delivery', `${delivery} (as configured), prefix ${prefix}`],
    ['service', serviceText(service)],
    ['state', state.found ? `${folder}, ${user}` : folder],
  ]);
}

function serviceText(service: Status['service']): string {
  if (!service.answers) return `${service.url ?? 'not asked'}: no answer: ${service.error}`;
  const { url, version, catching_up: isCatchingUp, document_store_up: isStoreUp } = service;
  const parts = [`${url} answers, version ${version}`];
  if (isCatchingUp !== null) parts.push(isCatchingUp ? 'catching up' : 'up to date');
  if (isStoreUp === false) parts.push('its store of documents is away');
  return parts.join(', ');
}

function streamRows({ streams, nats }: Status): string[] {
  if (!nats.connected) return [];
  const there = Object.values(streams).filter((stream) => stream !== null);
  if (there.length === 0) return ['', 'no streams'];
  const titles = ['stream', 'messages', 'bytes', 'at most', 'first', 'last', 'oldest', 'kept'];
  return section([titles, ...there.map(streamRow)]);
}

function streamRow(stream: StreamStatus): string[] {
  return [
    stream.name,
    String(stream.messages),
    bytesText(stream.bytes),
    stream.bytes_max === null ? 'no limit' : bytesText(stream.bytes_max),
    String(stream.first_sequence),
    String(stream.last_sequence),
    ageText(stream.oldest_age_seconds),
    stream.kept_seconds === null ? 'no limit' : ageText(stream.kept_seconds),
  ];
}

function lagRows({ lag, streams }: Status): string[] {
  if (streams.frames === null) return [];
  const count = (value: number | null) => (value === null ? NOT_KNOWN : String(value));
  const rows = [
    ['behind the stream', 'messages'],
    ['not derived', count(lag.not_derived)],
    ['not in a checkpoint', count(lag.not_in_checkpoint)],
  ];
  if (lag.gone !== null && lag.gone > 0) rows.push(['gone before', String(lag.gone)]);
  return section(rows);
}

function checkpointRows({ checkpoints, partitions }: Status): string[] {
  // Those of partitions are in NATS.
  if (partitions !== null && checkpoints.generations.length === 0) return [];
  const { generations, set_aside: aside } = checkpoints;
  const lines =
    generations.length === 0
      ? ['', 'no checkpoints']
      : section([['checkpoint', 'sequence', 'age', 'bytes'], ...generations.map(checkpointRow)]);
  for (const { generation, error } of generations) {
    if (error !== null) lines.push(`${generation} can't be used: ${error}`);
  }
  if (aside !== null) lines.push(`one that could not be used was set aside: ${aside}`);
  return lines;
}

function checkpointRow({ generation, sequence, age_seconds, bytes }: CheckpointStatus): string[] {
  const covered = sequence === null ? NOT_KNOWN : String(sequence);
  return [String(generation), covered, ageText(age_seconds), bytesText(bytes)];
}

function queueRows({ service }: Status): string[] {
  const queues = Object.entries(service.queues);
  if (queues.length === 0) return [];
  const rows = queues.map(([name, { entries, bytes }]) => {
    return [name, String(entries), bytes === null ? NOT_KNOWN : bytesText(bytes)];
  });
  return section([['queue', 'entries', 'bytes'], ...rows]);
}

function details(status: Status): [string, string][] {
  const { documents_consumer: consumer, dead_letters: letters } = status;
  const { dead_documents: dead, last_gap: gap } = status;
  const rows: [string, string][] = [];
  if (status.nats.connected) {
    rows.push([
      'last gap',
      gap === null
        ? 'none that is kept'
        : `${gap.messages} messages of ${gap.stream}, ${gap.from_sequence} to ${gap.to_sequence}, \
found ${gap.at}`,
    ]);
  }
  if (consumer !== null) {
    rows.push([
      'documents',
      `${consumer.pending} records to come, ${consumer.ack_pending} on their way, \
${consumer.redelivered} of them again`,
    ]);
  }
  if (letters !== null) {
    const reasons = Object.entries(letters.by_reason).map(([name, count]) => `${name} ${count}`);
    rows.push(['dead letters', [String(letters.messages), ...reasons].join(', ')]);
  }
  if (dead !== null) {
    const more = dead.documents === 0 ? '' : `, ${bytesText(dead.bytes)}: spikescope dead list`;
    rows.push(['dead documents', `${dead.documents}${more}`]);
  }
  return rows;
}

/** Names to the left, and what there is to say of each. */
function pairs(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`);
}
