const MILLIVOLTS: Readonly<Record<string, number>> = {
  v: 1e3,
  volt: 1e3,
  volts: 1e3,
  mv: 1,
  millivolt: 1,
  millivolts: 1,
  uv: 1e-3,
  µv: 1e-3,
  microvolts: 1e-3,
};

/** What makes mV of a potential in the unit; undefined where it is no unit of a potential. */
export function potentialUnit(unit: string | undefined): { readonly scale: number } | undefined {
  const scale = MILLIVOLTS[unit?.trim().toLowerCase() ?? ''];
  return scale === undefined ? undefined : { scale };
}
