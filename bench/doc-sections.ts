import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCUMENT = join(import.meta.dirname, '..', 'docs', 'benchmarks.md');

/** Where a part of a document stands that is written by who measures. */
function marks(name: string): readonly [string, string] {
  return [`<!-- measured: ${name} -->`, `<!-- end of measured: ${name} -->`];
}

/** Puts `body` between a section's marks; throws where they are not there, once and in order. */
export function replaceSection(text: string, name: string, body: string): string {
  const [begin, end] = marks(name);
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (
    from < 0 ||
    to < from ||
    text.indexOf(begin, from + 1) >= 0 ||
    text.indexOf(end, to + 1) >= 0
  ) {
    const wanted = `${begin} … ${end}`;
    throw new Error(`the document has no section ${JSON.stringify(name)}: ${wanted}, once`);
  }
  return `${text.slice(0, from + begin.length)}\n${body.trim()}\n${text.slice(to)}`;
}

/** Throws where a section has no place: before it is measured, rather than afterwards. */
export function requireSections(names: readonly string[], document = DOCUMENT): void {
  const text = readFileSync(document, 'utf8');
  for (const name of names) replaceSection(text, name, '');
}

/** Writes sections of docs/benchmarks.md; none where one of them has no place there. */
export function writeSections(sections: ReadonlyMap<string, string>, document = DOCUMENT): void {
  let text = readFileSync(document, 'utf8');
  for (const [name, body] of sections) text = replaceSection(text, name, body);
  writeFileSync(document, text);
}
