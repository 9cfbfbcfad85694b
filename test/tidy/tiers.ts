import { modulesOf } from './imports.ts';
import type { ParsedFile } from './parse.ts';
import type { Finding } from './source-tree.ts';

/** A file imports only from a lower tier, or from its own folder. */
export const TIERS: Readonly<Record<string, number>> = {
  'src/kernels': 0,
  'src/frames': 0.5,
  'src/numerics': 0.5,
  'src/component': 1,
  // Beside the contracts it fills, and below the topology that wires it.
  'src/telemetry': 2,
  'src/emitter': 1,
  'src/adapters': 2,
  'src/recordings': 2,
  'src/sources': 2,
  'src/operators': 2,
  'src/detectors': 2,
  'src/sinks': 2,
  'src/health': 2,
  'src/simulation': 2,
  // Joins operators with detectors: the anomalies of frames, which analysis tells as well.
  'src/anomalies': 2.5,
  'src/topology': 3,
  'src/analysis': 3,
  'src/benchmark': 3,
  // Shows what the analysis made; http and cli hand its pages out.
  'src/report': 3.5,
  'src/http': 4,
  // Reads what the sinks and the own telemetry declare; no service runs it.
  'src/monitoring': 4,
  // Runs in the browser: of the rest it has types only.
  'src/page': 5,
  'src/cli': 5,
  // What the package `spikescope` shows: nothing imports it.
  src: 6,
  pipelines: 7,
};

/** A pipeline is built of these, so that it runs the same in the service, a replay and a test. */
const PIPELINES_USE: ReadonlySet<string> = new Set([
  'src/frames',
  'src/numerics',
  'src/component',
  'src/operators',
  'src/detectors',
  'src/anomalies',
]);

/** Packages and Node modules that the folders without clock and I/O may import: no others. */
const MODULES_ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'src/kernels': [],
  'src/frames': ['node:buffer', 'node:os'],
  'src/numerics': [],
  'src/operators': ['rxjs'],
  'src/detectors': ['rxjs', 'zod'],
  'src/anomalies': ['rxjs', 'zod'],
  'src/analysis': ['rxjs', 'zod'],
  pipelines: ['rxjs', 'zod'],
};

/** The folder that has a tier: `src/cli` for src/cli/config/load.ts. */
export function tierFolder(path: string): string {
  const parts = path.split('/');
  return parts[0] === 'src' && parts.length > 2 ? `src/${parts[1]}` : (parts[0] as string);
}

/** Imports that point up, sideways or out of src/ and pipelines/. */
export function tierFindings(files: readonly ParsedFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const file of files) {
    const from = tierFolder(file.path);
    if (from !== 'pipelines' && from !== 'src' && !from.startsWith('src/')) continue;
    if (TIERS[from] === undefined) {
      const text = `the folder ${from} has no tier: add it to TIERS in test/tidy/tiers.ts`;
      findings.push({ path: file.path, line: 1, text });
      continue;
    }
    for (const { specifier, target, line } of modulesOf(file)) {
      const text =
        target === undefined ? refusedModule(from, specifier) : refusedFile(from, target);
      if (text !== undefined) findings.push({ path: file.path, line, text });
    }
  }
  return findings;
}

function refusedModule(from: string, specifier: string): string | undefined {
  const allowed = MODULES_ALLOWED[from];
  if (allowed === undefined || allowed.includes(specifier)) return undefined;
  return `${from} has no clock and no I/O, and does not import ${specifier}`;
}

function refusedFile(from: string, target: string): string | undefined {
  const to = tierFolder(target);
  if (to === from) return undefined;
  const tier = TIERS[from] as number;
  const tierTo = TIERS[to];
  if (tierTo === undefined) return `${from} (tier ${tier}) imports ${target}, which has no tier`;
  if (tierTo >= tier) return `${from} (tier ${tier}) imports ${target} of tier ${tierTo}`;
  if (from === 'pipelines' && !PIPELINES_USE.has(to)) {
    return `a pipeline imports ${target}; it is built of ${[...PIPELINES_USE].join(', ')}`;
  }
  return undefined;
}
