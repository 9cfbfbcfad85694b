import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file of the repository; `path` is relative to its root, with slashes. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

/** Where a rule is broken, and what to do instead. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** Folders that are made, fetched or private to a tool; no rule looks at them. */
const IGNORED = new Set(['node_modules', 'dist', '.git', '.services', '__pycache__', '.venv']);
const IGNORED_PATHS = new Set(['bench/out', 'test/out']);
/** Text that people write is smaller; recordings are larger and hold no rule. */
const TEXT_BYTES_MAX = 1024 * 1024;

/** Every text file below `root`, or below one of its `folders`, in order of path. */
export function readTexts(root: string, folders: readonly string[] = ['']): SourceText[] {
  const texts: SourceText[] = [];
  for (const folder of folders) collect(root, folder, texts);
  return texts.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function collect(root: string, folder: string, texts: SourceText[]): void {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (IGNORED.has(entry.name) || IGNORED_PATHS.has(path)) continue;
    if (entry.isDirectory()) collect(root, path, texts);
    if (!entry.isFile()) continue;
    const bytes = readFileSync(join(root, path));
    if (bytes.length > TEXT_BYTES_MAX || bytes.includes(0)) continue;
    texts.push({ path, text: bytes.toString('utf8') });
  }
}

/** The 1-based line on which the character at `index` stands. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** One finding a line, as a failing test prints it. */
export function listed(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line, text }) => `${path}:${line}: ${text}`);
}
