import { kernelMemory } from './memory.ts';
import { OBJECTS_WASM } from './objects-wasm.ts';

/** The functions of assembly/objects.ts: addresses in the memory of kernels. */
export interface ObjectKernels {
  readonly stoppedAt: { readonly value: number };
  setUp(tensAt: number, times: number, divisor: number): void;
  setShapes(at: number, bytesEach: number, count: number): void;
  setTable(at: number, entries: number, layersAt: number): void;
  addLayer(name: number, length: number, index: number, count: number, first: number): void;
  scan(from: number, end: number, areLines: boolean, out: number, room: number): number;
}

/** A reader of its own, with what is set up in it; undefined where kernels can't run. */
export function objectKernels(): ObjectKernels | undefined {
  const kernels = kernelMemory();
  if (kernels === undefined) return undefined;
  const { webAssembly, memory } = kernels;
  const module = new webAssembly.Module(Buffer.from(OBJECTS_WASM, 'base64'));
  return new webAssembly.Instance(module, { env: { memory } }).exports as ObjectKernels;
}
