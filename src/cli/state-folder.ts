import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config } from './config/schema.ts';

/** Where what outlives a restart is kept: checkpoints, the embedded store, offsets of files. */
export function stateFolder(config: Pick<Config, 'state'>): string {
  if (config.state !== undefined) return resolve(config.state);
  const home = process.env['XDG_STATE_HOME'];
  // The specification wants a relative one ignored.
  const base = home?.startsWith('/') === true ? home : join(homedir(), '.local/state');
  return join(base, 'spikescope');
}
