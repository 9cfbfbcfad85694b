import { execFile } from 'node:child_process';
import { access, constants, readdir, readlink } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Drivers whose cards can compute; a display's own is none. */
const DRIVERS: ReadonlySet<string> = new Set(['nvidia', 'amdgpu']);
const SMI = 'nvidia-smi';
const SMI_BYTES_MAX = 1024 * 1024;

/**
 * GPUs that can compute. The driver's files are looked at first; `nvidia-smi`, which takes a
 * second, is asked only where it is there and they are not. `root` is `/`, but in tests.
 */
export async function gpuCount(
  signal: AbortSignal,
  root = '/',
  path = process.env['PATH'] ?? '',
): Promise<number> {
  const byDriver = (await namesIn(join(root, 'proc/driver/nvidia/gpus'))).length;
  const devices = await namesIn(join(root, 'dev'));
  const byDevice = devices.filter((name) => /^nvidia\d+$/.test(name)).length;
  const nvidia = byDriver || byDevice || (await bySmi(signal, path));
  return Math.max(nvidia, await byCard(root));
}

async function byCard(root: string): Promise<number> {
  const folder = join(root, 'sys/class/drm');
  const cards = (await namesIn(folder)).filter((name) => /^card\d+$/.test(name));
  const drivers = await Promise.all(
    cards.map(async (card) => {
      try {
        return basename(await readlink(join(folder, card, 'device/driver')));
      } catch {
        return '';
      }
    }),
  );
  return drivers.filter((driver) => DRIVERS.has(driver)).length;
}

async function bySmi(signal: AbortSignal, path: string): Promise<number> {
  const program = await programNamed(SMI, path);
  if (program === undefined) return 0;
  try {
    const options = { signal, maxBuffer: SMI_BYTES_MAX };
    const { stdout } = await promisify(execFile)(program, ['-L'], options);
    return stdout.split('\n').filter((line) => /^GPU \d+:/.test(line)).length;
  } catch (error) {
    signal.throwIfAborted();
    // It is there and has no driver to ask: no GPU. Anything else is worth hearing of.
    if (typeof (error as { code?: unknown }).code === 'number') return 0;
    throw error;
  }
}

async function programNamed(name: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    try {
      await access(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this one.
    }
  }
  return undefined;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
