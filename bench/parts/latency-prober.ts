/**
 * Publishes frames of one spike and looks when each is visible: on /metrics, in the page's raster,
 * and, by window, in the page's rates. A process of its own, so that who loads the service does not
 * delay it. Prints what each took, ms, as JSON.
 * Usage: node latency-prober.ts SERVICE_URL NATS_PORT SECONDS
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FrameEncoder } from '../../src/frames/encode.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { openPublisher, send } from './blast.ts';

/** Not a divisor of any interval that the service may have. */
const SPAN_MS = 47;
const LAYER = 'probe';
const WINDOW_MS = 1000;
/** By default, of rates: a window is open so much longer, in event time. */
const LATENESS_MS = 200;
const SCRAPE_PAUSE_MS = 5;
/** What comes at the end is waited for. */
const AFTER_MS = 2000;

const [url = '', natsPort = '', seconds = ''] = process.argv.slice(2);
const series = new RegExp(`^neural_spikes_total\\{.*layer="${LAYER}".*\\} (\\d+)`, 'm');
/** Spikes of an earlier prober: the page shows so many parts, and this one is to be among them. */
const before = await spikesOnMetrics();
const publishedAtMs: number[] = [];
const seen = { metrics: [] as number[], raster: [] as number[], rates: [] as number[] };
let isOver = false;

/** When the frame went out that let a window close, by the window's end. */
const closedAtMs = new Map<number, number>();

async function publish(): Promise<void> {
  const socket = await openPublisher(Number(natsPort));
  const encoder = new FrameEncoder();
  const beganMs = Date.now();
  let windowEndMs = (Math.floor(beganMs / WINDOW_MS) + 1) * WINDOW_MS;
  for (let i = 0; ; i++) {
    const endMs = beganMs + (i + 1) * SPAN_MS;
    if (endMs > beganMs + Number(seconds) * 1000) break;
    await sleep(Math.max(0, endMs - Date.now()));
    const frame = frameAt(beganMs + i * SPAN_MS, i);
    const payload = encoder.encode(frame);
    const head = Buffer.from(`PUB ${formatSubject('spikeformer', frame)} ${payload.length}\r\n`);
    publishedAtMs.push(performance.now());
    if (endMs >= windowEndMs + LATENESS_MS) {
      // The first window is covered in part only, and gives no rate.
      if (windowEndMs - WINDOW_MS >= beganMs) closedAtMs.set(windowEndMs, performance.now());
      windowEndMs += WINDOW_MS;
    }
    await send(socket, Buffer.concat([head, payload, Buffer.from('\r\n')]));
  }
  await sleep(AFTER_MS);
  isOver = true;
  socket.destroy();
}

function frameAt(t0Ms: number, seq: number): SpikesFrame {
  return {
    kind: 'spikes',
    deviceType: 'cpu',
    chipId: LAYER,
    t0Us: t0Ms * 1000,
    spanUs: SPAN_MS * 1000,
    seq,
    runId: undefined,
    emitter: `prober-${process.pid}`,
    arrivedUs: Number.NaN,
    restarts: 0,
    layerName: LAYER,
    neuronType: 'lif',
    neuronCount: 16,
    neuronId: Uint32Array.of(seq % 16),
    dtUs: Uint32Array.of(0),
    timestep0: undefined,
    timestepUs: undefined,
    neuronOffset: 0,
  };
}

/** All spikes up to a number are visible now: those that were not before took so long. */
function sawSpikes(list: number[], count: number): void {
  const nowMs = performance.now();
  while (list.length < count - before) list.push(nowMs - (publishedAtMs[list.length] as number));
}

async function spikesOnMetrics(): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(series.exec(text)?.[1] ?? 0);
}

async function watchMetrics(): Promise<void> {
  while (!isOver) {
    sawSpikes(seen.metrics, await spikesOnMetrics());
    await sleep(SCRAPE_PAUSE_MS);
  }
}

interface RasterEvent {
  readonly parts: readonly { readonly layer_name: string; readonly received: number }[];
}

interface RatesEvent {
  readonly layers: readonly {
    readonly layer_name: string;
    readonly windows: { readonly t_us: readonly number[] };
  }[];
}

async function watchPage(): Promise<void> {
  const answer = await fetch(`${url}/api/live?topics=raster,rates&seconds=1`);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of answer.body as ReadableStream<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true });
    const events = rest.split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) readEvent(event);
    if (isOver) break;
  }
}

function readEvent(event: string): void {
  const [, topic, data] = /^event: (\w+)\ndata: (.*)$/s.exec(event) ?? [];
  if (data === undefined) return;
  if (topic === 'raster') {
    const { parts } = JSON.parse(data) as RasterEvent;
    const part = parts.find(({ layer_name }) => layer_name === LAYER);
    if (part !== undefined) sawSpikes(seen.raster, part.received);
  }
  if (topic !== 'rates') return;
  const { layers } = JSON.parse(data) as RatesEvent;
  const layer = layers.find(({ layer_name }) => layer_name === LAYER);
  for (const t0Us of layer?.windows.t_us ?? []) {
    const atMs = closedAtMs.get(t0Us / 1000 + WINDOW_MS);
    if (atMs === undefined) continue;
    closedAtMs.delete(t0Us / 1000 + WINDOW_MS);
    seen.rates.push(performance.now() - atMs);
  }
}

await Promise.all([publish(), watchMetrics(), watchPage()]);
process.stdout.write(`${JSON.stringify({ published: publishedAtMs.length, ...seen })}\n`);
