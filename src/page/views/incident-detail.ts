import { type ComponentChild, h } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Incident, IncidentSeries } from '../../sinks/live/incident-schemas.ts';
import { Chart } from '../chart.ts';
import { decimal, duration, fullTime, si, timeOf } from '../format.ts';
import { changeQuery } from '../location.ts';
import { empty, loading } from '../parts.ts';
import type { PageState } from '../state.ts';
import { MuteForm } from './mutes.ts';

const ASK_MS = 1000;

type Found = IncidentSeries | 'none' | 'lost' | undefined;

/** One incident: what was measured around it, and where that usually is. */
export function IncidentDetail(props: { state: PageState; incident: Incident }): ComponentChild {
  const { state, incident } = props;
  const found = useSeries(state.api, incident.incident_id);
  const { text, series, started_us, ended_us } = incident;
  const lasted = ended_us === undefined ? 'goes on' : `lasted ${duration(ended_us - started_us)}`;
  return h(
    'section',
    { class: 'card', 'data-id': 'incident', 'aria-label': 'The incident' },
    h('h3', null, text === '' ? series : text),
    h('p', null, h('span', { title: fullTime(started_us) }, timeOf(started_us)), `, ${lasted}`),
    shown(found),
    state.isReplay || incident.chip_id === undefined ? null : h(MuteForm, { incident }),
    h(
      'button',
      { type: 'button', onClick: () => changeQuery({ incident: undefined }) },
      'Close the series',
    ),
  );
}

function shown(found: Found): ComponentChild {
  if (found === undefined) return loading();
  if (found === 'lost') return empty('The service does not answer; it is asked again.');
  if (found === 'none' || found.points.t_us.length === 0) {
    return empty('No series is kept around this incident: neither a rate nor a power of it came.');
  }
  const { name, unit, points, baseline, started_us, ended_us } = found;
  const format = (value: number): string =>
    unit === 'W' ? si(value, 'W') : `${decimal(value)} ${unit}`;
  const usual =
    baseline === null
      ? 'Too little came in the 10 s before to say what is usual.'
      : `Level band: usual, ${format(baseline.low)} to ${format(baseline.high)}, where 98 % of ` +
        `the values of the 10 s before lay (median ${format(baseline.median)}).`;
  return h(
    'div',
    null,
    h(Chart, {
      label: `The ${name} around the incident`,
      unit,
      format,
      lines: [{ name, ...points }],
      shades: {
        band: baseline ?? undefined,
        stretch: { fromUs: started_us, toUs: ended_us },
      },
    }),
    h('p', { class: 'legend', 'data-id': 'usual' }, `${usual} Upright band: the incident.`),
  );
}

function useSeries(api: string, id: string): Found {
  const [found, setFound] = useState<Found>(undefined);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const next = await ask(api, id);
      if (isOver) return;
      setFound(next);
      timer = setTimeout(() => void look(), ASK_MS);
    };
    void look();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [api, id]);
  return found;
}

async function ask(api: string, id: string): Promise<Found> {
  try {
    const query = new URLSearchParams({ id });
    const answer = await fetch(`${api}/incident?${query}`, { cache: 'no-store' });
    return answer.ok ? ((await answer.json()) as IncidentSeries) : 'none';
  } catch {
    return 'lost';
  }
}
