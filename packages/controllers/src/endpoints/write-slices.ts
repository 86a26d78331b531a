import { StatusError } from '@sampan/api';
import { type Client, REFS } from '@sampan/machinery';
import { isTerminating } from '../controller.ts';
import type { OwnWrites } from '../pods/own-writes.ts';
import type { EndpointSlice } from './objects.ts';
import type { SlicePlan } from './plan-slices.ts';

/** Carries a plan out. `mayCreate` is false while the owner is being deleted. */
export async function writeSlices(
  client: Client,
  own: OwnWrites<EndpointSlice>,
  { create, update, remove }: SlicePlan,
  mayCreate: boolean,
): Promise<void> {
  for (const slice of mayCreate ? create : []) {
    try {
      own.wrote(await client.create(REFS.endpointSlices, slice));
    } catch (error) {
      if (isTerminating(error)) return;
      throw error;
    }
  }
  for (const slice of update) {
    try {
      own.wrote(await client.update(REFS.endpointSlices, slice));
    } catch (error) {
      own.forget(slice);
      throw error;
    }
  }
  for (const slice of remove) {
    const { namespace, name = '', uid = '' } = slice.metadata;
    try {
      await client.delete(REFS.endpointSlices, namespace, name, { preconditions: { uid } });
      own.deleted(slice);
    } catch (error) {
      own.forget(slice);
      if (!(error instanceof StatusError && ['NotFound', 'Conflict'].includes(error.reason))) throw error;
    }
  }
}
