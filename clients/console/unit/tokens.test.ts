import { expect, test } from 'vitest';
import { withoutUnusedTokens } from '../build/tokens';

test('custom properties that nothing reads go, and what they stand on goes with them', () => {
  const css = '.t{--a:var(--b);--b:1px;--c:var(--d);--d:2px;--e:3px}.x--a:hover{width:var(--a,var(--f))}.y{--f:4px;color:red}';
  expect(withoutUnusedTokens(css, () => false)).toBe('.t{--a:var(--b);--b:1px;}.x--a:hover{width:var(--a,var(--f))}.y{--f:4px;color:red}');
  expect(withoutUnusedTokens(`.t{--a:url("data:x;y,{z}");--b:1px}`, () => false)).toBe('.t{}');
  expect(withoutUnusedTokens(css, (name) => name === '--c')).toContain('--d:2px');
});
