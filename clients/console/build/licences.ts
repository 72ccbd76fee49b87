import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** Writes licences.txt: what of other hands is in the bundle, under which terms, with their words. */
export function licences(): Plugin {
  const folders = new Set<string>();
  const note = (id: string) => {
    const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replace(/^\0/, ''));
    if (found?.[1] !== undefined) folders.add(found[1]);
  };
  return {
    name: 'licences',
    apply: 'build',
    load(id) {
      note(id);
      return null;
    },
    generateBundle() {
      // Style sheets and fonts come in by @import and url(), and are seen by their names only.
      for (const file of readdirSync('src/style')) {
        const own = readFileSync(join('src/style', file), 'utf8');
        for (const [, name] of own.matchAll(/(?:@import\s+|url\()'((?:@[^/']+\/)?[^/'.]+)\//g))
          if (name !== undefined) folders.add(join(process.cwd(), 'node_modules', name));
      }
      const parts = [...folders].map((folder) => {
        const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string };
        const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
        const words = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim();
        return { head: `${about.name} ${about.version} (${about.license ?? 'see below'})`, words };
      });
      parts.sort((a, b) => (a.head < b.head ? -1 : 1));
      const texts = new Map<string, string[]>();
      for (const { head, words } of parts) texts.set(words, [...(texts.get(words) ?? []), head]);
      const source = [...texts].map(([words, heads]) => `${heads.join('\n')}\n\n${words}\n`).join(`\n${'-'.repeat(80)}\n\n`);
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source });
    },
  };
}
