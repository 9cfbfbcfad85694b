import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Random } from './chip-frames.ts';

/** The names of finished checkpoints. */
const CHECKPOINT = /checkpoint-\d+\.spkc$/;

/** The files of checkpoints in a state folder, newest first. */
export function checkpointFiles(stateFolder: string): string[] {
  if (!existsSync(stateFolder)) return [];
  return readdirSync(stateFolder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(stateFolder, name))
    .filter((path) => CHECKPOINT.test(path) && statSync(path).isFile())
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}

/**
 * Cuts the newest checkpoint off or changes some bytes of it, as a disk does that lost power; only
 * while nobody writes. Gives what was done, undefined where there is none to tear.
 */
export function tearNewest(stateFolder: string, random: Random): string | undefined {
  const [newest] = checkpointFiles(stateFolder);
  if (newest === undefined) return undefined;
  const { size } = statSync(newest);
  if (size === 0) return undefined;
  if (random() < 0.5) {
    const left = Math.floor(random() * size);
    truncateSync(newest, left);
    return `cut from ${size} to ${left} bytes`;
  }
  const bytes = readFileSync(newest);
  const changes = 1 + Math.floor(random() * 8);
  for (let i = 0; i < changes; i++) {
    const at = Math.floor(random() * size);
    bytes[at] = (bytes[at] as number) ^ (1 + Math.floor(random() * 255));
  }
  writeFileSync(newest, bytes);
  return `${changes} of ${size} bytes changed`;
}
