import {
  isExportAssignment,
  isExportDeclaration,
  isImportDeclaration,
} from 'typescript/unstable/ast';
import { lineOf, type ParsedFile } from './parse.ts';
import type { Finding, SourceText } from './source-tree.ts';

/** Files that only re-export, each with the reason why it may. */
export const BARRELS_EXCUSED: Readonly<Record<string, string>> = {
  'src/spikescope.ts': 'what the package `spikescope` shows to those who install it',
  'src/emitter/emitter.ts': 'what the package `spikescope/emitter` shows',
};

/** Folders whose name says nothing of what is in them. */
const FOLDERS_FORBIDDEN = /^(utils?|helpers?|common|shared|types|misc|lib)$/;

/** Files that collect exports of others: each addition would have to edit them. */
export function barrelFindings(files: readonly ParsedFile[]): Finding[] {
  return files.flatMap((file) => {
    const { path } = file;
    const findings: Finding[] = [];
    if (/(^|\/)index\.ts$/.test(path)) {
      findings.push({ path, line: 1, text: 'no index.ts: import the file that has the thing' });
    }
    if (BARRELS_EXCUSED[path] !== undefined) return findings;
    const passing = file.ast.statements.filter(
      (statement) => isExportDeclaration(statement) && statement.moduleSpecifier !== undefined,
    );
    const others = file.ast.statements.filter(
      (statement) => !passing.includes(statement) && !isImportDeclaration(statement),
    );
    const [first] = passing;
    if (first !== undefined && others.length === 0) {
      const text = 'only passes on what others export: import the file that has the thing';
      findings.push({ path, line: lineOf(file, first), text });
    }
    return findings;
  });
}

/** Default exports, but for those of pipelines, which are loaded by path. */
export function defaultExportFindings(files: readonly ParsedFile[]): Finding[] {
  return files.flatMap((file) => {
    if (!file.path.startsWith('src/')) return [];
    return file.ast.statements.flatMap((statement) => {
      const isDefault =
        isExportAssignment(statement) || /^export\s+default\b/.test(statement.getText(file.ast));
      const text = 'no default export here: only pipelines have one; export a name';
      return isDefault ? [{ path: file.path, line: lineOf(file, statement), text }] : [];
    });
  });
}

export function folderFindings(files: readonly SourceText[]): Finding[] {
  const findings = new Map<string, Finding>();
  for (const { path } of files) {
    const folders = path.split('/').slice(0, -1);
    const bad = folders.findIndex((name) => FOLDERS_FORBIDDEN.test(name));
    if (bad < 0) continue;
    const folder = folders.slice(0, bad + 1).join('/');
    const text = `the folder ${folder} could hold anything: name it after what it holds`;
    findings.set(folder, { path, line: 1, text });
  }
  return [...findings.values()];
}
