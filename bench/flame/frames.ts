/** What V8's sampling profiler writes, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
    readonly children?: readonly number[];
  }[];
  readonly samples?: readonly number[];
  /** µs since the sample before. */
  readonly timeDeltas?: readonly number[];
}

/** A function on the stack, with all that it called. */
export interface FlameFrame {
  readonly name: string;
  /** Where it stands: `src/…:12`, `node:net:7`, a package's name; empty for V8's own. */
  readonly place: string;
  /** µs, those of `calls` included. */
  readonly us: number;
  /** Widest first. */
  readonly calls: readonly FlameFrame[];
}

interface Growing {
  readonly name: string;
  readonly place: string;
  us: number;
  readonly calls: Map<string, Growing>;
}

/** No work: the thread waits. */
const IDLE = '(idle)';
const ROOT = '(root)';

/** The stacks of a profile merged by function, without the time in which nothing was done. */
export function flameOf(profile: CpuProfile): FlameFrame {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const { id, children = [] } of profile.nodes) {
    for (const child of children) parents.set(child, id);
  }
  const root: Growing = { name: 'all', place: '', us: 0, calls: new Map() };
  for (const [i, sample] of (profile.samples ?? []).entries()) {
    // A delta is the time up to its sample, so a sample lasts until the next one.
    const us = Math.max(0, profile.timeDeltas?.[i + 1] ?? 0);
    const stack: { name: string; place: string }[] = [];
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      const frame = nodes.get(id)?.callFrame;
      if (frame === undefined || frame.functionName === ROOT) continue;
      stack.push({ name: frame.functionName || '(anonymous)', place: placeOf(frame) });
    }
    if (stack[0]?.name === IDLE) continue;
    root.us += us;
    let at = root;
    for (const frame of stack.reverse()) {
      at = childOf(at, frame);
      at.us += us;
    }
  }
  return settled(root);
}

function childOf(parent: Growing, { name, place }: { name: string; place: string }): Growing {
  const key = `${name} ${place}`;
  let child = parent.calls.get(key);
  if (child === undefined) {
    child = { name, place, us: 0, calls: new Map() };
    parent.calls.set(key, child);
  }
  return child;
}

function settled({ name, place, us, calls }: Growing): FlameFrame {
  const list = [...calls.values()].map(settled).sort((a, b) => b.us - a.us);
  return { name, place, us, calls: list };
}

/** Short enough to be read, and the same on every machine. */
function placeOf({ url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const line = lineNumber + 1;
  if (url.startsWith('wasm://')) return 'WebAssembly';
  if (url.startsWith('node:')) return `${url}:${line}`;
  const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (packaged !== undefined) return packaged;
  const own = /\/((?:src|pipelines)\/.*)$/.exec(url)?.[1];
  return own === undefined ? '' : `${own}:${line}`;
}
