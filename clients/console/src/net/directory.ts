// Names for people of what the broker knows by ids: domains, agencies, services, regisseurs, types of signals.
import { signal } from '@preact/signals';
import { known, language, readable, word } from '../words/words';
import { get } from './api';
import type { Directory } from './shapes';

export const directory = signal<Directory | undefined>(undefined);

/** Names are a help, not a need: without the directory, ids are shown. */
export async function readDirectory(): Promise<void> {
  try {
    directory.value = await get<Directory>('/v1/directory');
  } catch {
    directory.value = undefined;
  }
}

export function domainName(id: string): string {
  return word('domain', id);
}

/** The same within a sentence. */
export function domainPhrase(id: string): string {
  const title = domainName(id);
  return /^[A-Z][^A-Z]/.test(title) ? title.charAt(0).toLowerCase() + title.slice(1) : title;
}

/** The town's life domains, in the order of its catalogue. */
export function domainIds(): string[] {
  return directory.value?.domains.map((d) => d.id) ?? [];
}

export function agencyName(id: string): string {
  return readable(id);
}

/** What kind of organisation it is, where the table has a word for it. */
export function agencyKind(id: string): string | undefined {
  const kind = directory.value?.agencies.find((a) => a.id === id)?.kind;
  return kind === undefined || !known('agency', kind) ? undefined : word('agency', kind);
}

export function serviceName(id: string): string {
  return readable(id);
}

/** Of somebody at the town: "Anna" of `r-anna`, "Piet" of `c-piet`, "Els" of `p-els`. */
export function personName(id: string): string {
  return readable(id.replace(/^[a-z]-/, ''));
}

export const regisseurName = personName;

export function partyName(party: { kind: string; id: string }): string {
  return party.kind === 'agency' ? agencyName(party.id) : party.kind === 'service' ? serviceName(party.id) : personName(party.id);
}

/** `nl.onderwijs.verzuim-gemeld.v1` as "Verzuim gemeld". */
export function typeName(type: string): string {
  const title = directory.value?.signalTypes.find((s) => s.type === type)?.title;
  if (title !== undefined && title !== '' && language.value === 'nl') return title;
  const parts = type.split('.').filter((part) => !/^v\d+$/.test(part));
  return readable(parts[parts.length - 1] ?? type);
}
