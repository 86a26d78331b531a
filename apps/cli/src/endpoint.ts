import {
  type HomeLayout,
  type KubeAccess,
  notStarted,
  type RunState,
  readAdmin,
  readSettings,
} from '@sampan/home';

/** The URL under which the API of a home is, or was last, reached. */
export function apiUrl(home: HomeLayout, running: RunState | undefined, port?: number): string {
  const host = running?.host ?? '127.0.0.1';
  const name = host.includes(':') ? `[${host}]` : host;
  return `https://${name}:${port ?? running?.port ?? readSettings(home).port ?? 6443}`;
}

/** URL and keys with full rights. Throws `home-not-started`. */
export function adminAccess(home: HomeLayout, running: RunState | undefined, port?: number): KubeAccess {
  const admin = readAdmin(home);
  if (!admin) throw notStarted(home);
  return { url: apiUrl(home, running, port), ...admin };
}
