import { startPlane } from '../support/plane.ts';
import { kindsSuite } from './kinds-suite.ts';

kindsSuite('the Hub’s kinds on Sampan’s own API server', async () => {
  const { url, ca, cert, key, close } = await startPlane();
  return { url, ca, cert, key, stop: close };
});
