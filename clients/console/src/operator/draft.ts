// What an operator is working on: texts that are not proposed yet. They stay while the page is open, and nowhere else.
import { signal } from '@preact/signals';
import type { ConfigName, File } from '../net/control';

export const NAMES: readonly ConfigName[] = ['rules.yaml', 'town.yaml', 'catalogue.yaml'];

export interface Draft {
  /** The version in force when it was begun. */
  version: number;
  base: readonly File[];
  files: File[];
}

export const draft = signal<Draft | undefined>(undefined);

export const textOf = (files: readonly File[] | undefined, name: string): string => files?.find((file) => file.name === name)?.text ?? '';

export function change(name: string, text: string): void {
  const now = draft.value;
  if (now !== undefined) draft.value = { ...now, files: now.files.map((file) => (file.name === name ? { ...file, text } : file)) };
}

export function changed(now: Draft | undefined): File[] {
  return now === undefined ? [] : now.files.filter((file) => textOf(now.base, file.name) !== file.text);
}
