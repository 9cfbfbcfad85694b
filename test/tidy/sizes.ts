import {
  isArrowFunction,
  isCallExpression,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isMethodDeclaration,
  isSetAccessorDeclaration,
  type Node,
} from 'typescript/unstable/ast';
import { lastLineOf, lineOf, type ParsedFile, walk } from './parse.ts';
import type { Finding, SourceText } from './source-tree.ts';

export const FILE_LINES_MAX = 300;
export const FUNCTION_LINES_MAX = 70;
export const COLUMNS_MAX = 100;

export function fileLengthFindings(files: readonly SourceText[]): Finding[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, '').split('\n').length;
    if (lines <= FILE_LINES_MAX) return [];
    const advice = `${lines} lines, at most ${FILE_LINES_MAX}: a file holds one thing`;
    return [{ path, line: FILE_LINES_MAX + 1, text: advice }];
  });
}

/** A line may be longer where it holds a single word that can't be broken, such as an address. */
export function columnFindings(files: readonly SourceText[]): Finding[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, i) => {
      const columns = [...line].length;
      const longestWord = Math.max(...line.split(/\s+/).map((word) => word.length));
      if (columns <= COLUMNS_MAX || longestWord > COLUMNS_MAX - 20) return [];
      return [{ path, line: i + 1, text: `${columns} columns, at most ${COLUMNS_MAX}` }];
    }),
  );
}

export function functionLengthFindings(files: readonly ParsedFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const file of files) {
    walk(file.ast, (node) => {
      if (!isFunction(node) || isSuite(node)) return;
      const line = lineOf(file, node);
      const lines = lastLineOf(file, node) - line + 1;
      if (lines <= FUNCTION_LINES_MAX) return;
      const text = `a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}: name its parts`;
      findings.push({ path: file.path, line, text });
    });
  }
  return findings;
}

function isFunction(node: Node): boolean {
  return (
    isFunctionDeclaration(node) ||
    isFunctionExpression(node) ||
    isArrowFunction(node) ||
    isMethodDeclaration(node) ||
    isConstructorDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isSetAccessorDeclaration(node)
  );
}

/** The callback of `describe(...)` is a list of tests, not a function to be read. */
function isSuite(node: Node): boolean {
  const { parent } = node;
  return isCallExpression(parent) && /^describe\b/.test(parent.expression.getText());
}
