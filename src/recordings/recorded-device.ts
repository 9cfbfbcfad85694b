/** The device that a recording's frames name. */
export interface RecordedDevice {
  readonly deviceType: string;
  readonly chipId: string;
}

/** Which device a simulator stands in for; formats of files say it where nothing else does. */
export function deviceOf(simulator: string, formats: readonly string[]): RecordedDevice {
  const text = `${simulator} ${formats.join(' ')}`.toLowerCase();
  if (/sana-?fe|lava|nengo[-_ ]?loihi/.test(text)) return { deviceType: 'loihi2', chipId: '0' };
  if (/spynnaker|spinnaker/.test(text)) return { deviceType: 'spinnaker', chipId: '0-0' };
  return { deviceType: 'cpu', chipId: '0' };
}
