import type { Access } from '../tokens/scope.ts';
import { ROLE_ACTIONS, type Role } from './roles.ts';

export interface Project {
  readonly name: string;
  /** Whether all may pull, without credentials too. */
  readonly public: boolean;
  readonly members: ReadonlyMap<string, Role>;
}

/** Someone or something that has a password: a user or a robot. */
export interface Account {
  readonly name: string;
  /** Changes with the password, so that refresh tokens end with it. */
  readonly stamp: string;
  /** May see the catalogue, and do all in every project. */
  readonly administrator: boolean;
}

/** Who there is and what there is; read on every token, so it answers from memory. */
export interface Directory {
  project(name: string): Project | undefined;
  account(name: string): Account | undefined;
  /** The account if the password is its own; takes as long for a name that does not exist. */
  authenticate(name: string, password: string): Promise<Account | undefined>;
}

/** A repository belongs to the project named by its first segment; one of a single segment to `library`. */
export function projectOf(repository: string): string {
  const slash = repository.indexOf('/');
  return slash < 0 ? 'library' : repository.slice(0, slash);
}

/** Of what is asked, what the account (undefined: anonymous) may do. */
export function grant(directory: Directory, account: Account | undefined, asked: Access): Access {
  const allowed = allowedActions(directory, account, asked);
  return { ...asked, actions: asked.actions.filter((action) => allowed.includes(action)) };
}

function allowedActions(
  directory: Directory,
  account: Account | undefined,
  { type, name }: Access,
): readonly string[] {
  if (account?.administrator) return type === 'registry' ? ['*'] : ROLE_ACTIONS.admin;
  const project = type === 'repository' ? directory.project(projectOf(name)) : undefined;
  const role = account && project?.members.get(account.name);
  if (role) return ROLE_ACTIONS[role];
  return project?.public ? ROLE_ACTIONS.guest : [];
}
