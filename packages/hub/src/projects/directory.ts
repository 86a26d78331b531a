import type { Origin } from '../api/message.ts';
import type { ProjectMember } from '../kinds/project.ts';
import type { ProjectRules } from '../rules/project-rules.ts';
import type { Access } from '../tokens/scope.ts';
import { type Account, isMember } from './account.ts';
import { ROLE_ACTIONS, type Role } from './roles.ts';

/** A project as all checks read it, in memory. */
export interface Project extends ProjectRules {
  readonly name: string;
  /** Whether all may pull, without credentials too. */
  readonly public: boolean;
  readonly members: readonly ProjectMember[];
  /** It waits for its content to go: nothing can be pushed. */
  readonly deleting?: boolean;
}

/** Who there is and what there is; read on every token, so it answers from memory. */
export interface Directory {
  project(name: string): Project | undefined;
  /** Who could have got a refresh token: users by password, robots, clusters. */
  account(name: string): Account | undefined;
  /** The account if the password is its own; takes as long for a name that does not exist. */
  authenticate(name: string, password: string, from: Origin): Promise<Account | undefined>;
  /** Whose client certificate this is, DER in base64; undefined: nobody's, or it is not believed. */
  ofCertificate(certificate: string): Account | undefined;
}

/** A repository belongs to the project named by its first segment; one of a single segment to `library`. */
export function projectOf(repository: string): string {
  const slash = repository.indexOf('/');
  return slash < 0 ? 'library' : repository.slice(0, slash);
}

/** A repository's name without its project's: what globs of projects are about. */
export function pathInProject(repository: string): string {
  return repository.slice(repository.indexOf('/') + 1);
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
  if (type === 'registry') return account?.administrator ? ['*'] : [];
  const project = directory.project(projectOf(name));
  // what a project left behind can still be looked at and removed
  if (!project) return account && isMaster(account) ? ['pull', 'delete'] : [];
  const role = roleIn(project, account);
  const actions: readonly string[] = role ? ROLE_ACTIONS[role] : [];
  return project.deleting ? actions.filter((action) => action !== 'push') : actions;
}

/** May do all in every project, also in those to come. */
const isMaster = ({ administrator, permissions }: Account): boolean =>
  administrator || permissions.some(({ project, role }) => project === '*' && role === 'admin');

/** What the account (undefined: anonymous) is in the project; undefined: nothing. The greatest of all that it is. */
export function roleIn(project: Project, account: Account | undefined): Role | undefined {
  const roles = account ? rolesOf(project, account) : [];
  if (project.public) roles.push('guest');
  return ROLES_DOWN.find((role) => roles.includes(role));
}

function rolesOf(project: Project, account: Account): Role[] {
  if (account.administrator) return ['admin'];
  const members = project.members.filter((member) => isMember(member, account));
  const own = account.permissions.filter(({ project: name }) => name === '*' || name === project.name);
  return [...members, ...own].map(({ role }) => role);
}

const ROLES_DOWN: readonly Role[] = ['admin', 'maintainer', 'developer', 'guest'];
