import { note } from '../blocks.ts';
import type { Markup } from '../markup.ts';
import { type ReportSection, reportPage } from '../page-shell.ts';
import { completenessSection } from './completeness-section.ts';
import { coresSection } from './cores-section.ts';
import { distributions } from './distributions.ts';
import { embeddedNumbers } from './embedded-numbers.ts';
import { incidents } from './incidents.ts';
import { layerTables } from './layer-tables.ts';
import { membraneSection } from './membrane-section.ts';
import { methodSection } from './method-section.ts';
import { powerSection } from './power-section.ts';
import { rasterSection } from './raster-section.ts';
import { ratesSection } from './rates-section.ts';
import type { Detail, ReportInput } from './report-input.ts';
import { subtitle, summary } from './summary.ts';

/** A page that anybody can open and send: below this whatever it is of. */
export const REPORT_BYTES_MAX = 2_000_000;

/** From much to little; the last fits whatever there is. */
const DETAILS: readonly Detail[] = [
  { layers: 24, bands: 40, rows: 400, cores: 2048, numbersBytes: 500_000 },
  { layers: 12, bands: 24, rows: 200, cores: 1024, numbersBytes: 250_000 },
  { layers: 4, bands: 8, rows: 60, cores: 256, numbersBytes: 60_000 },
  { layers: 1, bands: 1, rows: 10, cores: 64, numbersBytes: 10_000 },
];

/** One page with the numbers and the pictures of a recording. */
export function recordingReport(input: ReportInput): string {
  for (const detail of DETAILS) {
    const page = pageOf(input, detail);
    if (Buffer.byteLength(page) < REPORT_BYTES_MAX) return page;
  }
  throw new Error('the report of this recording is too large at any detail: names are too long');
}

function pageOf(input: ReportInput, detail: Detail): string {
  const { analysis, version, format } = input;
  const embedded = embeddedNumbers(analysis, detail.numbersBytes);
  const sections: (ReportSection | undefined)[] = [
    { id: 'summary', title: 'In short', content: summary(input) },
    { id: 'incidents', title: 'Incidents', content: incidents(input, detail) },
    optional('raster', 'Raster', rasterSection(input, detail)),
    { id: 'layers', title: 'Layers', content: layerTables(analysis, detail) },
    optional('rates', 'Population rates', ratesSection(input, detail)),
    optional('distributions', 'Intervals and rates', distributions(input, detail)),
    optional('membrane', 'Membrane potentials', membraneSection(input, detail)),
    optional('power', 'Power', powerSection(input, detail)),
    optional('cores', 'Core map', coresSection(input, detail)),
    { id: 'completeness', title: 'Completeness', content: completenessSection(input) },
    { id: 'method', title: 'How these numbers were made', content: methodSection() },
  ];
  return reportPage({
    title: analysis.recording,
    subtitle: subtitle(input),
    sections: sections.filter((section) => section !== undefined),
    footer: [note(`Made by spikescope ${version} analyze --html.`), leftOutNote(embedded.leftOut)],
    data: {
      analysis: embedded.analysis,
      report: { version, format, left_out: embedded.leftOut, frames: framesOf(input) },
    },
  });
}

function optional(id: string, title: string, content: Markup | undefined) {
  return content === undefined ? undefined : { id, title, content };
}

function leftOutNote(leftOut: Readonly<Record<string, number>>): Markup | undefined {
  const some = Object.entries(leftOut).filter(([, count]) => count > 0);
  if (some.length === 0) return undefined;
  const list = some.map(([what, count]) => `${count} ${what}`).join(', ');
  return note(`Left out of the embedded JSON for its size: ${list}; analyze --json has them.`);
}

function framesOf({ frames }: ReportInput): Record<string, unknown> {
  return { repeated: frames.repeated, ...Object.fromEntries(frames.byKind) };
}
