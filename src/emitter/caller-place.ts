import { getCallSites } from 'node:util';

/** Where in the host's code a line was logged. */
export interface CallerPlace {
  readonly module: string;
  readonly function: string;
  readonly line: number;
}

/** More than a frame of the wire takes in a name. */
const NAME_CHARS = 128;
const EXTENSION = /\.[cm]?[jt]sx?$/;

/** Of the code that is `above` callers above the function that asks; undefined where none is. */
export function callerPlace(above: number): CallerPlace | undefined {
  const site = getCallSites(above + 2)[above + 1];
  if (site === undefined) return undefined;
  const file = site.scriptName.slice(site.scriptName.lastIndexOf('/') + 1);
  const nameOf = (text: string, none: string) => text.slice(0, NAME_CHARS).toWellFormed() || none;
  return {
    module: nameOf(file.replace(EXTENSION, ''), 'unknown'),
    function: nameOf(site.functionName, '<anonymous>'),
    line: site.lineNumber,
  };
}
