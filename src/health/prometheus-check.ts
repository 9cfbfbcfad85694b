/** Whether Prometheus says that it is fine; throws with what it says, or why it can't be asked. */
export async function checkPrometheus(url: string, signal: AbortSignal): Promise<true> {
  const answer = await fetch(`${url.replace(/\/+$/, '')}/-/healthy`, { signal });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`answers ${answer.status}`);
  return true;
}
