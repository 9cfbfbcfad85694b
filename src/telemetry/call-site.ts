import { getCallSites } from 'node:util';
import type { LogOrigin } from '../component/log-event.ts';

const FRAMES = 8;
const EXTENSION = /\.[cm]?[jt]s$/;

/**
 * Where in the code the function was called that calls this one, `above` callers further up. Costs
 * some 2 µs, so it is asked for only when a line is written.
 */
export function callSite(above: number): LogOrigin {
  const sites = getCallSites(FRAMES).slice(above + 2);
  const [site] = sites;
  if (site === undefined) return { module: 'unknown', function: '<module>', line: 0 };
  const file = site.scriptName.slice(site.scriptName.lastIndexOf('/') + 1);
  // A callback without a name is told by the function that it stands in, where that is running.
  const named = sites.find(({ functionName }) => functionName !== '');
  const inSame = named?.scriptName === site.scriptName ? named.functionName : '<anonymous>';
  return {
    module: file.replace(EXTENSION, ''),
    function: site.functionName || inSame,
    line: site.lineNumber,
  };
}
