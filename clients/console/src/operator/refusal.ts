import { Refused } from '../net/api';

/** Does it; where it is refused, the broker's own words are told besides: they say which of several things it was. */
export async function told<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Refused) || error.problem.detail === undefined || error.problem.detail === error.problem.title) throw error;
    throw new Refused({ ...error.problem, errors: [...(error.problem.errors ?? []), { detail: error.problem.detail }] });
  }
}
