import { readProxy, readRegistries } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { registryHome } from '../registry-access.ts';
import { printData, structuredFormat, tableText } from '../structured.ts';

export async function run({ home: layout, options }: Invocation): Promise<number> {
  const home = registryHome(layout);
  const registries = readRegistries(home).map(({ ca, ...rest }) => ({
    ...rest,
    ownAuthority: ca !== undefined,
  }));
  const proxy = readProxy(home);
  const format = structuredFormat(options.output);
  if (format) {
    await printData({ registries, proxy: proxy ?? null }, format);
    return 0;
  }
  if (registries.length > 0) {
    const rows = registries.map(({ host, mirrors, user, ownAuthority, insecureHttp }) => [
      host,
      mirrors.join(',') || '-',
      user ?? '-',
      ownAuthority ? 'own authority' : insecureHttp ? 'none (http)' : 'usual',
    ]);
    process.stdout.write(tableText(['REGISTRY', 'MIRRORS', 'USER', 'ENCRYPTION'], rows));
  } else process.stderr.write('No registry has settings: all are used as they are.\n');
  if (proxy) process.stdout.write(`\nProxy: ${withoutPassword(proxy.url)}, but not for: ${proxy.except}\n`);
  return 0;
}

function withoutPassword(text: string): string {
  const url = new URL(text);
  if (url.password) url.password = '***';
  return url.href;
}
