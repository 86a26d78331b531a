/** What a member of a project may do with its repositories. */
export const ROLE_ACTIONS = {
  guest: ['pull'],
  developer: ['pull', 'push'],
  maintainer: ['pull', 'push', 'delete'],
  admin: ['pull', 'push', 'delete'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type Role = keyof typeof ROLE_ACTIONS;
