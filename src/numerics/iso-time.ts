/** A time in µs since the Unix epoch as ISO 8601, to the µs where it has any. */
export function isoTime(timeUs: number): string {
  const wholeMs = Math.floor(timeUs / 1000);
  const us = Math.floor(timeUs - wholeMs * 1000);
  const text = new Date(wholeMs).toISOString();
  return us === 0 ? text : `${text.slice(0, -1)}${String(us).padStart(3, '0')}Z`;
}
