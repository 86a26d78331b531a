import { startPlane } from '../support/plane.ts';
import { webhooksSuite } from './webhooks-suite.ts';

webhooksSuite('Webhooks on Sampan’s own API server', async () => {
  const { url, ca, cert, key, close } = await startPlane();
  return { url, ca, cert, key, stop: close };
});
