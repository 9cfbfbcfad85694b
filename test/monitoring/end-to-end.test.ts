import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ToldAlert } from '../../src/sinks/alerts/alert-publisher.ts';
import { freePorts } from '../integration/free-ports.ts';
import { connectEmitter } from '../integration/nats-reader.ts';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { type RunningService, startGuarded } from './guarded-service.ts';
import { Mailbox } from './mailbox.ts';
import { type SlackMessage, SlackWebhook } from './slack.ts';
import { SECRETS, type Stack, startStack } from './stack.ts';

/** Simulated chip → NATS → Spikescope → Prometheus → Alertmanager → mail, Slack and NATS. */
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');
/** Scrapes each second, HardwareDisconnected after four. */
const TIME_SCALE = 1 / 15;
const [ONCALL, HARDWARE] = ['oncall@example.org', 'hardware@example.org'];

let folder = '';
let nats: NatsServer;
let connection: NatsConnection;
let service: RunningService;
let startSpikescope: () => Promise<RunningService>;
let stack: Stack;
let mailbox: Mailbox;
let slack: SlackWebhook;
const simulators: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spikescope-end-to-end-'));
  [nats, mailbox, slack] = await Promise.all([
    startNatsServer({ jetStream: true }),
    Mailbox.start(),
    SlackWebhook.start(),
  ]);
  connection = await connectEmitter(nats.url);
  const [httpPort, alertmanagerPort] = (await freePorts(2)) as [number, number];
  const token = join(folder, 'webhook_token');
  await writeFile(token, SECRETS.alert_webhook_token);
  const config = join(folder, 'spikescope.yml');
  await writeFile(
    config,
    JSON.stringify({
      // Chips of the simulator answer no ping: they are known by what they send.
      health: { silence: '3s' },
      alerts: {
        alertmanager: { url: `http://127.0.0.1:${alertmanagerPort}`, keep_alive: '5s' },
        webhook_token_file: token,
      },
    }),
  );
  startSpikescope = () => startGuarded(folder, ['--config', config, '--nats', nats.url], httpPort);
  service = await startSpikescope();
  const values = {
    timeScale: TIME_SCALE,
    spikescopeUrl: service.url,
    smtpPort: mailbox.port,
    slackUrl: slack.url,
  };
  stack = await startStack(folder, values, alertmanagerPort);
});

afterAll(async () => {
  for (const simulator of simulators) simulator.kill('SIGKILL');
  await stack?.stop();
  await service?.stop();
  await connection?.close();
  await Promise.all([nats?.stop(), mailbox?.close(), slack?.close()]);
  await rm(folder, { recursive: true, force: true });
});

function simulate(...args: string[]): ChildProcess {
  const all = [MAIN, 'simulate', '--nats', nats.url, ...args];
  const simulator = spawn(process.execPath, all, { stdio: 'ignore' });
  simulators.push(simulator);
  return simulator;
}

/** When Alertmanager last heard of an incident. */
async function toldMs(): Promise<number> {
  const filter = new URLSearchParams({ filter: 'alertname="SpikescopeAnomaly"' });
  const answer = await fetch(`${stack.alertmanager.url}/api/v2/alerts?${filter}`);
  const alerts = (await answer.json()) as { readonly updatedAt: string }[];
  return Math.max(0, ...alerts.map(({ updatedAt }) => Date.parse(updatedAt)));
}

/** The alerts that the derived stream has, oldest first. */
async function kept(): Promise<(ToldAlert & { readonly subject: string })[]> {
  const manager = await jetstreamManager(connection);
  const alerts: (ToldAlert & { readonly subject: string })[] = [];
  for (let seq = 1; ; seq++) {
    const next = { seq, next_by_subj: 'spikeformer.alert.>' };
    const message = await manager.streams.getMessage('SPIKEFORMER_DERIVED', next);
    if (message === null) return alerts;
    alerts.push({ ...message.json<ToldAlert>(), subject: message.subject });
    seq = message.seq;
  }
}

async function isKept(status: string, alertname: string, chip: string): Promise<boolean> {
  const subject = `spikeformer.alert.${status}.${alertname}`;
  return (await kept()).some((each) => each.subject === subject && each.labels['chip_id'] === chip);
}

function shown(): unknown {
  return {
    mails: mailbox.mails.map(({ to, subject }) => ({ to, subject })),
    slack: slack.messages.map((each) => each.attachments.map(({ title }) => title)),
    log: service.log().slice(-1500),
    alertmanager: stack.alertmanager.log().slice(-1500),
  };
}

