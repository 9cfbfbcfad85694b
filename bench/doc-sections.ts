/** Where a part of a document stands that is written by who measures. */
function marks(name: string): readonly [string, string] {
  return [`<!-- measured: ${name} -->`, `<!-- end of measured: ${name} -->`];
}

export function hasSection(text: string, name: string): boolean {
  return text.includes(marks(name)[0]);
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
    throw new Error(`the document has no section ${JSON.stringify(name)}: ${begin} … ${end}, once`);
  }
  return `${text.slice(0, from + begin.length)}\n${body.trim()}\n${text.slice(to)}`;
}
