import type { MessagePort } from 'node:worker_threads';
import { StoreError } from '../document-store.ts';

/** How the worker is asked, and how it answers: one message each way, in order. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly fault: Fault };

/** An error on its way between threads, which would make a plain Error of it. */
interface Fault {
  readonly name: string;
  readonly message: string;
}

type Handler = (...args: never[]) => unknown;

/** Answers calls by name, until the port is closed. */
export function answerCalls(port: MessagePort, handlers: Readonly<Record<string, Handler>>): void {
  port.on('message', ({ id, name, args }: Call) => {
    port.postMessage(replyTo(id, handlers[name] as Handler, args));
  });
}

function replyTo(id: number, handler: Handler, args: readonly unknown[]): Reply {
  try {
    return { id, value: handler(...(args as never[])) };
  } catch (error) {
    const { name, message } = error as Error;
    return { id, fault: { name, message } };
  }
}

export function errorOf({ name, message }: Fault): Error {
  if (name === 'StoreError') return new StoreError(message);
  if (name === 'RangeError') return new RangeError(message);
  return new Error(`SQLite: ${message}`);
}