/** A message of an anomaly that is the only one of its chip. */
function isOfOne(attachment: SlackMessage['attachments'][0] | undefined, text: string): boolean {
  const { title, text: told } = attachment ?? { title: '', text: '' };
  return /^\[(FIRING:1|RESOLVED)\] SpikescopeAnomaly/.test(title) && told.includes(text);
}

it('tells of a chip that is disconnected, and of its return', async () => {
  const first = simulate('--for', '10m');
  await until('the chips are there', async () =>
    (await service.metricsText()).includes(
      'chip_health_status{device_type="loihi2",chip_id="1"} 1',
    ),
  );
  first.kill('SIGKILL');
  const [title, text] = [
    '[FIRING:1] HardwareDisconnected loihi2/1',
    'Chip loihi2/1 is disconnected',
  ];
  await until('on call is told', () => mailbox.has(ONCALL, title, text), shown);
  await until('the hardware team is told', () => mailbox.has(HARDWARE, title, text), shown);
  await until('Slack is told', () => slack.has(title, text), shown);
  const firing = () => isKept('firing', 'HardwareDisconnected', '1');
  await until('the stream has it', firing, shown);
  const told = slack.messages.find((each) => each.attachments[0]?.title.includes(title));
  expect(told?.channel).toBe('#spikescope');
  expect(told?.attachments[0]?.title_link).toMatch(/\/d\/neuromorphic-hardware$/);
  const about = mailbox.mails.filter((mail) => mail.subject.includes('HardwareDisconnected'));
  expect(new Set(about.flatMap(({ to }) => to))).toEqual(new Set([ONCALL, HARDWARE]));

  simulate('--for', '10m', '--seed', '2');
  const over = '[RESOLVED] HardwareDisconnected loihi2/1';
  await until('on call is told that it is over', () => mailbox.has(ONCALL, over, text), shown);
  await until('the hardware team too', () => mailbox.has(HARDWARE, over, text), shown);
  await until('Slack too', () => slack.has(over, text), shown);
  const resolved = () => isKept('resolved', 'HardwareDisconnected', '1');
  await until('the stream too', resolved, shown);
});

it('sends the watchdog to NATS and to nobody', async () => {
  const subject = 'spikeformer.alert.firing.Watchdog';
  const hasCome = async () => (await kept()).some((each) => each.subject === subject);
  await until('the watchdog has come', hasCome, shown);
  expect(mailbox.mails.some((mail) => mail.subject.includes('Watchdog'))).toBe(false);
});

it('tells of a dead layer, through the API of Alertmanager, and that it is back', async () => {
  for (const simulator of simulators) simulator.kill('SIGKILL');
  // Attention is silent from 0.6 of the time on, to the end: all below has its time until then.
  const dead = simulate('--scenario', 'dead-layer', '--for', '60s', '--seed', '3');
  const [title, over] = ['[FIRING:1]', '[RESOLVED]'].map(
    (status) => `${status} SpikescopeAnomaly loihi2/0`,
  ) as [string, string];
  const text = 'layer attention of loihi2/0: no spikes';
  await until('on call is told', () => mailbox.has(ONCALL, title, text), shown);
  await until('the hardware team is told', () => mailbox.has(HARDWARE, title, text), shown);
  await until('Slack is told', () => slack.has(title, text), shown);
  const isLayer = async (status: string) =>
    (await kept()).some(
      ({ subject, labels }) =>
        subject === `spikeformer.alert.${status}.SpikescopeAnomaly` &&
        labels['layer_name'] === 'attention' &&
        labels['detector'] === 'silence' &&
        labels['severity'] === 'critical',
    );
  await until('the stream has it', () => isLayer('firing'), shown);
  const told = slack.messages.find(({ attachments }) => attachments[0]?.text.includes(text));
  expect(told?.attachments[0]?.text).toContain('Runbook: docs/runbooks/SpikescopeAnomaly.md');

  // A process that dies, and one that derives again what it had told: nobody hears of it twice.
  const messages = () => slack.messages.filter(({ attachments: [only] }) => isOfOne(only, text));
  const before = messages().length;
  const gone = once(service.child, 'exit');
  service.child.kill('SIGKILL');
  await gone;
  service = await startSpikescope();
  const restartedMs = Date.now();
  await until('the incident is kept alive', async () => (await toldMs()) > restartedMs, shown);
  expect(messages().slice(before)).toEqual([]);

  dead.kill('SIGKILL');
  simulate('--for', '10m', '--seed', '4');
  await until('on call is told that it is over', () => mailbox.has(ONCALL, over, text), shown);
  await until('the hardware team too', () => mailbox.has(HARDWARE, over, text), shown);
  await until('Slack too', () => slack.has(over, text), shown);
  await until('the stream too', () => isLayer('resolved'), shown);
});
