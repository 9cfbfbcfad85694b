import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { FollowedPath } from '../../sources/log-files/followed-path.ts';
import { linesOfStream } from '../../sources/log-files/line-stream.ts';
import { Offsets } from '../../sources/log-files/offsets.ts';
import { ConfigError, UsageError } from '../config/config-error.ts';
import { openDocumentStore } from '../document-store.ts';
import { printResult } from '../print-result.ts';
import { note } from '../progress.ts';
import { addStateFlags, type StateFlags, stateConfig } from '../state-flags.ts';
import { stateFolder } from '../state-folder.ts';
import { stopSignal } from '../stop-signal.ts';
import { type ShipTarget, serviceTarget, storeTarget } from './ship-target.ts';
import { Shipper } from './shipper.ts';

interface ShipFlags extends StateFlags {
  readonly service?: string;
  readonly once?: boolean;
  readonly to?: string;
  readonly tokenFile?: string;
}

const FILES_MAX = 256;
/** How often files are looked at that had nothing new. */
const LOOK_MS = 250;

export function shipCommand(): Command {
  return addStateFlags(new Command('ship'))
    .exitOverride()
    .description("other programs' log lines into the store: stdin, or files as they grow")
    .argument('[files...]', 'files to follow, over rotations; without any, stdin to its end')
    .option('--service <name>', 'whose lines they are (default the name of the file)')
    .option('--once', 'read the files to their ends, and end')
    .option('--to <url>', 'ship through the service that runs there, which has the store')
    .option('--token-file <file>', 'file with the token of that service')
    .action(ship);
}

async function ship(files: readonly string[], flags: ShipFlags): Promise<void> {
  if (files.length > FILES_MAX) {
    throw new UsageError(`${files.length} files are more than the ${FILES_MAX} that are followed`);
  }
  const signal = stopSignal();
  const config = await stateConfig(flags);
  const target = await openTarget(flags, signal);
  const shipper = new Shipper({ target, nowMs: Date.now, note, signal });
  try {
    if (files.length === 0) await shipStdin(shipper, flags, signal);
    else await shipFiles(shipper, files, join(stateFolder(config), 'ship'), flags, signal);
  } catch (error) {
    // What was read and not acknowledged is read again by the next, with the same ids.
    if (!signal.aborted) throw error;
  } finally {
    await target.close();
  }
  await printResult(`${JSON.stringify(shipper.totals)}\n`);
}

async function openTarget(flags: ShipFlags, signal: AbortSignal): Promise<ShipTarget> {
  if (flags.to !== undefined) return serviceTarget(flags.to, flags.tokenFile);
  const store = await openDocumentStore(await stateConfig(flags));
  if (store !== undefined) return await storeTarget(store, signal);
  throw new ConfigError('documents.store: is none, so there is nowhere to ship to');
}

async function shipStdin(shipper: Shipper, flags: ShipFlags, signal: AbortSignal): Promise<void> {
  // Nobody can read it again: its lines are of this once.
  const source = `stdin-${randomUUID()}`;
  const stdin = addAbortSignal(signal, process.stdin) as AsyncIterable<Buffer>;
  for await (const lines of linesOfStream(stdin)) {
    await shipper.ship(lines, source, flags.service ?? 'stdin');
  }
}

async function shipFiles(
  shipper: Shipper,
  files: readonly string[],
  folder: string,
  { once = false, service }: ShipFlags,
  signal: AbortSignal,
): Promise<void> {
  const paths = [...new Set(files.map((file) => resolve(file)))];
  for (const path of paths) await requireFile(path, once);
  const followed = await Promise.all(
    paths.map(async (path) => new FollowedPath(path, await Offsets.open(folder, path))),
  );
  try {
    while (!signal.aborted) {
      let isIdle = true;
      for (const file of followed) {
        const batch = await file.next(once);
        if (batch === undefined) continue;
        await shipper.ship(batch.lines, batch.source, service ?? serviceOf(file.path));
        await batch.done();
        isIdle = false;
      }
      if (isIdle && once) return;
      if (isIdle) await sleep(LOOK_MS, undefined, { signal });
    }
  } finally {
    for (const file of followed) await file.close();
  }
}

/** A file that is not there yet is waited for, where files are followed. */
async function requireFile(path: string, once: boolean): Promise<void> {
  const about = await stat(path).catch(() => undefined);
  if (about === undefined && once) throw new UsageError(`${path} is not there`);
  if (about === undefined) note(`waiting for ${path}`);
  else if (!about.isFile()) throw new UsageError(`${path} is no file`);
}

/** `trainer` of /var/log/trainer.log. */
function serviceOf(path: string): string {
  return basename(path).replace(/(?<=.)\.[^.]*$/, '');
}
