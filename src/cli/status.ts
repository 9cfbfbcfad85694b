import { Command } from 'commander';
import { parseAddress } from './address.ts';
import { loadConfig } from './config/load.ts';
import { loadPipelines } from './load-pipelines.ts';
import { NATS_FLAG, natsSettings } from './nats-flags.ts';
import { printResult } from './print-result.ts';
import { addStateFlags, type StateFlags } from './state-flags.ts';
import { isAnything, readStatus } from './status/status.ts';
import { statusTable } from './status/status-table.ts';

interface StatusFlags extends StateFlags {
  readonly nats?: string;
  readonly http?: string;
  readonly prefix?: string;
  readonly json?: boolean;
}

export function statusCommand(): Command {
  return addStateFlags(new Command('status'))
    .description('how the service stands: streams, lag, checkpoints, queues; also when it is down')
    .option('--nats <url>', NATS_FLAG)
    .option('--http <host:port>', 'where the service has its /metrics')
    .option('--prefix <prefix>', 'first tokens of every subject')
    .option('--json', 'print it as an object')
    .action(status);
}

/** Shows what can be read; only where that is nothing it fails. */
async function status(flags: StatusFlags): Promise<void> {
  const config = loadConfig(await loadPipelines(), flags.config, process.env, {
    state: flags.state,
    prefix: flags.prefix,
    http: flags.http === undefined ? {} : parseAddress(flags.http),
    nats: natsSettings(flags.nats),
  });
  const found = await readStatus(config);
  const isJson = flags.json === true;
  await printResult(isJson ? `${JSON.stringify(found, undefined, 2)}\n` : statusTable(found));
  if (isAnything(found)) return;
  throw new Error('nothing to be read: no NATS server, no service, and no folder of its state');
}
