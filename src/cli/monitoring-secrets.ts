import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { printResult } from './print-result.ts';

const TOKEN_BYTES = 24;

interface StackSecret {
  readonly name: string;
  /** Undefined for what can be made up. */
  readonly placeholder?: string;
  readonly what: string;
}

/** The files of `secrets` in docker-compose.yml. */
export const STACK_SECRETS: readonly StackSecret[] = [
  { name: 'spikescope_token', what: 'the token of the live page, /metrics and the API' },
  { name: 'alert_webhook_token', what: 'the token that Alertmanager sends to Spikescope' },
  { name: 'grafana_admin_password', what: 'the password of the user admin of Grafana' },
  {
    name: 'slack_webhook_url',
    placeholder: 'https://slack.example.org/replace-me',
    what: 'the address of an incoming webhook of Slack',
  },
  {
    name: 'smtp_password',
    placeholder: 'replace-me',
    what: 'the password of the SMTP server, where alertmanager.email.username is set',
  },
];

export function secretsCommand(): Command {
  return new Command('secrets')
    .description('make the files of secrets that docker-compose.yml names; none is written over')
    .option('--out <folder>', 'where to', 'secrets')
    .action(makeSecrets);
}

/** Only the folder keeps others out: in containers the files are read by who is not their owner. */
async function makeSecrets({ out }: { readonly out: string }): Promise<void> {
  await mkdir(out, { recursive: true });
  await chmod(out, 0o700);
  const lines: string[] = [];
  for (const { name, placeholder, what } of STACK_SECRETS) {
    const path = join(out, name);
    if (existsSync(path)) continue;
    const text = placeholder ?? randomBytes(TOKEN_BYTES).toString('base64url');
    await writeFile(path, text, { flag: 'wx', mode: 0o644 });
    await chmod(path, 0o644);
    lines.push(`${path}: ${what}${placeholder === undefined ? '' : '; yours to fill in'}\n`);
  }
  await printResult(lines.join(''));
}
