import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { servicePath } from '../../scripts/services/install.ts';
import { type Consumer, cpuOf, lineWith, peakOf, rssOf } from '../parts/consumer.ts';
import type { Peer, PeerTask } from './peer.ts';

const START_MS_MAX = 20_000;
const POLL_MS = 50;

/** Starts a peer; it has its metrics served when this is done, and may not yet listen to NATS. */
export async function startPeer(
  peer: Peer,
  task: PeerTask,
  eventsPerMessage: number,
): Promise<Consumer> {
  const folder = mkdtempSync(join(tmpdir(), 'spikescope-peer-'));
  const port = await freePort();
  const { args, env, files = {} } = peer.command(task, port, folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const program = peer.service === undefined ? process.execPath : servicePath(peer.service);
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', peer.printsAddress ? 'pipe' : 'inherit', 'inherit'],
  });
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  try {
    const url = peer.printsAddress
      ? await lineWith(child, /serving on (http:\/\/127\.0\.0\.1:\d+)/)
      : `http://127.0.0.1:${port}`;
    const text = async () => await (await fetch(`${url}${peer.metricsPath}`)).text();
    await answering(child, text, peer.name);
    return {
      frames: async () => sumOfLines(await text(), peer.series) / eventsPerMessage,
      cpuS: () => cpuOf(child.pid as number),
      rssMb: () => rssOf(child.pid as number),
      peakMb: () => peakOf(child.pid as number),
      text,
      stop: () => ended(child),
    };
  } catch (error) {
    await ended(child);
    throw error;
  }
}

/** Sum of the values of an exposition's lines that match. */
export function sumOfLines(exposition: string, series: RegExp): number {
  let sum = 0;
  for (const line of exposition.split('\n')) {
    if (!series.test(line)) continue;
    // Behind the labels, for there may be a time behind the value.
    sum += Number(
      line
        .slice(line.lastIndexOf('}') + 1)
        .trim()
        .split(' ')[0],
    );
  }
  return sum;
}

async function answering(child: ChildProcess, ask: () => Promise<string>, name: string) {
  const deadlineMs = performance.now() + START_MS_MAX;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
      if (performance.now() > deadlineMs) {
        throw new Error(`${name} does not serve its metrics`, { cause: error });
      }
      await sleep(POLL_MS);
    }
  }
}

/** At once: what it has under way is of no interest, and some wait for it long. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
