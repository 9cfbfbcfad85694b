import type { Node, SourceFile } from 'typescript/unstable/ast';
import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { API } from 'typescript/unstable/sync';
import type { SourceText } from './source-tree.ts';

/** A TypeScript file with its syntax tree, as the compiler itself reads it. */
export interface ParsedFile extends SourceText {
  readonly ast: SourceFile;
}

const ROOT = '/tidy';
/** Nothing is resolved or checked: only the syntax is wanted. */
const CONFIG = {
  compilerOptions: { noLib: true, noResolve: true, types: [], noEmit: true },
  include: ['**/*.ts'],
};

/**
 * Parses all `.ts` files of a tree at once. The compiler's own parser is asked, so that strings,
 * comments and regular expressions can't be mistaken for code; its interface is called unstable,
 * and the version is pinned.
 */
export function parseAll(texts: readonly SourceText[]): ParsedFile[] {
  const files: Record<string, string> = { [`${ROOT}/tsconfig.json`]: JSON.stringify(CONFIG) };
  const typescript = texts.filter(({ path }) => path.endsWith('.ts'));
  for (const { path, text } of typescript) files[`${ROOT}/${path}`] = text;
  const api = new API({ cwd: ROOT, fs: createVirtualFileSystem(files) });
  try {
    const config = `${ROOT}/tsconfig.json`;
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    return typescript.map(({ path, text }) => {
      const ast = project?.program.getSourceFile(`${ROOT}/${path}`);
      if (ast === undefined) throw new Error(`the compiler did not read ${path}`);
      return { path, text, ast };
    });
  } finally {
    api.close();
  }
}

/** Calls `visit` for every node below `node`, parents first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  node.forEachChild((child) => {
    visit(child);
    walk(child, visit);
  });
}

/** The 1-based line on which a node starts, its comments left aside. */
export function lineOf(file: ParsedFile, node: Node): number {
  return file.ast.getLineAndCharacterOfPosition(node.getStart(file.ast)).line + 1;
}

export function lastLineOf(file: ParsedFile, node: Node): number {
  return file.ast.getLineAndCharacterOfPosition(node.end).line + 1;
}
