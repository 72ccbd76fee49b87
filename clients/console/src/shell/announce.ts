import { signal } from '@preact/signals';

/** What a screen reader says next; the shell renders it in a live region. The number makes the same words count again. */
export const said = signal({ text: '', turn: 0 });

export function say(text: string): void {
  said.value = { text, turn: said.value.turn + 1 };
}

export interface Notice { text: string; tone: 'positive' | 'negative' }

/** What an act did, at the foot of the screen until the next one, or for a while. */
export const notice = signal<Notice | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

export function notify(text: string, tone: Notice['tone'] = 'positive'): void {
  clearTimeout(timer);
  notice.value = { text, tone };
  timer = setTimeout(() => (notice.value = undefined), 20_000);
}

export function dismissNotice(): void {
  clearTimeout(timer);
  notice.value = undefined;
}
