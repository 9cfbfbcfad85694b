interface QueryAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly unknown[] };
}

/** How many series an expression gives in the last minute, asked as a panel asks. */
export async function seriesOf(url: string, expression: string, stepS: number): Promise<number> {
  const endS = Date.now() / 1000;
  const body = new URLSearchParams({
    query: expression,
    start: String(endS - 60),
    end: String(endS),
    step: String(stepS),
  });
  const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body });
  const answer = (await response.json()) as QueryAnswer;
  if (answer.data === undefined) throw new Error(`${expression}: ${answer.error}`);
  return answer.data.result.length;
}
