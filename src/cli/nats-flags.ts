import type { Command } from 'commander';
import { NatsLink } from '../sources/nats-link.ts';
import { loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import type { Settings } from './config/settings.ts';
import { loadPipelines } from './load-pipelines.ts';
import { note } from './progress.ts';

/** Flags of the commands that only need NATS: the rest is in file and environment, as for `run`. */
export interface NatsFlags {
  readonly config?: string;
  readonly nats?: string;
  readonly prefix?: string;
}

/** What `--nats` takes, for the help of every command that has it. */
export const NATS_FLAG = 'NATS server, or several of one cluster with commas between';

/** The section `nats` as the flag says it: nothing where it was not given. */
export function natsSettings(flag: string | undefined): Settings {
  if (flag === undefined) return {};
  const servers = flag.split(',').map((each) => each.trim());
  return { servers: servers.length === 1 ? (servers[0] as string) : servers };
}

export function addNatsFlags(command: Command): Command {
  return command
    .option('--nats <url>', NATS_FLAG)
    .option('--prefix <prefix>', 'first tokens of every subject')
    .option('--config <file>', 'YAML file with settings, such as how to log in to NATS');
}

/** The configuration as `run` reads it, with these flags over it. */
export async function natsConfig(flags: NatsFlags): Promise<Config> {
  return loadConfig(await loadPipelines(), flags.config, process.env, {
    prefix: flags.prefix,
    nats: natsSettings(flags.nats),
  });
}

/** A connection that says on stderr what happens to it. */
export function notedLink(config: Config): NatsLink {
  return new NatsLink(config.nats, {
    waiting: (server, reason) => note(`waiting for NATS at ${server}: ${reason}`),
    connected: () => {},
    disconnected: (server, reason) => note(`lost NATS at ${server}: ${reason}`),
    reconnected: (server) => note(`connected to NATS at ${server} again`),
    refused: (text) => note(`NATS refuses: ${text}`),
  });
}
