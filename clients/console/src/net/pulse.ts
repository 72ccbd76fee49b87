// What the broker decides, as it happens, for charts: only when, and of which kind. No names are kept.
import { get } from './api';
import type { Status } from './control';

export type Beat = 'accepted' | 'refused' | 'case';

export interface Pulse {
  at: number[];
  kind: Beat[];
}

const KEPT = 20_000;
const BACK = 20_000;
const TOLD_MS = 500;
const RETRY_MS = 3000;

interface Told { line?: { at?: string; event?: string; verdict?: string; change?: string } }

function beat(told: Told): Beat | undefined {
  if (told.line?.event === 'case') return told.line.change === 'proposed' ? 'case' : undefined;
  if (told.line?.event !== 'signal') return undefined;
  return told.line.verdict === 'accepted' ? 'accepted' : told.line.verdict === 'duplicate' ? undefined : 'refused';
}

/** Follows the decisions from some way back on; tells at most twice a second. */
export function followDecisions(tell: (pulse: Pulse) => void): () => void {
  const pulse: Pulse = { at: [], kind: [] };
  let source: EventSource | undefined;
  let later: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  const receive = (event: MessageEvent<string>) => {
    let told: Told;
    try {
      told = JSON.parse(event.data) as Told;
    } catch {
      return;
    }
    const kind = beat(told);
    const at = Date.parse(told.line?.at ?? '');
    if (kind === undefined || Number.isNaN(at)) return;
    pulse.at.push(at);
    pulse.kind.push(kind);
    if (pulse.at.length > KEPT) {
      pulse.at.splice(0, KEPT / 10);
      pulse.kind.splice(0, KEPT / 10);
    }
    later ??= setTimeout(() => {
      later = undefined;
      tell(pulse);
    }, TOLD_MS);
  };
  const open = async () => {
    try {
      const { counters } = await get<Status>('/v1/status');
      if (ended) return;
      const from = Math.max(counters['positionFirst'] ?? 1, (counters['positionDurable'] ?? 1) - BACK);
      pulse.at.length = 0;
      pulse.kind.length = 0;
      const stream = new EventSource(`/v1/decisions/events?from=${from}`);
      source = stream;
      for (const kind of ['signal', 'case']) stream.addEventListener(kind, receive as EventListener);
      stream.onerror = () => {
        // Where the browser does not try again by itself.
        if (!ended && stream.readyState === EventSource.CLOSED) again = setTimeout(() => void open(), RETRY_MS);
      };
    } catch {
      if (!ended) again = setTimeout(() => void open(), RETRY_MS);
    }
  };
  void open();
  return () => {
    ended = true;
    clearTimeout(later);
    clearTimeout(again);
    source?.close();
  };
}

export interface Bins { from: number; width: number; x: number[]; accepted: number[]; refused: number[]; cases: number[] }

/** How many of each kind came in each stretch of time, up to `until`. */
export function binned(pulse: Pulse, until: number, span: number, count: number): Bins {
  const width = span / count;
  const last = Math.ceil(until / width);
  const first = last - count;
  const zeros = () => Array.from({ length: count }, () => 0);
  const bins: Bins = { from: first * width, width, x: zeros().map((_, i) => (first + i) * width), accepted: zeros(), refused: zeros(), cases: zeros() };
  pulse.at.forEach((at, i) => {
    const bin = Math.floor(at / width) - first;
    const row = pulse.kind[i] === 'accepted' ? bins.accepted : pulse.kind[i] === 'refused' ? bins.refused : bins.cases;
    if (bin >= 0 && bin < count) row[bin] = (row[bin] ?? 0) + 1;
  });
  return bins;
}
