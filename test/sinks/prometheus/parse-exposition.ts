/** A text exposition as Prometheus reads it, strictly: what it would refuse, this refuses. */
export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly name: string; readonly labels: Labels; readonly value: number }[];
}

export type Labels = Readonly<Record<string, string>>;

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|(?=\}))/;
// prom-client writes Nan, which Prometheus takes as well.
const VALUE = /^ ([+-]?(?:Inf|\d+(?:\.\d+)?(?:e[+-]?\d+)?)|N[aA]N)$/i;

export function parseExposition(text: string): Map<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let help: [string, string] | undefined;
  let name = '';
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const meta = /^# (HELP|TYPE) ([^ ]+) (.*)$/.exec(line);
    if (meta?.[1] === 'HELP') help = [meta[2] as string, meta[3] as string];
    else if (meta?.[1] === 'TYPE') {
      name = meta[2] as string;
      if (help?.[0] !== name) throw new Error(`TYPE without HELP: ${line}`);
      if (families.has(name)) throw new Error(`${name} comes twice`);
      families.set(name, { type: meta[3] as string, help: help[1], samples: [] });
    } else {
      const family = families.get(name);
      const sample = parseSample(line);
      const base =
        family?.type === 'histogram' || family?.type === 'summary'
          ? sample.name.replace(/_(bucket|sum|count)$/, '')
          : sample.name;
      if (family === undefined || base !== name) throw new Error(`out of its family: ${line}`);
      const key = line.slice(0, line.lastIndexOf(' '));
      if (seen.has(key)) throw new Error(`a series comes twice: ${key}`);
      seen.add(key);
      family.samples.push(sample);
    }
  }
  return families;
}

function parseSample(line: string) {
  const name = NAME.exec(line)?.[0] ?? '';
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    for (let found = LABEL.exec(rest); found !== null; found = LABEL.exec(rest)) {
      const raw = found[2] as string;
      labels[found[1] as string] = raw.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
      rest = rest.slice(found[0].length);
    }
    if (!rest.startsWith('}')) throw new Error(`bad labels: ${line}`);
    rest = rest.slice(1);
  }
  const value = VALUE.exec(rest)?.[1];
  if (name === '' || value === undefined) throw new Error(`no sample: ${line}`);
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}
