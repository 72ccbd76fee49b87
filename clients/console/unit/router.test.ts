import { expect, test } from 'vitest';
import { match } from '../src/shell/router';

test.each([
  ['/casussen', '/casussen', {}],
  ['/casussen/:case', '/casussen/C7', { case: 'C7' }],
  ['/casussen/:case/plan', '/casussen/C7/plan', { case: 'C7' }],
  ['/a/:b', '/a/x%20y', { b: 'x y' }],
  ['/casussen/:case', '/casussen', undefined],
  ['/casussen/:case', '/casussen/', undefined],
  ['/casussen/:case', '/casussen/C7/plan', undefined],
  ['/a/:b', '/a/%zz', undefined],
])('%s and %s', (pattern, path, values) => {
  expect(match(pattern, path)).toEqual(values);
});
