import type { MemberKind, ProjectMember } from '../kinds/project.ts';
import type { Role } from './roles.ts';

export type AccountKind = 'user' | 'robot' | 'cluster' | 'serviceaccount';

/** Who asks, by whatever they proved it. */
export interface Account {
  /** As tokens and the audit log name it: what it logs in with, or `system:serviceaccount:NAMESPACE:NAME`. */
  readonly name: string;
  readonly kind: AccountKind;
  readonly groups: readonly string[];
  /**
   * Changes with the password, so that refresh tokens end with it; empty: nobody can look it up by its name later, so
   * it gets none.
   */
  readonly stamp: string;
  /** May see the catalogue, and do all in every project. */
  readonly administrator: boolean;
  /** Rights that it brings itself: those of robots and clusters. */
  readonly permissions: readonly Permission[];
  /** Milliseconds since the epoch; from then on it may do nothing. */
  readonly expires?: number;
}

export interface Permission {
  /** `*`: all. */
  readonly project: string;
  readonly role: Role;
}

const SERVICE_ACCOUNT = 'system:serviceaccount:';

/** Whether the member of a project is this account, or a group that it is in. Robots and clusters are no members. */
export function isMember({ kind, name }: ProjectMember, account: Account): boolean {
  return MEANS[kind](name, account);
}

const MEANS: Readonly<Record<MemberKind, (name: string, account: Account) => boolean>> = {
  User: (name, account) => account.kind === 'user' && account.name === name,
  Group: (name, { kind, groups }) => (kind === 'user' || kind === 'serviceaccount') && groups.includes(name),
  ServiceAccount: (name, account) =>
    account.kind === 'serviceaccount' && account.name === SERVICE_ACCOUNT + name.replace('/', ':'),
};
