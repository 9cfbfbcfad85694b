import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireSections, writeSections } from '../doc-sections.ts';
import { machineText } from '../parts/machine.ts';
import { table } from '../parts/report.ts';
import { runBeside } from './beside.ts';
import { callRoll } from './have.ts';
import { PEERS } from './known.ts';
import { rowsOf, type Standing } from './standings.ts';
import { type Workload, workloadsNamed } from './workloads.ts';

const OUT = join(import.meta.dirname, '..', 'out');

export interface PeersOptions {
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** After so many no further round begins. */
  readonly minutes: number;
  /** Names of workloads; all but those that need more than NATS where empty. */
  readonly only: readonly string[];
  /** Whether the document is written. */
  readonly write: boolean;
}

/** Everybody on the same work, in turns within one run; prints, and writes what it found down. */
export async function besidePeers(options: PeersOptions): Promise<void> {
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const workloads = workloadsNamed(options.only);
  const sectionOf = ({ name }: Workload) => `peers ${name}`;
  if (options.write) requireSections(workloads.map(sectionOf));
  const { there, missing } = await callRoll(PEERS, say);
  const machine = machineText();
  const found = await runBeside(workloads, there, options, say);
  const sections = new Map<string, string>();
  for (const [workload, standings] of found) {
    const rounds = Math.max(0, ...standings.map(({ runs }) => runs.length));
    const about = [`${machine} Rounds: ${rounds}, of ${options.seconds} s each.`, ...missing];
    sections.set(sectionOf(workload), sectionText(about, standings));
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
  return [about.join('\n'), table(rowsOf(standings)), ...failed].join('\n\n');
}

/** Every run, for who wants more than medians. */
function keepRaw(found: ReadonlyMap<Workload, readonly Standing[]>, machine: string): void {
  mkdirSync(OUT, { recursive: true });
  const raw = [...found].map(([{ name }, standings]) => ({ workload: name, standings }));
  writeFileSync(join(OUT, 'peers.json'), JSON.stringify({ machine, raw }, undefined, 2));
}
