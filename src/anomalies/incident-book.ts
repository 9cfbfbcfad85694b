import type { CountEvent } from '../component/operator-event.ts';
import type { HeldState, Snapshot } from '../component/state.ts';
import { type Finding, memberKey } from './finding.ts';
import type { Incident } from './incident.ts';
import type { Mutes } from './mutes.ts';
import { OpenIncident } from './open-incident.ts';
import type { AnomalyOptions } from './options.ts';
import { keepFinding, restoreFinding } from './watched-series.ts';

/** A better root may still come for so long after an incident opened. */
const REROOT_US = 2_000_000;
/** A closed incident takes up what belongs to it for so long. */
const SETTLE_US = 5_000_000;
/** Other signs have so long to be back after the root: then one of them is what lasts. */
const OTHERS_US = 3_000_000;
/** What an open incident says again at least so often. */
const SAID_EVERY_US = 60_000_000;

/** Makes incidents of findings, which come in the order of their times. */
export class IncidentBook implements HeldState {
  private readonly options: AnomalyOptions;
  private readonly count: CountEvent;
  private readonly emit: (incident: Incident) => void;
  private incidents: OpenIncident[] = [];
  private queue: Finding[] = [];
  private readonly mutes: Pick<Mutes, 'isMuted'>;

  constructor(
    options: AnomalyOptions,
    mutes: Pick<Mutes, 'isMuted'>,
    count: CountEvent,
    emit: (incident: Incident) => void,
  ) {
    this.options = options;
    this.mutes = mutes;
    this.count = count;
    this.emit = emit;
  }

  /** A finding waits here until all that lies before it is known. */
  readonly offer = (finding: Finding): void => {
    this.queue.push(finding);
  };

  /** Nothing is found that time would change. */
  get isIdle(): boolean {
    return this.queue.length === 0 && this.incidents.length === 0;
  }

  /** Everything before `knownUs` is there. */
  advance(knownUs: number): void {
    if (this.queue.length > 0) {
      const ready = this.queue.filter(({ tUs }) => tUs <= knownUs);
      if (ready.length > 0) {
        this.queue = this.queue.filter(({ tUs }) => tUs > knownUs);
        ready.sort(byTime);
        for (const finding of ready) this.take(finding);
      }
    }
    if (this.incidents.length > 0) this.pass(knownUs);
  }

  /** The input has ended at `endUs`: what is found is told; what lasts stays open. */
  finish(endUs: number): void {
    const lastUs = this.queue.reduce((last, { tUs }) => Math.max(last, tUs), endUs);
    this.advance(lastUs);
    for (const incident of [...this.incidents]) {
      if (incident.state === 'gathering') this.open(incident, lastUs);
      if (incident.state === 'open' && incident.backSinceUs() !== undefined) {
        this.close(incident, lastUs);
      }
    }
  }

  private take(finding: Finding): void {
    this.pass(finding.tUs);
    const key = memberKey(finding);
    const known = this.incidents.find(({ members }) => members.has(key));
    if (finding.event === 'cleared') {
      const member = known?.members.get(key);
      if (member !== undefined) Object.assign(member, { finding, clearedUs: finding.tUs });
      return;
    }
    if (finding.event === 'goes-on' && known !== undefined) {
      this.goOn(known, key, finding);
      return;
    }
    // Of two that it may belong to, the one that began last.
    const { merge } = this.options;
    const owner = known?.holds(finding, merge)
      ? known
      : this.incidents.findLast((each) => each.holds(finding, merge));
    if (owner !== known) known?.members.delete(key);
    if (owner === undefined) this.begin(finding);
    else this.add(owner, key, finding);
    if (known !== undefined && known.members.size === 0) this.drop(known);
  }

  private goOn(incident: OpenIncident, key: string, finding: Finding): void {
    const member = incident.members.get(key);
    if (member === undefined) return;
    member.finding = { ...finding, onsetUs: member.finding.onsetUs };
    if (incident.state !== 'closed' || finding.tUs - incident.closedUs < SETTLE_US) return;
    // What outlasts the fault it came with is one of its own.
    incident.members.delete(key);
    if (incident.members.size === 0 || incident.root === key) this.drop(incident);
    const owner = this.incidents.findLast((each) => each.holds(finding, this.options.merge));
    if (owner === undefined || owner.state === 'closed') this.begin(finding);
    else this.add(owner, key, finding);
  }

  private begin(finding: Finding): void {
    const open = this.incidents.filter(({ state }) => state !== 'closed').length;
    if (open >= this.options.incidents_max) {
      this.count('incidents_refused', 1);
      return;
    }
    this.incidents.push(new OpenIncident(finding));
  }

