// Every word on the screen comes from one table in two languages; a key that is not in it does not compile.
import { signal } from '@preact/signals';
import english from './en.json';
import dutch from './nl.json';

export type Language = 'nl' | 'en';
export type Key = keyof typeof dutch;
type CountedOf<K> = K extends `${infer Base}.one` ? Base : never;
export type CountedKey = CountedOf<Key>;
export type Values = Record<string, string | number>;

const en: Record<Key, string> = english;
const tables: Record<Language, Record<Key, string>> = { nl: dutch, en };
const KEPT = 'voordeur.language';

function kept(): Language {
  try {
    const value = localStorage.getItem(KEPT);
    return value === 'en' ? 'en' : 'nl';
  } catch {
    return 'nl'; // storage may be forbidden; then it lasts for the page
  }
}

export const language = signal<Language>(kept());

export function speak(wanted: Language): void {
  language.value = wanted;
  document.documentElement.lang = wanted;
  try {
    localStorage.setItem(KEPT, wanted);
  } catch {
    // as above
  }
}

function fill(text: string, values: Values | undefined): string {
  return values === undefined ? text : text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text of a key in the language of the moment; `{name}` in it stands for a value. */
export function t(key: Key, values?: Values): string {
  return fill(tables[language.value][key], values);
}

/** As t, of a text in two forms, `key.one` and `key.other`; `{n}` is the count. */
export function tn(key: CountedKey, n: number, values?: Values): string {
  return t(`${key}.${n === 1 ? 'one' : 'other'}` as Key, { n, ...values });
}

/** The word for a code that comes from outside (a state, a domain, an outcome): that of the table where it has one, else
 *  the code itself, readable. */
export function word(group: string, code: string): string {
  const text = (tables[language.value] as Record<string, string>)[`${group}.${code}`];
  return text ?? readable(code);
}

export function known(group: string, code: string): boolean {
  return `${group}.${code}` in dutch;
}

const SHORT = new Set(['ggd', 'ggz', 'jgz', 'gi', 'cjg', 'brp', 'zvh', 'uwv', 'svb', 'bsn']);

/** `zorg-om-gezin_gemeld` as "Zorg om gezin gemeld", `ggd-meldpunt` as "GGD meldpunt". */
export function readable(code: string): string {
  const words = code.replace(/[-_]+/g, ' ').trim().split(' ').map((part) => (SHORT.has(part) ? part.toUpperCase() : part)).join(' ');
  return words === '' ? code : words.charAt(0).toUpperCase() + words.slice(1);
}

/** "a, b en c". */
export function listed(items: readonly string[]): string {
  if (items.length <= 1) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} ${t('list.and')} ${items[items.length - 1] ?? ''}`;
}

/** A number as it is written in the language of the moment. */
export function count(n: number): string {
  return n.toLocaleString(language.value);
}
