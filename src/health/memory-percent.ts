import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { cgroupsOf, readNumber, readNumberOf, readText } from './cgroup.ts';

/**
 * Memory in use, %: of the machine, or of the control group that is closest to its limit. What the
 * kernel can take back at once (its cache of files) is not in use.
 */
export async function memoryPercent(root = '/'): Promise<number> {
  const { totalBytes, usedBytes } = await machineMemory(root);
  const { version, folders } = await cgroupsOf(root, 'memory');
  const names = version === 1 ? FIRST : SECOND;
  let percent = (usedBytes / totalBytes) * 100;
  for (const folder of folders) {
    const limit = await readNumber(join(folder, names.limit));
    if (limit === undefined || limit === 0 || limit > totalBytes) continue;
    const used = await readNumber(join(folder, names.used));
    const cache = await readNumberOf(join(folder, 'memory.stat'), names.cache);
    if (used === undefined) continue;
    percent = Math.max(percent, (Math.max(0, used - (cache ?? 0)) / limit) * 100);
  }
  return Math.min(percent, 100);
}

const FIRST = {
  limit: 'memory.limit_in_bytes',
  used: 'memory.usage_in_bytes',
  cache: 'total_inactive_file',
};
const SECOND = { limit: 'memory.max', used: 'memory.current', cache: 'inactive_file' };

async function machineMemory(root: string): Promise<{ totalBytes: number; usedBytes: number }> {
  const text = (await readText(join(root, 'proc/meminfo'))) ?? '';
  const bytesOf = (name: string): number => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return Number(found) * 1024;
  };
  const totalBytes = bytesOf('MemTotal');
  const usedBytes = totalBytes - bytesOf('MemAvailable');
  if (usedBytes >= 0) return { totalBytes, usedBytes };
  return { totalBytes: totalmem(), usedBytes: totalmem() - freemem() };
}
