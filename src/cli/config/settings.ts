import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { nearest } from './nearest.ts';

/** Settings as they stand in a file: nested maps of plain values. */
export type Settings = { [key: string]: unknown };

function isMap(value: unknown): value is Settings {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** `over` wins, key by key; lists are replaced whole. */
export function mergeSettings(under: Settings, over: Settings): Settings {
  const merged: Settings = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = merged[key];
    merged[key] = isMap(below) && isMap(value) ? mergeSettings(below, value) : value;
  }
  return merged;
}

/** The schema inside defaults and optionals. */
function bare(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional
  ) {
    inner = inner.def.innerType;
  }
  return inner;
}

/** The fields of an object schema; undefined for a leaf. */
function shapeOf(schema: z.core.$ZodType): Record<string, z.core.$ZodType> | undefined {
  const inner = bare(schema);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

/** Every leaf of a schema as its path of keys. */
export function leavesOf(schema: z.core.$ZodType, path: readonly string[] = []): string[][] {
  const shape = shapeOf(schema);
  if (shape === undefined) return [[...path]];
  return Object.entries(shape).flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

const ENV_PREFIX = 'SPIKESCOPE_';

/** `SPIKESCOPE_HTTP_PORT` for http.port; dashes become underscores. */
export function envName(path: readonly string[]): string {
  return ENV_PREFIX + path.join('_').replaceAll('-', '_').toUpperCase();
}

/** Settings from the environment; values are read as YAML scalars or lists would be. */
export function settingsFromEnv(
  env: Readonly<Record<string, string | undefined>>,
  schema: z.core.$ZodType,
  readScalar: (text: string) => unknown,
): Settings {
  const byName = new Map(leavesOf(schema).map((path) => [envName(path), path]));
  const settings: Settings = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || text === undefined) continue;
    const path = byName.get(name);
    if (path === undefined) throw unknown(`environment variable ${name}`, name, [...byName.keys()]);
    setAt(settings, path, readScalar(text));
  }
  return settings;
}

function setAt(settings: Settings, path: readonly string[], value: unknown): void {
  let at = settings;
  for (const key of path.slice(0, -1)) {
    at[key] ??= {};
    at = at[key] as Settings;
  }
  at[path.at(-1) as string] = value;
}

function unknown(what: string, name: string, known: readonly string[]): ConfigError {
  const near = nearest(name, known);
  const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
  return new ConfigError(`unknown ${what}: ${hint}`);
}

/** Checks settings; the error names every key that is wrong, and the nearest known one. */
export function checkSettings<T>(schema: z.ZodType<T>, settings: unknown, from: string): T {
  const result = schema.safeParse(settings);
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => linesOf(issue, schema));
  throw new ConfigError(`${from}:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

function linesOf(issue: z.core.$ZodIssue, schema: z.core.$ZodType): string[] {
  const path = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return [`${path}: ${issue.message}`];
  const known = Object.keys(shapeAt(schema, issue.path) ?? {});
  return issue.keys.map((key) => {
    const where = [...issue.path, key].join('.');
    return unknown(`setting ${where}`, key, known).message;
  });
}

function shapeAt(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
): Record<string, z.core.$ZodType> | undefined {
  let at: z.core.$ZodType | undefined = schema;
  for (const key of path) {
    const inner: z.core.$ZodType | undefined = at && bare(at);
    at = inner instanceof z.ZodArray ? inner.element : inner && shapeOf(inner)?.[String(key)];
  }
  return at && shapeOf(at);
}
