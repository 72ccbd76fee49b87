// Names for people of what the broker knows by ids: domains, agencies, services, regisseurs, types of signals.
import { signal } from '@preact/signals';
import { known, language, readable, word } from '../words/words';
import { get } from './api';
import type { Directory } from './shapes';

type Titles = Record<string, string> | undefined;

export const directory = signal<Directory | undefined>(undefined);

/** Names are a help, not a need: without the directory, ids are shown. */
export async function readDirectory(): Promise<void> {
  try {
    directory.value = await get<Directory>('/v1/directory');
  } catch {
    directory.value = undefined;
  }
}

function titled(titles: Titles): string | undefined {
  const text = titles?.[language.value] ?? titles?.['nl'];
  return text === '' ? undefined : text;
}

export function domainName(id: string): string {
  const titles = directory.value?.domains.find((d) => d.id === id)?.titles;
  return titled(titles as Titles) ?? word('domain', id);
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
  return titled(directory.value?.agencies.find((a) => a.id === id)?.titles as Titles) ?? readable(id);
}

/** What kind of organisation it is, where the table has a word for it. */
export function agencyKind(id: string): string | undefined {
  const kind = directory.value?.agencies.find((a) => a.id === id)?.kind;
  return kind === undefined || !known('agency', kind) ? undefined : word('agency', kind);
}

export function serviceName(id: string): string {
  return titled(directory.value?.services.find((s) => s.id === id)?.titles as Titles) ?? readable(id);
}

export function regisseurName(id: string): string {
  const title = titled(directory.value?.regisseurs.find((r) => r.id === id)?.titles as Titles);
  return title ?? readable(id.replace(/^[a-z]-/, ''));
}

/** `nl.onderwijs.verzuim-gemeld.v1` as "Verzuim gemeld". */
export function typeName(type: string): string {
  const title = titled(directory.value?.signalTypes.find((s) => s.type === type)?.titles as Titles);
  if (title !== undefined) return title;
  const parts = type.split('.').filter((part) => !/^v\d+$/.test(part));
  return readable(parts[parts.length - 1] ?? type);
}
