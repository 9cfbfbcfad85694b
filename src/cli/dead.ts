import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { Command } from 'commander';
import { deadDocumentOf, deadFormOf } from '../sinks/documents/dead-documents.ts';
import type { StoredDocument } from '../sinks/documents/document.ts';
import { StoreError } from '../sinks/documents/document-store.ts';
import { allDead, type Resubmitted, resubmit } from '../sinks/documents/resubmit.ts';
import { ConfigError, UsageError } from './config/config-error.ts';
import { deadDocuments } from './document-parts.ts';
import { printResult } from './print-result.ts';
import { addStateFlags, type StateFlags, stateConfig, withStore } from './state-flags.ts';
import { printable } from './text-table.ts';

interface DeadFlags extends StateFlags {
  readonly json?: boolean;
}

interface ResubmitFlags extends DeadFlags {
  readonly id?: readonly string[];
}

const RESUBMIT_MS_MAX = 10 * 60_000;

export function deadCommand(): Command {
  return new Command('dead')
    .description('documents that the store refused')
    .addCommand(
      addStateFlags(new Command('list'))
        .exitOverride()
        .description('show them, each with its reason')
        .option('--json', 'print a list of objects, as resubmit reads it')
        .action(list),
    )
    .addCommand(
      addStateFlags(new Command('resubmit'))
        .exitOverride()
        .description('offer them to the store again, as they are or repaired')
        .argument('[file]', 'repaired ones, as list --json prints them; - for stdin')
        .option('--id <id...>', 'only these')
        .option('--json', 'print the counts as an object')
        .action(offerAgain),
    );
}

async function list(flags: DeadFlags): Promise<void> {
  const dead = deadDocuments(await stateConfig(flags));
  const all = await allDead(dead);
  if (flags.json === true) {
    const lines = all.map((each) => JSON.stringify(deadFormOf(each)));
    await printResult(lines.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`);
    return;
  }
  const lines = all.map(({ reason, document: { index, id } }) =>
    printable(`${index}  ${id}  ${reason}`),
  );
  const count = `${all.length === 0 ? 'no' : all.length} dead documents in ${dead.folder}`;
  await printResult([...lines, count].map((line) => `${line}\n`).join(''));
}

async function offerAgain(file: string | undefined, flags: ResubmitFlags): Promise<void> {
  const config = await stateConfig(flags);
  const dead = deadDocuments(config);
  const all =
    file === undefined
      ? (await allDead(dead)).map(({ document }) => document)
      : await readRepaired(file);
  const documents = all.filter(({ id }) => flags.id?.includes(id) ?? true);
  const signal = AbortSignal.timeout(RESUBMIT_MS_MAX);
  const counts = await withStore(config, async (store) => {
    try {
      await store.setup(signal);
      return await resubmit(dead, documents, store, signal);
    } catch (error) {
      if (error instanceof StoreError) throw new ConfigError(error.message);
      throw error;
    }
  });
  await printResult(`${flags.json === true ? JSON.stringify(counts) : sentenceOf(counts)}\n`);
  if (counts.refused > 0) throw new Error('some were refused again; dead list says why');
  if (counts.busy > 0) throw new Error('the store was too busy for some; try again');
}

function sentenceOf({ created, present, refused, busy }: Resubmitted): string {
  return `${created} created, ${present} there already, ${refused} refused, ${busy} put off`;
}

async function readRepaired(file: string): Promise<StoredDocument[]> {
  const text = file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) throw new Error('needs a list, as dead list --json prints it');
    return value.map((each) => deadDocumentOf(each).document);
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}
