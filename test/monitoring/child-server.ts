import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const UP_MS_MAX = 120_000;

/** A server of another project, in a process of its own, on a loopback port. */
export class ChildServer {
  readonly url: string;
  private readonly child: ChildProcess;
  private printed = '';

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.child = child;
    for (const pipe of [child.stdout, child.stderr]) {
      pipe?.setEncoding('utf8').on('data', (text: string) => {
        this.printed = (this.printed + text).slice(-8000);
      });
    }
  }

  /** Starts it and waits until `path` answers with 200. */
  static async start(
    program: string,
    args: readonly string[],
    url: string,
    path: string,
  ): Promise<ChildServer> {
    const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const server = new ChildServer(url, child);
    const deadlineMs = performance.now() + UP_MS_MAX;
    while (performance.now() < deadlineMs && child.exitCode === null) {
      const answer = await fetch(url + path).catch(() => undefined);
      await answer?.arrayBuffer();
      if (answer?.status === 200) return server;
      await sleep(50);
    }
    await server.stop();
    throw new Error(`${program} did not start: ${server.printed}`);
  }

  log(): string {
    return this.printed;
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const hung = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(hung);
  }
}
