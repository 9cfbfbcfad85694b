/**
 * Asks a service for its health, one request after the other, as a process of its own: the one that
 * publishes has no time to look at a clock. A line on stdin ends it; it prints what each request
 * took, ms, by path, as JSON.
 * Usage: node health-prober.ts URL PATH…
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 2;

const [url = '', ...paths] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const tookMs: Record<string, number[]> = Object.fromEntries(paths.map((path) => [path, []]));
let isOver = false;
process.stdin.once('data', () => {
  isOver = true;
});

function ask(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { agent }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${path} answers ${answer.statusCode}`));
      answer.resume().on('end', resolve);
    });
    asked.on('error', reject).end();
  });
}

while (!isOver) {
  for (const path of paths) {
    const startedMs = performance.now();
    await ask(path);
    tookMs[path]?.push(performance.now() - startedMs);
    await sleep(PAUSE_MS);
  }
}
agent.destroy();
process.stdout.write(`${JSON.stringify(tookMs)}\n`, () => process.exit(0));
