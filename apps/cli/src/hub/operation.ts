import { SampanError } from '@sampan/base';
import { readRunState } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { adminAccess } from '../endpoint.ts';
import { getJson, postJson } from '../request.ts';
import { hubPlace } from './hub-place.ts';

interface Refusal {
  readonly errors?: readonly { readonly message?: string }[];
}

/** Has the registry do something as a whole, as the home's administrator. Throws `hub-refused`, `not-running`. */
export async function hubOperation<T>(
  { home }: Invocation,
  method: 'GET' | 'POST',
  path: string,
): Promise<T> {
  // first, for it says what to do when nothing runs
  hubPlace(home);
  const access = adminAccess(home, readRunState(home));
  const answer = await (method === 'GET' ? getJson : postJson)(access, path);
  if (!answer) {
    throw new SampanError('hub-refused', 'The registry does not answer.', {
      hint: 'See: sampan status; what it says is in logs/hub.log of the home.',
    });
  }
  // what takes long begins with status 200, whatever comes of it
  const { errors } = (answer.body ?? {}) as Refusal;
  if (answer.status === 200 && !errors) return answer.body as T;
  const said = errors?.map(({ message }) => message).join('; ') ?? `status ${answer.status}`;
  throw new SampanError('hub-refused', `The registry refused: ${said.replace(/\.$/, '')}.`);
}
