import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceSection } from '../doc-sections.ts';
import { machineText } from '../parts/machine.ts';
import { table } from '../parts/report.ts';
import { runBeside } from './beside.ts';
import { callRoll } from './have.ts';
import { PEERS } from './known.ts';
import { rowsOf, type Standing } from './standings.ts';
import { WORKLOADS, type Workload } from './workloads.ts';

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'benchmarks.md');
const OUT = join(import.meta.dirname, '..', 'out');

export interface PeersOptions {
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** Names of workloads; all but those that need more than NATS where empty. */
  readonly only: readonly string[];
  /** Whether the document is written. */
  readonly write: boolean;
}

export function workloadsNamed(names: readonly string[]): readonly Workload[] {
  if (names.length === 0) return WORKLOADS.filter((each) => each.needsElasticsearch !== true);
  return names.map((name) => {
    const found = WORKLOADS.find((workload) => workload.name === name);
    if (found !== undefined) return found;
    const all = WORKLOADS.map((workload) => workload.name).join(', ');
    throw new Error(`no workload is called ${JSON.stringify(name)}; there are: ${all}`);
  });
}

/** Everybody on the same work, in turns within one run; prints, and writes what it found down. */
export async function besidePeers(options: PeersOptions): Promise<void> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const workloads = workloadsNamed(options.only);
  const { there, missing } = await callRoll(PEERS, say);
  const machine = machineText();
  const found = await runBeside(workloads, there, options, say);
  const sections = new Map<string, string>();
  for (const [workload, standings] of found) {
    const about = [
      `${machine} Rounds: ${options.rounds}, of ${options.seconds} s each.`,
      ...missing,
    ];
    sections.set(`peers ${workload.name}`, sectionText(about, standings));
  }
  for (const [name, text] of sections) process.stdout.write(`\n## ${name}\n\n${text}\n`);
  keepRaw(found, machine);
  if (options.write) writeSections(sections);
}

function sectionText(about: readonly string[], standings: readonly Standing[]): string {
  const failed = standings.flatMap(({ name, runs, failures }) => {
    return runs.length > 0 && failures.length > 0
      ? [`${name}: ${failures.length} more runs gave nothing: ${failures[0]}.`]
      : [];
  });
  return `${about.join('\n')}\n\n${table(rowsOf(standings))}\n${failed.map((line) => `\n${line}\n`).join('')}`;
}

function writeSections(sections: ReadonlyMap<string, string>): void {
  let text = readFileSync(DOCUMENT, 'utf8');
  for (const [name, body] of sections) text = replaceSection(text, name, body);
  writeFileSync(DOCUMENT, text);
}

/** Every run, for who wants more than medians. */
function keepRaw(found: ReadonlyMap<Workload, readonly Standing[]>, machine: string): void {
  mkdirSync(OUT, { recursive: true });
  const raw = [...found].map(([{ name }, standings]) => ({ workload: name, standings }));
  writeFileSync(join(OUT, 'peers.json'), JSON.stringify({ machine, raw }, undefined, 2));
}
