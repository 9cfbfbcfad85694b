import { z } from 'zod';
import { configSchema } from '../../src/cli/config/schema.ts';
import { envName } from '../../src/cli/config/settings.ts';
import type { AnyPipeline } from '../../src/component/pipeline.ts';

interface Node {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
}

/** The whole configuration as a page: every key, what it takes, its default, its variable. */
export function configurationPage(pipelines: readonly AnyPipeline[]): string {
  const schema = z.toJSONSchema(configSchema(pipelines), { io: 'input' }) as Node;
  const rows = rowsOf(schema, []);
  return `# Configuration

Printed by \`npm run docs\` from the schema that also checks it. Flags win over the environment, the
environment over the YAML file (\`run --config FILE\`), the file over the defaults. An unknown
key or variable is an error (exit code 78) that names the nearest known one.
\`run --print-config\` prints all of it as it stands, \`run --check\` checks it and opens the files
it names.

| key | takes | default | what | variable |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

function rowsOf(node: Node, path: readonly string[]): string[] {
  if (node.properties !== undefined) {
    const inner = Object.entries(node.properties);
    return inner.flatMap(([key, each]) => rowsOf(each, [...path, key]));
  }
  const cells = [
    `\`${path.join('.')}\``,
    takes(node),
    node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``,
    node.description ?? '',
    // What stands in a list has no variable of its own.
    path.some((key) => key.endsWith('[]')) ? '' : `\`${envName(path)}\``,
  ];
  const row = `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const inner = node.items?.properties;
  if (inner === undefined) return [row];
  const each = `${path.at(-1)}[]`;
  return [row, ...rowsOf({ properties: inner }, [...path.slice(0, -1), each])];
}

function takes(node: Node): string {
  if (node.anyOf !== undefined) return node.anyOf.map(takes).join(' or ');
  if (node.properties !== undefined) return `{${Object.keys(node.properties).join(', ')}}`;
  if (node.enum !== undefined) return node.enum.map((word) => `\`${word}\``).join(', ');
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.type === 'array') return `list of ${takes(node.items ?? {})}`;
  if (node.type !== 'integer' && node.type !== 'number')
    return [node.type ?? 'text'].flat().join(' or ');
  const { minimum, maximum } = node;
  return `${node.type} ${minimum ?? '…'} to ${maximum ?? '…'}`;
}
