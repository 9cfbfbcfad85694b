import { badge, note, type Verdict } from '../blocks.ts';
import { element, fragment, type Markup } from '../markup.ts';
import { table } from '../table.ts';
import { durationText, exact, timeText } from '../values.ts';
import type { Detail, ReportInput } from './report-input.ts';

const VERDICTS: Readonly<Record<string, Verdict>> = {
  critical: 'bad',
  warning: 'warn',
  info: 'info',
};

export function incidents({ analysis }: ReportInput, detail: Detail): Markup {
  const list = analysis.incidents;
  if (list.length === 0) return note('No incident was found.');
  const shownOnes = list.slice(0, detail.rows);
  const rows = shownOnes.map((incident) => {
    const { severity, detector, t_start_us, t_end_us, score, text } = incident;
    return [
      badge(VERDICTS[severity] ?? 'info', severity),
      exact(t_start_us, unbroken(timeText(t_start_us))),
      t_end_us === null ? unbroken('to the end') : unbroken(durationText(t_end_us - t_start_us)),
      placeOf(incident),
      detector,
      exact(score),
      text,
    ];
  });
  const left = list.length - shownOnes.length;
  return fragment(
    table({
      caption: 'Incidents, in the order in which they began',
      titles: ['severity', 'from', 'lasted', 'where', 'detector', 'score', 'what happened'],
      rows,
      textColumns: [1, 2, 3, 4, 6],
    }),
    left > 0 && note(`${left} more incidents are left out here; analyze --json lists them all.`),
  );
}

/** A time that stays on one line. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0');
}

type Incident = ReportInput['analysis']['incidents'][number];

function placeOf({ device_type, chip_id, layer_name, series }: Incident): Markup {
  const chip = device_type === null ? '' : ` on ${device_type}/${chip_id ?? ''}`;
  const layer = layer_name === null ? '' : `, layer ${layer_name}`;
  return element('bdi', {}, `${series}${layer}${chip}`);
}
