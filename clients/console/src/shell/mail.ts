import { effect, signal } from '@preact/signals';
import { newest } from '../net/live';

/** Messages that the reader has not put away. */
export const unread = signal(0);

let counted = 0;
effect(() => {
  const mail = newest.value;
  if (mail !== undefined && mail.seq > counted) {
    counted = mail.seq;
    unread.value = unread.peek() + 1;
  }
});
