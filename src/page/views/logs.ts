import { type ComponentChild, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { LogLine } from '../../sinks/live/schemas.ts';
import { fullTime, timeOf, whole } from '../format.ts';
import { changeQuery, type Place } from '../location.ts';
import { type Column, empty, loading, stateWord, table } from '../parts.ts';
import type { PageState } from '../state.ts';

const LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'];
const SHOWN_MAX = 200;

/** The last lines of the log, filtered; and what the stored ones say of conversions and errors. */
export function LogsView({ state, place }: { state: PageState; place: Place }): ComponentChild {
  const [held, hold] = useState<readonly LogLine[] | undefined>(undefined);
  if (!state.loaded.has('logs')) return loading();
  const level = LEVELS.indexOf(place.query['level'] ?? 'INFO');
  const words = (place.query['find'] ?? '').toLowerCase();
  const lines = (held ?? state.lines)
    .filter((line) => LEVELS.indexOf(line.level) >= level)
    .filter((line) => words === '' || textOf(line).includes(words));
  const shown = lines.slice(-SHOWN_MAX).reverse();
  return h(
    'div',
    null,
    h('h2', null, 'Logs'),
    h(
      'div',
      { class: 'bar' },
      h('label', { for: 'level' }, 'From level'),
      h(
        'select',
        {
          id: 'level',
          value: LEVELS[level],
          onChange: (event: Event) =>
            changeQuery({ level: (event.currentTarget as HTMLSelectElement).value }),
        },
        ...LEVELS.map((name) => h('option', { key: name, value: name }, name)),
      ),
      h('label', { for: 'find' }, 'Contains'),
      h('input', {
        id: 'find',
        type: 'search',
        value: place.query['find'] ?? '',
        onInput: (event: Event) =>
          changeQuery({ find: (event.currentTarget as HTMLInputElement).value || undefined }),
      }),
      h(
        'button',
        {
          type: 'button',
          'aria-pressed': String(held === undefined),
          onClick: () => hold(held === undefined ? state.lines : undefined),
        },
        'Follow',
      ),
      h('span', { class: 'counts' }, `${whole(shown.length)} of ${whole(lines.length)} lines`),
    ),
    shown.length === 0
      ? empty(state.lines.length === 0 ? 'Nothing has been logged yet.' : 'No line matches.')
      : table('The newest first', COLUMNS, shown, ({ number }) => String(number)),
    state.isReplay ? null : analysis(state),
  );
}

function analysis({ overview }: PageState): ComponentChild {
  return h(
    'section',
    null,
    h('h2', null, 'Analysis'),
    overview?.logs_stored === false
      ? empty('No log lines are stored: documents.store is none.')
      : h(Analysis, null),
  );
}

function textOf({ message, logger, event_type = '', fields }: LogLine): string {
  return `${message} ${logger} ${event_type} ${Object.values(fields).join(' ')}`.toLowerCase();
}

const COLUMNS: readonly Column<LogLine>[] = [
  { name: 'Time', cell: ({ t_us }) => h('span', { title: fullTime(t_us) }, timeOf(t_us)) },
  {
    name: 'Level',
    cell: ({ level }) =>
      stateWord(
        level === 'WARNING' ? 'warn' : level === 'ERROR' || level === 'CRITICAL' ? 'bad' : 'none',
        level,
      ),
  },
  { name: 'Message', cell: ({ message }) => message, isText: true },
  { name: 'Event', cell: ({ event_type }) => event_type ?? '' },
  { name: 'Logger', cell: ({ logger }) => logger },
];

interface Anomaly {
  readonly type: string;
  readonly count: number;
  readonly severity: string;
}

/** The log analysis over the last hour, asked for every half minute. */
function Analysis(): ComponentChild {
  const [found, setFound] = useState<readonly Anomaly[] | string>('Asking…');
  useEffect(() => {
    const ask = () => void anomalies().then(setFound);
    ask();
    const timer = setInterval(ask, 30_000);
    return () => clearInterval(timer);
  }, []);
  if (typeof found === 'string') return empty(found);
  if (found.length === 0)
    return empty(stateWord('good', 'Nothing odd in the logs of the last hour.'));
  const columns: Column<Anomaly>[] = [
    { name: 'What', cell: ({ type }) => type, isText: true },
    { name: 'Count', cell: ({ count }) => whole(count), isNumber: true },
    { name: 'Severity', cell: ({ severity }) => stateWord('warn', severity) },
  ];
  return table('Anomalies of the last hour', columns, found, ({ type }) => type);
}

async function anomalies(): Promise<readonly Anomaly[] | string> {
  try {
    const answer = await fetch('/api/logs/anomalies?since=1h', { cache: 'no-store' });
    if (answer.ok) return (await answer.json()) as Anomaly[];
    return `The analysis failed (${answer.status}); it is asked for again.`;
  } catch {
    return 'The service does not answer; it is asked again.';
  }
}
