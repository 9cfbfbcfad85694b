import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyPipeline } from '../component/pipeline.ts';

/** Where the pipelines are: beside `src` in the repository and in the package alike. */
const FOLDER = join(import.meta.dirname, '../../pipelines');

/** Loads every pipeline of the folder, by path: adding one is adding its file. */
export async function loadPipelines(folder: string = FOLDER): Promise<AnyPipeline[]> {
  const names = (await readdir(folder)).filter((name) => /(?<!\.d)\.[jt]s$/.test(name)).sort();
  return await Promise.all(
    names.map(async (name) => {
      const module = (await import(pathToFileURL(join(folder, name)).href)) as {
        default?: AnyPipeline;
      };
      if (module.default?.name === undefined) {
        throw new Error(`${join(folder, name)} has no default export made by definePipeline`);
      }
      return module.default;
    }),
  );
}
