// What the broker tells, as it happens: the party's mailbox as server-sent events. A message only says that something
// changed; what is shown is read again. So a message that comes twice, or was missed, can do no harm.
import { effect, signal } from '@preact/signals';
import { asProblem, call, did, hear } from './api';

/** live: messages come. waiting: just begun, or a short gap. slow: no stream (there may be one for too many windows), but
 *  questions are answered, so it is looked often. lost: nothing answers, and the reader should know. */
export type Link = 'waiting' | 'live' | 'slow' | 'lost';

export interface Mail {
  seq: number;
  kind: string;
  at?: string;
  case?: string;
  household?: string;
  regisseur?: string;
  [member: string]: unknown;
}

const KINDS = [
  'regular_signal', 'signal_attached', 'support_withdrawn', 'case_offered', 'case_taken_back', 'case_withdrawn', 'priority_raised',
  'needs_regisseur', 'escalated', 'case_closed', 'not_accepted', 'regisseur_known', 'handover_offered', 'handover_accepted', 'overdue',
  'feedback', 'match', 'review', 'erasure_requested', 'request_due', 'request_overdue', 'request_done', 'rectification_requested',
  'break_glass', 'erased', 'note', 'note_answered',
];
const PATIENCE_MS = 2500;
const PROBE_MS = 5000;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

export const link = signal<Link>('waiting');
/** Since when nothing came, where the link is lost. */
export const lostSince = signal(0);
/** Counts up when what is on the screen may be old: a message came, or the link is back. */
export const stirred = signal(0);
/** The newest message of this page's life. */
export const newest = signal<Mail | undefined>(undefined);

let source: EventSource | undefined;
let windows: BroadcastChannel | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let doubt: ReturnType<typeof setTimeout> | undefined;
let attempts = 0;
let last = 0;
let wanted = false;
let path = '';

function lose(): void {
  if (link.value !== 'lost') lostSince.value = Date.now();
  link.value = 'lost';
}

/** Does anything answer? Asked until the stream is back. */
async function probe(): Promise<void> {
  const answered = await call('GET', '/v1/me').then(() => true, (error: unknown) => (asProblem(error)?.status ?? 0) >= 400 && asProblem(error)?.status !== 503);
  if (!wanted || doubt === undefined) return;
  if (answered) {
    link.value = 'slow';
    stirred.value++;
  } else lose();
  doubt = setTimeout(() => void probe(), PROBE_MS);
}

function shaken(): void {
  doubt ??= setTimeout(() => void probe(), PATIENCE_MS);
}

function settled(): void {
  clearTimeout(doubt);
  doubt = undefined;
  attempts = 0;
  const gap = link.value !== 'live';
  link.value = 'live';
  if (gap) stirred.value++;
}

function receive(event: MessageEvent<string>): void {
  const seq = Number(event.lastEventId);
  if (Number.isSafeInteger(seq) && seq > last) last = seq;
  try {
    newest.value = JSON.parse(event.data) as Mail;
  } catch {
    return; // cut off: what it told of is read with the next one
  }
  stirred.value++;
}

/** An act of one's own is in no mailbox: one's other windows are told by the gateway, and by this browser where there is
 *  no stream. What this window did itself it knows. */
function change(id: unknown): void {
  if (typeof id === 'string' && id !== '' && hear(id)) stirred.value++;
}

function changed(event: MessageEvent<string>): void {
  try {
    change((JSON.parse(event.data) as { act?: unknown }).act);
  } catch {
    stirred.value++;
  }
}

function open(): void {
  const from = new URL(path, location.href);
  from.searchParams.set('after', String(last));
  const stream = new EventSource(from);
  source = stream;
  stream.onopen = settled;
  stream.onmessage = receive;
  for (const kind of KINDS) stream.addEventListener(kind, receive as EventListener);
  stream.addEventListener('changed', changed as EventListener);
  stream.onerror = () => {
    if (source !== stream) return;
    shaken();
    if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    stream.close();
    const wait = RETRY_MS[Math.min(attempts++, RETRY_MS.length - 1)] ?? 8000;
    retry = setTimeout(() => wanted && open(), wait);
  };
}

/** Follows the mailbox from behind number `after` on. */
export function follow(events: string, after: number): void {
  leave();
  wanted = true;
  path = events;
  last = after;
  link.value = 'waiting';
  windows = new BroadcastChannel('voordeur');
  windows.onmessage = (event: MessageEvent<unknown>) => change(event.data);
  shaken();
  open();
}

export function leave(): void {
  wanted = false;
  clearTimeout(retry);
  clearTimeout(doubt);
  doubt = undefined;
  source?.close();
  source = undefined;
  windows?.close();
  windows = undefined;
}

effect(() => {
  if (did.value !== '') windows?.postMessage(did.value);
});

// A page that was put away and comes back, or a network that is back, is looked at again at once.
function nudge(): void {
  if (!wanted) return;
  if (source === undefined || source.readyState === EventSource.CLOSED) {
    clearTimeout(retry);
    attempts = 0;
    open();
  }
  stirred.value++;
}
addEventListener('online', () => {
  // A stream that was open while the network was gone may hang for long: it is begun anew.
  if (wanted) source?.close();
  nudge();
});
addEventListener('offline', () => {
  if (!wanted) return;
  lose();
  shaken();
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') nudge();
});
