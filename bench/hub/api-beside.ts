/** How fast the Kubernetes API answers while its registry is pushed to and pulled from at full speed. */
import { makeBlob, transfer } from './blobs.ts';
import { startWholeSampan } from './whole-sampan.ts';

/** Milliseconds of each read of a namespace meanwhile; `bytes`: of each of the `clients` blobs of a round. */
export async function apiTimesBeside(
  by: 'plain' | 'secure',
  { bytes, clients, rounds }: { readonly bytes: number; readonly clients: number; readonly rounds: number },
): Promise<number[]> {
  const sampan = await startWholeSampan();
  const load = async () => {
    for (let round = 0; round < rounds; round++) {
      const blobs = Array.from({ length: clients }, () => makeBlob(bytes));
      await transfer(sampan[by], blobs, clients);
    }
  };
  try {
    return await sampan.readTimes(load());
  } finally {
    await sampan.stop();
  }
}
