import { execFile } from 'node:child_process';
import { access, constants, readdir, readlink } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';

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
  const { code, stdout } = await run(program, ['-L'], signal);
  signal.throwIfAborted();
  // It is there and has no driver to ask: no GPU.
  return code === 0 ? stdout.split('\n').filter((line) => /^GPU \d+:/.test(line)).length : 0;
}

interface Outcome {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: string;
}

/**
 * Settles when the program is gone, which a driver that hangs may put off: as long as one hangs
 * there is no other. Who asked has a time limit of its own.
 */
function run(program: string, args: readonly string[], signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: SMI_BYTES_MAX };
    const child = execFile(program, args, options, (error, stdout) => {
      signal.removeEventListener('abort', kill);
      const code = error === null ? 0 : error.code;
      if (typeof code === 'string') reject(error);
      else resolve({ code: code ?? undefined, stdout });
    });
    const kill = (): void => {
      child.kill('SIGKILL');
      // A program that can't be killed does not keep this one from ending.
      child.unref();
    };
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
  });
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
