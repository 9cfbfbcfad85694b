import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceBinary } from '../../scripts/services/service-binary.ts';
import { freePorts } from './free-ports.ts';
import { type OtlpTraces, type ReceivedSpan, type SpanNode, spansOf, treeOf } from './otlp-json.ts';
import { until } from './until.ts';

const UP_MS_MAX = 120_000;
const STARTS_MAX = 5;

/**
 * A real OpenTelemetry Collector on loopback. What it received over OTLP it passes on as JSON to a
 * plain HTTP server in the test, so that a test reads what a receiver understood of what was sent.
 */
export class OtelCollector {
  /** Every span so far, in order of arrival. */
  readonly spans: ReceivedSpan[] = [];
  private readonly folder: string;
  private readonly drain: Server;
  private port = 0;
  private child: ChildProcess | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.drain = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        this.spans.push(...spansOf(JSON.parse(text) as OtlpTraces));
        response.setHeader('Content-Type', 'application/json').end('{}');
      });
    });
  }

  /** What OTEL_EXPORTER_OTLP_ENDPOINT is to be. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts the program, also again after `kill`, on the same port then. */
  async start(): Promise<void> {
    if (!this.drain.listening) await once(this.drain.listen(0, '127.0.0.1'), 'listening');
    const isPortGiven = this.port !== 0;
    for (let attempt = 1; ; attempt++) {
      if (!isPortGiven) [this.port = 0] = await freePorts(1);
      if (await this.comesUp()) return;
      await this.kill();
      // Somebody else may have taken the port meanwhile.
      if (isPortGiven || attempt === STARTS_MAX) {
        throw new Error(`the collector did not start: ${await this.log()}`);
      }
    }
  }

  /** Ends the program without a chance to say goodbye; what it received is kept here. */
  async kill(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Freezes or thaws it: its sockets stay open and nothing answers. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child?.kill(signal);
  }

  async stop(): Promise<void> {
    await this.kill();
    this.drain.closeAllConnections();
    await new Promise((resolve) => this.drain.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Waits until there are spans of which this holds; fails with what came when there never are. */
  async until(what: string, holds: (spans: readonly ReceivedSpan[]) => boolean): Promise<void> {
    const shown = () => this.spans.slice(0, 20).map(({ name, attributes }) => [name, attributes]);
    await until(what, () => holds(this.spans), shown);
  }

  /** The spans of a trace as a tree: those without a parent in it are the roots. */
  tree(traceId: string): SpanNode[] {
    return treeOf(this.spans.filter((span) => span.traceId === traceId));
  }

  log(): Promise<string> {
    return readFile(join(this.folder, 'collector.log'), 'utf8').catch(() => '(no log)');
  }

  private async comesUp(): Promise<boolean> {
    const config = join(this.folder, 'config.yaml');
    await writeFile(config, configText(this.port, (this.drain.address() as AddressInfo).port));
    const child = spawn(serviceBinary('otel-collector'), ['--config', `file:${config}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    child.stderr.pipe(createWriteStream(join(this.folder, 'collector.log'), { flags: 'a' }));
    const deadlineMs = performance.now() + UP_MS_MAX;
    while (performance.now() < deadlineMs && child.exitCode === null) {
      // An empty request is a valid one.
      const headers = { 'Content-Type': 'application/x-protobuf' };
      const request = { method: 'POST', headers, body: new Uint8Array(0) };
      const answer = await fetch(`${this.endpoint}/v1/traces`, request).catch(() => undefined);
      if (answer?.ok) return true;
      await sleep(20);
    }
    return false;
  }
}

/** Starts a collector that takes spans when this resolves. */
export async function startOtelCollector(): Promise<OtelCollector> {
  const folder = await mkdtemp(join(tmpdir(), 'spikescope-otel-'));
  const collector = new OtelCollector(folder);
  try {
    await collector.start();
    return collector;
  } catch (error) {
    await collector.stop();
    throw error;
  }
}

/** Nothing waits in it: what it has answered for is in the test. */
function configText(port: number, drainPort: number): string {
  return `receivers:
  otlp:
    protocols:
      http: { endpoint: "127.0.0.1:${port}" }
exporters:
  otlp_http:
    endpoint: "http://127.0.0.1:${drainPort}"
    encoding: json
    compression: none
    sending_queue: { enabled: false }
    retry_on_failure: { enabled: false }
    tls: { insecure: true }
service:
  telemetry: { metrics: { level: none }, logs: { level: warn } }
  pipelines:
    traces: { receivers: [otlp], exporters: [otlp_http] }
`;
}
