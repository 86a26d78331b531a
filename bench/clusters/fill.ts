import { type Access, must } from '../apiserver/http.ts';

/** Creations at a time. */
const WORKERS = 16;

/** Makes so many ConfigMaps `filling-N` in `default`, each with so many bytes of data. */
export async function fill(
  access: Access,
  load: { readonly objects: number; readonly bytes: number },
): Promise<void> {
  let next = 0;
  const data = { text: 'x'.repeat(load.bytes) };
  const work = async (): Promise<void> => {
    for (let number = next++; number < load.objects; number = next++) {
      const metadata = { name: `filling-${number}` };
      await must(access, 'POST', '/api/v1/namespaces/default/configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata,
        data,
      });
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
}
