import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { RECEIVERS } from '../../src/monitoring/alertmanager.ts';
import { amtool, MONITORING } from './tools.ts';

const FILE = join(MONITORING, 'alertmanager/alertmanager.yml');
const { nats, nobody, critical, hardware, team } = RECEIVERS;

it('loads: amtool check-config', async () => {
  expect(await amtool('check-config', FILE)).toContain('SUCCESS');
});

it.each([
  [
    'a critical hardware alert',
    'HardwareDisconnected critical hardware',
    [nats, critical, hardware],
  ],
  ['a hardware warning', 'EmitterSilent warning hardware', [nats, hardware]],
  ['a critical alert of the service', 'SpikescopeDown critical platform', [nats, critical, team]],
  ['a warning of the service', 'QueueFull warning platform', [nats, team]],
  ['a warning about models', 'HighConversionErrorRate warning models', [nats, team]],
  ['the watchdog', 'Watchdog none platform', [nats, nobody]],
])('%s goes to its receivers: amtool config routes test', async (_what, labels, receivers) => {
  const [alertname, severity, owner] = labels.split(' ');
  const printed = await amtool(
    'config',
    'routes',
    'test',
    `--config.file=${FILE}`,
    `--verify.receivers=${receivers.join(',')}`,
    `alertname=${alertname}`,
    `severity=${severity}`,
    `team=${owner}`,
  );
  expect(printed.trim().split('\n')[0]).toBe(receivers.join(','));
});

it('has a route to every receiver, and a receiver for every route', () => {
  const config = parse(readFileSync(FILE, 'utf8')) as {
    readonly route: { readonly routes: readonly { readonly receiver: string }[] };
    readonly receivers: readonly { readonly name: string }[];
  };
  const routed = config.route.routes.map(({ receiver }) => receiver);
  expect(new Set(routed)).toEqual(new Set(config.receivers.map(({ name }) => name)));
});

it('names secrets by their files, and has none in it', () => {
  const text = readFileSync(FILE, 'utf8');
  expect(text).not.toMatch(/(password|credentials|api_url):/);
  expect(text).toMatch(/slack_api_url_file: \/run\/secrets\//);
});
