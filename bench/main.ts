/**
 * npm run bench: the figures of docs/benchmarks.md, each measured beside what it is compared with.
 * Usage: npm run bench -- [PART…] [--rounds N] [--scale X] [--write] and what a part needs, or
 * npm run bench -- --peers [--rounds N] [--seconds S] [--minutes M] [--only WORKLOAD,…]
 *   [--no-write]
 */
import { BenchUsageError, parseBench } from './command-line.ts';
import { requireSections, writeSections } from './doc-sections.ts';
import { machineText } from './parts/machine.ts';
import { table } from './parts/report.ts';
import { ONCE, PARTS } from './parts.ts';
import { besidePeers } from './peers/peers.ts';

async function main(args: readonly string[]): Promise<void> {
  const command = parseBench(args, Object.keys(PARTS));
  if (command.peers !== undefined) {
    await besidePeers(command.peers);
    return;
  }
  if (command.write) requireSections(command.parts);
  const sections = new Map<string, string>();
  for (const name of command.parts) {
    const about = machineText();
    const rows = (await PARTS[name]?.(command.options)) ?? [];
    process.stdout.write(`\n## ${name}\n\n${table(rows)}\n`);
    const { rounds, scale } = command.options;
    const times = ONCE.has(name) ? 'Once' : `Rounds: ${rounds}`;
    sections.set(name, `${about} ${times}, scale ${scale}.\n\n${table(rows)}`);
  }
  if (command.write) writeSections(sections);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BenchUsageError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 2;
}
