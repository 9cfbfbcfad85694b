import { badge, note } from '../blocks.ts';
import { element, fragment, type Markup } from '../markup.ts';
import { table } from '../table.ts';
import { exact, shown } from '../values.ts';
import type { ReportInput } from './report-input.ts';
import { isComplete } from './summary.ts';

/** Remarks that are listed. */
const REMARKS_MAX = 50;

/** What was read, and what is missing. */
export function completenessSection({ analysis, frames, remarks }: ReportInput): Markup {
  const { frames_lost, samples_late, samples_invalid, samples_outside, truncated } =
    analysis.completeness;
  const rows = [
    ['frames lost', exact(frames_lost), 'missing by their sequence numbers, or damaged'],
    ['frames repeated', exact(frames.repeated), 'came again with the same number; read once'],
    ['samples late', exact(samples_late), 'of windows that were closed; in the totals'],
    ['samples invalid', exact(samples_invalid), 'no sample, or not to be read'],
    ['samples outside', exact(samples_outside), 'of no layer, or outside of the time'],
    ['cut off', truncated ? 'yes' : 'no', 'the file ends inside a value'],
  ];
  const read = [...frames.byKind].map(([kind, count]) => `${shown(count)} of ${kind}`);
  const sentence = isComplete(analysis)
    ? fragment(badge('good', 'Complete'), ' Nothing is known to be missing.')
    : fragment(badge('bad', 'Incomplete'), ' Numbers are of what was read.');
  return fragment(
    element('p', {}, sentence),
    table({
      caption: 'What is missing',
      titles: ['what', 'how much', 'that is'],
      rows,
      textColumns: [2],
    }),
    note(`Frames read: ${read.length === 0 ? 'none' : read.join(', ')}.`),
    remarks.slice(0, REMARKS_MAX).map((text) => note(text)),
    remarks.length > REMARKS_MAX && note(`${remarks.length - REMARKS_MAX} more remarks.`),
  );
}
