import { errors } from '@elastic/elasticsearch';
import { StoreError } from '../document-store.ts';

interface FaultBody {
  readonly error?: string | { readonly type?: string; readonly reason?: string };
}

/** The HTTP status of a request that was answered; undefined where nobody did. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof errors.ResponseError ? error.statusCode : undefined;
}

/** What Elasticsearch says was wrong: the type that its documentation names. */
export function faultType(error: unknown): string | undefined {
  const fault = bodyOf(error)?.error;
  return typeof fault === 'object' ? fault.type : undefined;
}

/** Whether the server does not know a request at all. */
export function isUnknownRequest(error: unknown): boolean {
  const fault = bodyOf(error)?.error;
  return typeof fault === 'string' && fault.startsWith('no handler found');
}

function bodyOf(error: unknown): FaultBody | undefined {
  if (!(error instanceof errors.ResponseError)) return undefined;
  return typeof error.body === 'object' ? (error.body as FaultBody) : undefined;
}

/** One line of what went wrong, without what the client knows of the request. */
export function faultText(error: unknown): string {
  if (error instanceof errors.ResponseError) {
    const fault = bodyOf(error)?.error;
    const said = typeof fault === 'object' ? `${fault.type}: ${fault.reason}` : (fault ?? '');
    return `it answered ${error.statusCode} ${said}`.trim();
  }
  if (!(error instanceof Error)) return String(error);
  return error.message === '' ? error.name : `${error.name}: ${error.message}`;
}

/**
 * What was thrown while the server was asked, as what it means: a StoreError where asking again
 * would be no use, else an error that says that the server is away.
 */
export function asStoreFault(error: unknown, server: string): Error {
  if (error instanceof StoreError) return error;
  const status = statusOf(error);
  if (error instanceof errors.ProductNotSupportedError) {
    return new StoreError(`${server} is not Elasticsearch 9 or newer`, { cause: error });
  }
  if (faultType(error) === 'media_type_header_exception') {
    return new StoreError(`${server} is older than Elasticsearch 9`, { cause: error });
  }
  if (status === 401 || status === 403) {
    const what = status === 401 ? 'the credentials' : 'a request: its role lacks a privilege';
    const text = `${server} refuses ${what} (${faultText(error)}); see docs/documents.md`;
    return new StoreError(text, { cause: error });
  }
  if (!(error instanceof errors.ElasticsearchClientError)) return error as Error;
  return new Error(`${server} is away: ${faultText(error)}`, { cause: error });
}
