import { readUsers } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { printData, structuredFormat, tableText } from '../structured.ts';

export async function run({ home, options }: Invocation): Promise<number> {
  const users = readUsers(home);
  const format = structuredFormat(options.output);
  if (format) {
    await printData(
      users.map(({ password: _, ...shown }) => shown),
      format,
    );
    return 0;
  }
  if (options.output === 'name') {
    process.stdout.write(users.map(({ name }) => `user/${name}\n`).join(''));
    return 0;
  }
  if (users.length === 0) {
    process.stderr.write('There are no users. Make one with: sampan user create NAME\n');
    return 0;
  }
  const isWide = options.output === 'wide';
  const header = ['NAME', 'GROUPS', 'CERTIFICATE UNTIL', ...(isWide ? ['FINGERPRINT'] : []), 'CREATED'];
  const rows = users.map((user) => [
    user.name,
    user.groups.join(',') || '-',
    user.certificateExpires.slice(0, 10),
    ...(isWide ? [user.certificateFingerprint] : []),
    user.created.slice(0, 10),
  ]);
  process.stdout.write(tableText(header, rows));
  return 0;
}
