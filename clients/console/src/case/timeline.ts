// Signals as lanes by life domain: where each stands on the time scale.
import type { Signal } from '../net/shapes';
import { dayShort, instant } from '../words/dates';

export interface Dot {
  signal: Signal;
  ms: number;
  /** Along the scale, 0 to 100. */
  left: number;
}

export interface Lane { domain: string; dots: Dot[] }
export interface Tick { left: number; label: string }
export interface Timeline { lanes: Lane[]; ticks: Tick[]; from: number; until: number }

const DAY = 86_400_000;

/** The order is that of the town's catalogue; only domains that something is known of have a lane. */
export function timeline(signals: readonly Signal[], domains: readonly string[], now: number): Timeline {
  const dated = signals.flatMap((signal) => {
    const ms = instant(signal.occurredAt) ?? instant(signal.acceptedAt);
    return ms === undefined ? [] : [{ signal, ms }];
  });
  const first = Math.min(now, ...dated.map((d) => d.ms));
  const last = Math.max(now, ...dated.map((d) => d.ms));
  const room = Math.max(DAY, (last - first) * 0.03);
  const from = first - room;
  const until = last + room;
  const place = (ms: number) => ((ms - from) / (until - from)) * 100;
  const present = [...new Set(dated.map((d) => d.signal.domain ?? ''))];
  present.sort((a, b) => rank(domains, a) - rank(domains, b) || (a < b ? -1 : 1));
  const lanes = present.map((domain) => ({
    domain,
    dots: dated.filter((d) => (d.signal.domain ?? '') === domain).sort((a, b) => a.ms - b.ms).map((d) => ({ ...d, left: place(d.ms) })),
  }));
  // Of a few days fewer, so that they do not lie over each other.
  const steps = Math.max(1, Math.min(3, Math.floor((last - first) / (1.5 * DAY))));
  const ticks = Array.from({ length: steps + 1 }, (_, i) => {
    const ms = first + ((last - first) * i) / steps;
    return { left: place(ms), label: dayShort(ms) };
  });
  return { lanes, ticks: last - first < DAY ? ticks.slice(-1) : ticks, from, until };
}

function rank(domains: readonly string[], domain: string): number {
  const at = domains.indexOf(domain);
  return at < 0 ? domains.length : at;
}

/** Newest first, as a list has them. */
export function newestFirst(signals: readonly Signal[]): Signal[] {
  const ms = (signal: Signal) => instant(signal.occurredAt) ?? instant(signal.acceptedAt) ?? 0;
  return [...signals].sort((a, b) => ms(b) - ms(a));
}
