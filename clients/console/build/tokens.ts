import type { Plugin } from 'vite';

const DECLARED = /(?<=[{;\s]|\*\/)(--[\w-]+)\s*:\s*((?:"[^"]*"|'[^']*'|[^;{}"'])*);?/g;
const USED = /var\(\s*(--[\w-]+)/g;

/** The style sheet without custom properties that nothing in it reads, directly or through others. `keep` says which
 *  stay all the same. The theme declares some thousands, and a page pays for each. */
export function withoutUnusedTokens(css: string, keep: (name: string) => boolean): string {
  const values = new Map<string, string[]>();
  const roots = css.replace(DECLARED, (whole, name: string, value: string) => {
    if (!name.startsWith('--')) return whole;
    values.set(name, [...(values.get(name) ?? []), value]);
    return '';
  });
  const needed = new Set<string>();
  const visit = (text: string) => {
    for (const [, name] of text.matchAll(USED)) {
      if (name === undefined || needed.has(name)) continue;
      needed.add(name);
      for (const value of values.get(name) ?? []) visit(value);
    }
  };
  visit(roots);
  for (const [name, found] of values) if (keep(name)) found.forEach(visit), needed.add(name);
  return css.replace(DECLARED, (whole, name: string) => (needed.has(name) ? whole : ''));
}

export function unusedTokens(): Plugin {
  return {
    name: 'unused-tokens',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type === 'asset' && file.fileName.endsWith('.css') && typeof file.source === 'string')
            file.source = withoutUnusedTokens(file.source, () => false);
        }
      },
    },
  };
}
