import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** Where and on what figures were taken, as one sentence. */
export function machineText(): string {
  const [cpu] = cpus();
  const model = (cpu?.model ?? 'unknown').replaceAll(/\s+/g, ' ').trim();
  const gib = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} cores (${model}), ${gib} GiB, Linux ${release()}`;
  return `Commit ${commitText()}, ${day}; ${machine}, \
Node ${process.versions.node}; load when it began ${(loadavg()[0] as number).toFixed(1)}.`;
}

function commitText(): string {
  const git = (...args: string[]) => {
    return execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  };
  try {
    const isDirty = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${isDirty ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
