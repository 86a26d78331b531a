import {
  type MemberKind,
  type ProjectMember,
  type ProjectRetention,
  type ProjectSpec,
  type RetentionRule,
  ROLE_ACTIONS,
  type Role,
  type TagSelector,
} from '@sampan/hub/kinds';
import { durationOf } from '../clusters/durations.ts';
import type { OptionValues } from '../command.ts';
import { usage } from '../parse.ts';
import { listOf, numberOf } from '../values.ts';
import { bytesOf } from './bytes.ts';
import type { SpecPatch } from './spec-patch.ts';

const ROLES = Object.keys(ROLE_ACTIONS);

/** What options of `hub project create` and `update` ask for. Throws `usage`. */
export function projectPatch(options: OptionValues, before: ProjectSpec = {}): SpecPatch<ProjectSpec> {
  const { description, quota } = options;
  const members = listOf(options.member);
  const immutable = listOf(options.immutable);
  const types = listOf(options['artifact-type']);
  const retention = retentionFrom(options);
  return {
    ...(typeof description === 'string' ? { description } : {}),
    ...(options.public === true ? { public: true } : options.private === true ? { public: false } : {}),
    ...(typeof quota === 'string'
      ? { quota: quota === 'none' ? null : { bytes: bytesOf('quota', quota) } }
      : {}),
    ...(members.length > 0 ? { members: membersFrom(members, before.members) } : {}),
    ...(immutable.length > 0
      ? { immutability: orNone(immutable, (word) => selectorFrom('immutable', word)) }
      : {}),
    ...(types.length > 0 ? { allowedArtifactTypes: orNone(types, (word) => word) } : {}),
    ...(retention === undefined ? {} : { retention }),
  };
}

/** `none` alone empties a list. */
const orNone = <T>(words: readonly string[], read: (word: string) => T): T[] =>
  words.length === 1 && words[0] === 'none' ? [] : words.map(read);

const KINDS: Readonly<Record<string, MemberKind>> = {
  user: 'User',
  group: 'Group',
  serviceaccount: 'ServiceAccount',
};

/** `NAME=ROLE`, `group:NAME=ROLE`, `serviceaccount:NAMESPACE/NAME=ROLE`; the role `none` takes one out. */
function membersFrom(words: readonly string[], before: readonly ProjectMember[] = []): ProjectMember[] {
  let members = [...before];
  for (const word of words) {
    const [, prefix = 'user', name = '', role = ''] =
      /^(?:(user|group|serviceaccount):)?(.+)=([a-z]+)$/.exec(word) ?? [];
    const kind = KINDS[prefix];
    if (!kind || name === '' || !(role === 'none' || isRole(role))) {
      throw usage(
        `--member cannot be ${JSON.stringify(word)}.`,
        `For example: --member ann=developer, --member group:qa=guest; roles: ${ROLES.join(', ')}; none takes one out`,
      );
    }
    members = members.filter((member) => member.kind !== kind || member.name !== name);
    if (role !== 'none') members.push({ kind, name, role });
  }
  return members;
}

const isRole = (text: string): text is Role => ROLES.includes(text);

/** Throws `usage`. */
export function roleFrom(text: unknown): Role {
  if (typeof text === 'string' && isRole(text)) return text;
  throw usage(
    text === undefined ? 'A role is needed.' : `--role cannot be ${JSON.stringify(text)}.`,
    `Known: ${ROLES.join(', ')}`,
  );
}

/** `REPOSITORIES:TAGS`, or `TAGS` of all repositories; globs. */
export function selectorFrom(option: string, word: string): TagSelector {
  const [first = '', second, ...more] = word.split(':');
  if (word === '' || more.length > 0) {
    throw usage(`--${option} cannot be ${JSON.stringify(word)}.`, `For example: --${option} 'team/*:v*'`);
  }
  const tags = second ?? first;
  return {
    ...(second === undefined || first === '' ? {} : { repositories: first }),
    ...(tags === '' ? {} : { tags }),
  };
}

const DAY_SECONDS = 86_400;

/** One rule for what --retain names; `--retain none` takes all away. */
function retentionFrom(options: OptionValues): SpecPatch<ProjectRetention> | null | undefined {
  const { retain, schedule } = options;
  if (retain === 'none') return null;
  const rule: RetentionRule = {
    ...(typeof retain === 'string' ? selectorFrom('retain', retain) : {}),
    ...optional('keepLast', numberOf('keep-last', options['keep-last'], { least: 0, most: 1_000_000 })),
    ...optional('keepPushedDays', daysOf('keep-pushed', options['keep-pushed'])),
    ...optional('keepPulledDays', daysOf('keep-pulled', options['keep-pulled'])),
  };
  const hasRule = Object.keys(rule).length > 0;
  if (!hasRule && schedule === undefined) return undefined;
  const isEmpty =
    rule.keepLast === undefined && rule.keepPushedDays === undefined && rule.keepPulledDays === undefined;
  if (hasRule && isEmpty)
    throw usage('Retention needs to know what is kept.', 'Add --keep-last, --keep-pushed or --keep-pulled.');
  return {
    ...(typeof schedule === 'string' ? { schedule: schedule === 'none' ? null : schedule } : {}),
    ...(hasRule ? { rules: [rule] } : {}),
  };
}

const optional = <K extends string>(key: K, value: number | undefined): { [P in K]?: number } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: number };

function daysOf(option: string, value: unknown): number | undefined {
  const seconds = durationOf(option, value);
  if (seconds === undefined) return undefined;
  if (seconds > 0 && seconds % DAY_SECONDS === 0) return seconds / DAY_SECONDS;
  throw usage(`--${option} cannot be ${JSON.stringify(value)}.`, `It is a number of days: --${option} 30d`);
}
