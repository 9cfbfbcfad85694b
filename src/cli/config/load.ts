import { readFileSync } from 'node:fs';
import { parse, YAMLParseError } from 'yaml';
import type { AnyPipeline } from '../../component/pipeline.ts';
import { ConfigError } from './config-error.ts';
import { type Config, configSchema } from './schema.ts';
import { checkSettings, mergeSettings, type Settings, settingsFromEnv } from './settings.ts';

/**
 * The configuration: flags over environment over file over defaults.
 * @throws ConfigError naming the file, the key and what it may be
 */
export function loadConfig(
  pipelines: readonly AnyPipeline[],
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  flags: Settings,
): Config {
  const schema = configSchema(pipelines);
  const fromFile = file === undefined ? {} : readSettings(file);
  const fromEnv = settingsFromEnv(env, schema, readScalar);
  // Each layer alone first, so that an error says where the wrong value stands.
  if (file !== undefined) checkSettings(schema, fromFile, file);
  checkSettings(schema, fromEnv, 'environment');
  const settings = mergeSettings(mergeSettings(fromFile, fromEnv), flags);
  return checkSettings(schema, settings, 'configuration') as Config;
}

function readScalar(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
}

export function readSettings(file: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${file}: can't be read (${(error as Error).message})`);
  }
  try {
    const value: unknown = parse(text);
    if (value === null || value === undefined) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Settings;
    throw new ConfigError(`${file}: needs a map of settings at the top`);
  } catch (error) {
    if (error instanceof YAMLParseError) throw new ConfigError(`${file}: ${error.message}`);
    throw error;
  }
}
