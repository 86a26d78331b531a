import { parseObject } from '../content/manifest.ts';
import type { Registry, RegistryCall } from './registry.ts';

const MAX_PAGE_BYTES = 16 << 20;

/** Pages of a listing as `Link` headers lead through them (distribution specification, "Listing Tags"). */
export async function* pagesOf(
  registry: Registry,
  call: RegistryCall,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for (let url: URL | undefined = call.url; url; ) {
    const { answer, body } = await registry.text({ ...call, url }, MAX_PAGE_BYTES);
    yield answer.status === 200 ? parseObject(body, call.what) : {};
    const next: string | undefined = /<([^>]*)>\s*;[^,]*rel="?next"?/.exec(
      [answer.headers.link].flat().join(','),
    )?.[1];
    url = next === undefined ? undefined : new URL(next, url);
  }
}
