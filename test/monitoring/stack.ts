import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serviceBinary } from '../../scripts/services/service-binary.ts';
import { runProgram } from '../cli/program.ts';
import { freePorts } from '../integration/free-ports.ts';
import { ChildServer } from './child-server.ts';

export const SECRETS = {
  spikescope_token: 'token-of-metrics-0123456789',
  alert_webhook_token: 'token-of-alerts-0123456789',
} as const;

export interface StackValues {
  /** Of every time: 1/15 scrapes each second. */
  readonly timeScale: number;
  readonly spikescopeUrl: string;
  readonly smtpPort: number;
  readonly slackUrl: string;
}

/** Prometheus, Alertmanager and node_exporter, started with what `monitoring generate` writes. */
export interface Stack {
  readonly prometheus: ChildServer;
  readonly alertmanager: ChildServer;
  readonly folder: string;
  stop(): Promise<void>;
}

/** The ports are taken beforehand, as Spikescope needs that of Alertmanager. */
export async function startStack(
  folder: string,
  values: StackValues,
  alertmanagerPort: number,
): Promise<Stack> {
  const [prometheusPort, nodePort] = (await freePorts(2)) as [number, number];
  const local = (port: number) => `127.0.0.1:${port}`;
  const secrets = join(folder, 'secrets');
  await mkdir(secrets);
  const files = { ...SECRETS, slack_webhook_url: values.slackUrl };
  for (const [name, text] of Object.entries(files)) await writeFile(join(secrets, name), text);
  const settings = {
    time_scale: values.timeScale,
    secrets,
    prometheus: {
      spikescope: [new URL(values.spikescopeUrl).host],
      alertmanager: [local(alertmanagerPort)],
      node: [local(nodePort)],
      self: [local(prometheusPort)],
    },
    alertmanager: {
      spikescope_url: values.spikescopeUrl,
      email: { smarthost: local(values.smtpPort), require_tls: false },
    },
  };
  await writeFile(join(folder, 'values.yml'), JSON.stringify(settings));
  const out = join(folder, 'monitoring');
  const flags = ['--values', join(folder, 'values.yml'), '--out', out];
  const { code, stderr } = await runProgram('monitoring', 'generate', ...flags);
  if (code !== 0) throw new Error(`monitoring generate ended with ${code}: ${stderr}`);
  const servers = await Promise.all([
    startPrometheus(out, folder, prometheusPort),
    startAlertmanager(out, folder, alertmanagerPort),
    startNodeExporter(nodePort),
  ]);
  const [prometheus, alertmanager] = servers;
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  return { prometheus, alertmanager, folder: out, stop };
}

function startPrometheus(out: string, folder: string, port: number): Promise<ChildServer> {
  const args = [
    `--config.file=${join(out, 'prometheus/prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'prometheus-data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const url = `http://127.0.0.1:${port}`;
  return ChildServer.start(serviceBinary('prometheus'), args, url, '/-/ready');
}

function startAlertmanager(out: string, folder: string, port: number): Promise<ChildServer> {
  const args = [
    `--config.file=${join(out, 'alertmanager/alertmanager.yml')}`,
    `--storage.path=${join(folder, 'alertmanager-data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--cluster.listen-address=',
  ];
  const url = `http://127.0.0.1:${port}`;
  return ChildServer.start(serviceBinary('alertmanager'), args, url, '/-/ready');
}

function startNodeExporter(port: number): Promise<ChildServer> {
  const args = [
    '--collector.disable-defaults',
    '--collector.meminfo',
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const url = `http://127.0.0.1:${port}`;
  return ChildServer.start(serviceBinary('node-exporter'), args, url, '/metrics');
}
