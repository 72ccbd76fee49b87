// Cases whose hand-over is offered to this regisseur. The list of cases has those that somebody holds; an offer of another's
// case is told by the mailbox, and stands as long as the case says so.
import { get } from './api';
import { readCase } from './cases';
import type { Case, Mailbox } from './shapes';

let read = 0;
let whose = '';
/** Case to the number of the message that told of it. */
const told = new Map<string, number>();

async function listen(signal: AbortSignal): Promise<void> {
  for (;;) {
    const box = await get<Mailbox>(`/v1/mailbox?limit=1000${read === 0 ? '' : `&after=${read}`}`, signal);
    for (const message of box.items) {
      if (message.kind === 'handover_offered' && message.case !== undefined) told.set(message.case, message.seq);
      read = Math.max(read, message.seq);
    }
    if (box.next === undefined || box.items.length === 0) return;
  }
}

/** Those that stand. What does not is not asked about again until it is told anew. */
export async function readHandovers(me: string, signal: AbortSignal): Promise<Case[]> {
  if (whose !== me) {
    whose = me;
    read = 0;
    told.clear();
  }
  await listen(signal);
  const found = await Promise.all([...told].map(async ([id, seq]) => {
    const value = await readCase(id, signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return undefined;
    });
    if (value?.handoverTo === me && value.regisseur !== me) return value;
    if (told.get(id) === seq) told.delete(id);
    return undefined;
  }));
  return found.filter((value) => value !== undefined);
}

/** The message that told of the oldest offer that stands: it must not be put away. undefined: none. */
export function oldestOffer(): number | undefined {
  return told.size === 0 ? undefined : Math.min(...told.values());
}
