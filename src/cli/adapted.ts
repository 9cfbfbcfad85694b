import { Adapters } from '../adapters/adapter.ts';
import type { FrameLimits } from '../frames/limits.ts';
import type { Config } from './config/schema.ts';

/** The adapters of a configuration; undefined where it has none. */
export function adaptersOf(
  adapters: Config['adapters'],
  limits: FrameLimits,
): Adapters | undefined {
  return adapters.length === 0 ? undefined : new Adapters(adapters, limits);
}

/** The subjects that frames come on beside those of the prefix. */
export function adaptedSubjects({ adapters }: Config): readonly string[] {
  return adapters.flatMap(({ subjects }) => subjects);
}
