// The town's time. Terms are set by the broker's clock. That is the time of day, unless it goes by the events that come (a
// demonstration lives a year in a day): then the time on the screen is that of the newest answer, and waits there.
import { signal } from '@preact/signals';

let byEvents = false;

/** Moves by itself, twice a minute, or with the answers. */
export const now = signal(Date.now());

/** Whether the town's clock goes by events; told by the session. */
export function goByEvents(yes: boolean): void {
  byEvents = yes;
  if (!yes) now.value = Date.now();
}

/** What an answer says the time is. */
export function tell(at: number): void {
  if (byEvents && at > 0) now.value = at;
}

export function run(): () => void {
  const timer = setInterval(() => {
    if (!byEvents) now.value = Date.now();
  }, 30_000);
  return () => clearInterval(timer);
}
