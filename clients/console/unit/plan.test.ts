import { describe, expect, test } from 'vitest';
import { type Draft, drafts, isClash, merge } from '../src/case/plan';
import type { Goal } from '../src/net/shapes';

const goal = (text: string, state = 'open', owner = 'gezin'): Goal => ({ domain: 'housing', text, owner, due: '2026-05-01T21:59:59.000Z', state });
const base = [goal('huur'), goal('school'), goal('rust')];
const mine = (change: (list: Draft[]) => Draft[]) => change(drafts(base));
const texts = (parts: ReturnType<typeof merge>['parts']) => parts.map((part) => (isClash(part) ? `${part.mine?.text ?? '-'}|${part.theirs?.text ?? '-'}` : `${part.text}:${part.state}`));
const set = (number: number, more: Partial<Goal>) => (list: Draft[]) => list.map((draft) => (draft.number === number ? { ...draft, ...more } : draft));

describe('two changes of one plan come together, and only where they touch is anything asked', () => {
  const rows: [string, Draft[], Goal[], string[], number][] = [
    ['nobody changed anything', drafts(base), base, ['huur:open', 'school:open', 'rust:open'], 0],
    ['different goals', mine(set(0, { state: 'reached' })), [base[0]!, goal('school', 'doing'), base[2]!], ['huur:reached', 'school:doing', 'rust:open'], 0],
    ['the same goal, the same way', mine(set(0, { state: 'reached' })), [goal('huur', 'reached'), base[1]!, base[2]!], ['huur:reached', 'school:open', 'rust:open'], 0],
    ['the same goal, differently', mine(set(0, { text: 'huur betaald' })), [goal('huur geregeld'), base[1]!, base[2]!], ['huur betaald|huur geregeld', 'school:open', 'rust:open'], 1],
    ['both added one', [...drafts(base), { ...goal('baan'), number: 3 }], [...base, goal('sport')], ['huur:open', 'school:open', 'rust:open', 'sport:open', 'baan:open'], 0],
    ['both added the same', [...drafts(base), { ...goal('baan'), number: 3 }], [...base, goal('baan')], ['huur:open', 'school:open', 'rust:open', 'baan:open'], 0],
    ['they removed one', drafts(base), [base[0]!, base[2]!], ['huur:open', 'rust:open'], 0],
    ['I removed one', drafts(base).filter((draft) => draft.number !== 1), base, ['huur:open', 'rust:open'], 0],
    ['I removed what they changed', drafts(base).filter((draft) => draft.number !== 1), [base[0]!, goal('school', 'doing'), base[2]!], ['huur:open', '-|school', 'rust:open'], 1],
    ['they removed the last, which I changed', mine(set(2, { text: 'vrede' })), [base[0]!, base[1]!], ['huur:open', 'school:open', 'vrede|-'], 1],
  ];
  test.each(rows)('%s', (_, own, theirs, wanted, clashes) => {
    const merged = merge(base, own, theirs);
    expect(texts(merged.parts)).toEqual(wanted);
    expect(merged.clashes).toBe(clashes);
  });
});