  private add(incident: OpenIncident, key: string, finding: Finding): void {
    incident.join(key, finding);
    if (incident.state !== 'open' || finding.tUs - incident.foundUs > REROOT_US) return;
    if (incident.yieldsTo(key)) this.say(incident, 'ongoing', finding.tUs);
  }

  /** Opens, repeats, closes and forgets what is due before `tUs`. */
  private pass(tUs: number): void {
    const { gather, hold } = this.options;
    for (const incident of [...this.incidents]) {
      if (incident.state === 'gathering' && incident.foundUs + gather <= tUs) {
        this.open(incident, incident.foundUs + gather);
      }
      if (incident.state === 'open') this.passOpen(incident, tUs, hold);
      if (incident.state === 'closed' && !this.isNeeded(incident, tUs)) this.drop(incident);
    }
  }

  private passOpen(incident: OpenIncident, tUs: number, hold: number): void {
    const back = incident.backSinceUs();
    if (back !== undefined && back + hold <= tUs) {
      const isRest = incident.hasRaised();
      if (!isRest) {
        this.close(incident, Math.max(back + hold, incident.saidUs));
        return;
      }
      const dueUs = Math.max(back + OTHERS_US, incident.saidUs);
      if (dueUs <= tUs) {
        incident.chooseRoot(true);
        this.say(incident, 'ongoing', dueUs);
      }
    }
    while (incident.saidUs + SAID_EVERY_US <= tUs && tUs < Number.MAX_SAFE_INTEGER) {
      // After a long gap in time, once is enough.
      const skipped = Math.floor((tUs - incident.saidUs) / SAID_EVERY_US) - 1;
      this.say(incident, 'ongoing', incident.saidUs + (skipped + 1) * SAID_EVERY_US);
    }
  }

  /** Its signs that are not back yet may go on as something of their own. */
  private isNeeded(incident: OpenIncident, tUs: number): boolean {
    if (tUs - incident.closedUs < SETTLE_US) return true;
    return incident.hasRaised();
  }

  private open(incident: OpenIncident, tUs: number): void {
    incident.chooseRoot();
    const { finding } = incident.rootMember;
    const { detector, about, onsetUs } = finding;
    const { deviceType, chipId, layerName, coreId } = about;
    incident.startedUs = onsetUs;
    const place = [deviceType, chipId, layerName, coreId].filter((name) => name !== undefined);
    incident.id = [detector, ...place, onsetUs].join('/');
    incident.state = 'open';
    this.say(incident, 'opened', tUs);
  }

  private close(incident: OpenIncident, tUs: number): void {
    incident.endedUs = incident.lastUs();
    incident.closedUs = tUs;
    incident.state = 'closed';
    this.say(incident, 'closed', tUs);
  }

  /** Mutes have changed: what is open and muted no more is told at once. */
  remute(tUs: number): void {
    for (const incident of this.incidents) {
      const isMuted = this.mutes.isMuted(incident.rootMember.finding.about);
      if (incident.state !== 'open' || incident.isMuted === isMuted) continue;
      this.say(incident, 'ongoing', Math.max(tUs, incident.saidUs));
    }
  }

  private say(incident: OpenIncident, event: Incident['event'], tUs: number): void {
    incident.saidUs = tUs;
    const wasMuted = incident.isMuted;
    incident.isMuted = this.mutes.isMuted(incident.rootMember.finding.about);
    const unmuted = event === 'ongoing' && wasMuted && !incident.isMuted;
    const all = this.incidents.filter(({ state }) => state === 'open');
    const openMuted = all.filter(({ isMuted }) => isMuted).length;
    const told = { unmuted, open: all.length - openMuted, openMuted };
    this.emit(incident.record(event, tUs, told));
  }

  private drop(incident: OpenIncident): void {
    this.incidents = this.incidents.filter((each) => each !== incident);
  }

  snapshot(): Snapshot {
    return {
      incidents: this.incidents.map((each) => each.keep()),
      queue: this.queue.map((each) => keepFinding(each)),
    };
  }

  restore(snapshot: Snapshot): void {
    const kept = snapshot as { incidents: readonly Snapshot[]; queue: readonly Snapshot[] };
    this.incidents = kept.incidents.map((each) => OpenIncident.of(each));
    this.queue = kept.queue.map((each) => restoreFinding(each));
  }
}

/** Findings of one time have an order of their own, which no arrival decides. */
function byTime(a: Finding, b: Finding): number {
  if (a.tUs !== b.tUs) return a.tUs - b.tUs;
  const [x, y] = [memberKey(a), memberKey(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
