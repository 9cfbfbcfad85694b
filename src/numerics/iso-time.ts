/** A time in µs since the Unix epoch as ISO 8601, to the µs where it has any. */
export function isoTime(timeUs: number): string {
  const wholeMs = Math.floor(timeUs / 1000);
  const us = Math.floor(timeUs - wholeMs * 1000);
  const text = new Date(wholeMs).toISOString();
  return us === 0 ? text : `${text.slice(0, -1)}${String(us).padStart(3, '0')}Z`;
}

/** What isoTime wrote, as µs again; NaN for other text. */
export function isoTimeUs(text: string): number {
  const parts = /^(.{19}\.\d{3})(\d{3})?Z$/.exec(text);
  return Date.parse(`${parts?.[1]}Z`) * 1000 + Number(parts?.[2] ?? 0);
}
