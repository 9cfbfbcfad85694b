import type { Snapshot } from '../component/state.ts';
import { DETECTORS, type Finding, memberKey } from './finding.ts';
import { type Incident, incidentText, placeText, severityOf } from './incident.ts';
import { keepFinding, restoreFinding } from './watched-series.ts';

/** Signs of one fault that are kept apart. */
const MEMBERS_MAX = 256;
/** Signs that began so near to each other can't be put in order by their times. */
const AT_ONCE_US = 60_000;

/** What else is true as an incident is told. */
export type ToldWith = Pick<Incident, 'unmuted' | 'open' | 'openMuted'>;

export interface Member {
  finding: Finding;
  /** When its series is back; undefined while it is not. */
  clearedUs: number | undefined;
}

/** One fault while it lasts and a little longer: its signs, and which of them is its root. */
export class OpenIncident {
  readonly members = new Map<string, Member>();
  root: string;
  id = '';
  /** By event time: when the first sign was found. */
  readonly foundUs: number;
  startedUs: number;
  state: 'gathering' | 'open' | 'closed' = 'gathering';
  endedUs = 0;
  closedUs = 0;
  saidUs = 0;
  isMuted = false;

  constructor(finding: Finding) {
    this.root = memberKey(finding);
    this.foundUs = finding.tUs;
    this.startedUs = finding.onsetUs;
    this.join(this.root, finding);
  }

  get rootMember(): Member {
    return this.members.get(this.root) as Member;
  }

  /** Whether a sign is of this fault: it began with it, or on its chips while it lasted. */
  holds(finding: Finding, mergeUs: number): boolean {
    if (Math.abs(finding.onsetUs - this.startedUs) <= mergeUs) return true;
    if (finding.onsetUs < this.startedUs - mergeUs) return false;
    if (this.state === 'closed' && finding.onsetUs > this.endedUs + mergeUs) return false;
    // As a fault ends, what it held down swings back, on other chips as well.
    const isOver = this.state === 'closed' || this.backSinceUs() !== undefined;
    if (isOver && Math.abs(finding.onsetUs - this.lastUs()) <= mergeUs) return true;
    return this.touches(finding);
  }

  private touches({ about }: Finding): boolean {
    for (const { finding } of this.members.values()) {
      const { deviceType, chipId } = finding.about;
      if (deviceType === about.deviceType && chipId === about.chipId) return true;
    }
    return false;
  }

  join(key: string, finding: Finding): void {
    if (!this.members.has(key) && this.members.size >= MEMBERS_MAX) return;
    this.members.set(key, { finding, clearedUs: undefined });
  }

  /**
   * Takes the sign that tells best what is wrong: a core before its layer, a layer before its chip;
   * of those what began first. Among those too near in time to tell, silence, then the first layer.
   */
  chooseRoot(isOfRaised = false): void {
    const all = [...this.members];
    const keys = all
      .filter(([, { clearedUs }]) => !isOfRaised || clearedUs === undefined)
      .map(([key]) => key);
    const tier = Math.min(...keys.map((key) => tierOf(this.finding(key))));
    const narrowest = keys.filter((key) => tierOf(this.finding(key)) === tier);
    const firstUs = Math.min(...narrowest.map((key) => this.finding(key).onsetUs));
    const first = narrowest.filter((key) => this.finding(key).onsetUs <= firstUs + AT_ONCE_US);
    first.sort((a, b) => byPlace(this.finding(a), this.finding(b)));
    this.root = first[0] as string;
  }

  /** A sign that came later tells better only where it is of a narrower place. */
  yieldsTo(key: string): boolean {
    if (!this.members.has(key) || tierOf(this.finding(key)) >= tierOf(this.finding(this.root))) {
      return false;
    }
    this.root = key;
    return true;
  }

  private finding(key: string): Finding {
    return (this.members.get(key) as Member).finding;
  }

  /** When all that is said of the root's place was back; undefined while it is not. */
  backSinceUs(): number | undefined {
    const { about } = this.rootMember.finding;
    let since = 0;
    for (const { finding, clearedUs } of this.members.values()) {
      if (!isSamePlace(finding, about)) continue;
      if (clearedUs === undefined) return undefined;
      since = Math.max(since, clearedUs);
    }
    return since;
  }

  /** Whether any of its signs is not back. */
  hasRaised(): boolean {
    for (const { clearedUs } of this.members.values()) if (clearedUs === undefined) return true;
    return false;
  }

  lastUs(): number {
    const { about } = this.rootMember.finding;
    let last = this.startedUs;
    for (const { finding } of this.members.values()) {
      if (isSamePlace(finding, about)) last = Math.max(last, finding.lastUs);
    }
    return last;
  }

  record(event: Incident['event'], tUs: number, told: ToldWith): Incident {
    const { finding } = this.rootMember;
    const { detector, about, score, pValue, expected, observed } = finding;
    const own = placeText(about);
    const places = [...this.members.values()].map(({ finding: each }) => placeText(each.about));
    const others = [...new Set(places)].filter((place) => place !== own);
    const { series, deviceType, chipId, layerName, coreId } = about;
    return {
      ...{ event, id: this.id, detector, series, deviceType, chipId, layerName, coreId },
      severity: severityOf(finding),
      ...{ score, pValue, expected, observed },
      text: incidentText(finding, others),
      tUs,
      startedUs: this.startedUs,
      endedUs: event === 'closed' ? this.endedUs : undefined,
      muted: this.isMuted,
      ...told,
    };
  }

  keep(): Snapshot {
    const { root, id, foundUs, startedUs, state, endedUs, closedUs, saidUs, isMuted } = this;
    const members = [...this.members].map(([key, { finding, clearedUs }]) => [
      key,
      keepFinding(finding),
      clearedUs ?? null,
    ]);
    const rest = { root, id, foundUs, startedUs, state, endedUs, closedUs, saidUs, isMuted };
    return { members, ...rest } as Snapshot;
  }

  static of(snapshot: Snapshot): OpenIncident {
    const { members, ...rest } = snapshot as unknown as {
      members: [string, Snapshot, number | null][];
    };
    const restored = members.map(
      ([key, finding, clearedUs]) =>
        [key, { finding: restoreFinding(finding), clearedUs: clearedUs ?? undefined }] as const,
    );
    const incident = new OpenIncident((restored[0] as (typeof restored)[0])[1].finding);
    incident.members.clear();
    for (const [key, member] of restored) incident.members.set(key, member);
    return Object.assign(incident, rest);
  }
}

/** What they find is rarely the root of anything. */
const ASIDE: ReadonlySet<string> = new Set(['distribution-shift', 'synchrony', 'rate-ratio']);

function tierOf({ about, detector }: Finding): number {
  if (detector === 'core') return 0;
  if (about.layerName !== undefined) return ASIDE.has(detector) ? 3 : 1;
  return 2;
}

function byPlace(a: Finding, b: Finding): number {
  const silent = Number(b.detector === 'silence') - Number(a.detector === 'silence');
  if (silent !== 0) return silent;
  if (a.about.order !== b.about.order) return a.about.order - b.about.order;
  return DETECTORS.indexOf(a.detector) - DETECTORS.indexOf(b.detector);
}

function isSamePlace({ about }: Finding, place: Finding['about']): boolean {
  return (
    about.deviceType === place.deviceType &&
    about.chipId === place.chipId &&
    about.layerName === place.layerName &&
    about.coreId === place.coreId
  );
}
