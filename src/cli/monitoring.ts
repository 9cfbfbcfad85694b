import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { generateMonitoring } from '../monitoring/generate.ts';
import { monitoringSettings } from '../monitoring/settings.ts';
import { ConfigError } from './config/config-error.ts';
import { readSettings } from './config/load.ts';
import { checkSettings } from './config/settings.ts';
import { loadPipelines } from './load-pipelines.ts';
import { secretsCommand } from './monitoring-secrets.ts';
import { packageFolder } from './package-folder.ts';
import { printResult } from './print-result.ts';

interface GenerateFlags {
  readonly values?: string;
  readonly out: string;
  readonly force?: boolean;
}

/** These are the same for everybody: they are copied as they are in the package. */
const DASHBOARDS = 'grafana/dashboards';

export function monitoringCommand(): Command {
  const generate = new Command('generate')
    .description(
      'write alert rules, runbooks, Alertmanager, Prometheus, Grafana and tracing configuration',
    )
    .option(
      '--values <file>',
      'YAML file of addresses, thresholds and names; see docs/monitoring.md',
    )
    .option('--out <folder>', 'where to', 'monitoring')
    .option('--force', 'write over files that are there')
    .action(generateFiles);
  return new Command('monitoring')
    .description('what watches the service: rules, routes, dashboards')
    .addCommand(generate.exitOverride())
    .addCommand(secretsCommand().exitOverride());
}

async function generateFiles({ values, out, force }: GenerateFlags): Promise<void> {
  const given = values === undefined ? {} : readSettings(values);
  const settings = checkSettings(monitoringSettings, given, values ?? 'values');
  const { files, runbooks } = generateMonitoring(settings, await loadPipelines());
  const written = [
    ...files,
    ...runbooks.map(({ path, text }) => ({ path: `runbooks/${path}`, text })),
    ...(await dashboards()),
  ].map(({ path, text }) => ({ path: join(out, path), text }));
  const there = written.filter(({ path }) => existsSync(path));
  if (there.length > 0 && force !== true) {
    const [first] = there.map(({ path }) => path);
    throw new ConfigError(
      `${first} and ${there.length - 1} more are there: give --force to write over them`,
    );
  }
  for (const { path, text } of written) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  await printResult(written.map(({ path }) => `${path}\n`).join(''));
}

async function dashboards(): Promise<{ path: string; text: string }[]> {
  const folder = join(packageFolder(), 'monitoring', DASHBOARDS);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return await Promise.all(
    names.map(async (name) => ({
      path: `${DASHBOARDS}/${name}`,
      text: await readFile(join(folder, name), 'utf8'),
    })),
  );
}
